package jar

import (
	"fmt"
	"net/url"
	"testing"
	"time"
)

// matching has 20 cookies for the page, besides others of its domain, and so many of other domains that there are total.
func matching(t testing.TB, besides, total int) (*Jar, *url.URL) {
	j, page := New(nil), mustURL(t, "https://www.example.com/shop/cart/")
	now := time.Now()
	for i := range 20 {
		path := [...]string{"/", "/shop", "/shop/cart"}[i%3]
		j.set(Request{URL: page}, []string{fmt.Sprintf("name-%02d=value-of-%02d; Path=%s", i, i, path)}, now)
	}
	for i := range besides {
		u := mustURL(t, fmt.Sprintf("https://h%d.example.com/", i%40))
		j.set(Request{URL: u}, []string{fmt.Sprintf("name-%02d=value-of-%02d; Path=/p%d", i, i, i%4)}, now)
	}
	for i := 20 + besides; i < total; i++ {
		j.set(Request{URL: mustURL(t, fmt.Sprintf("https://www.h%d.example/", i%600))}, []string{fmt.Sprintf("name-%02d=value-of-%02d", i, i)}, now)
	}
	if len(j.queue) != max(total, 20+besides) {
		t.Fatal(len(j.queue))
	}
	return j, page
}

func BenchmarkCookies(b *testing.B) {
	for _, row := range []struct {
		name           string
		besides, total int
	}{{"20", 0, 20}, {"20 of 3000", 0, 3000}, {"20 of 180 of 3000", 160, 3000}} {
		j, page := matching(b, row.besides, row.total)
		b.Run("Cookies "+row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				j.Cookies(page)
			}
		})
		b.Run("Header "+row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				j.Header(Request{URL: page})
			}
		})
		b.Run("Match "+row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				j.Match(Request{URL: page})
			}
		})
	}
}

func BenchmarkSet(b *testing.B) {
	j, page := matching(b, 0, 20)
	b.ReportAllocs()
	for b.Loop() {
		j.Set(Request{URL: page}, "session=0123456789abcdef; Path=/; Secure; HttpOnly; SameSite=Lax")
	}
}
