package jar

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// at is so many seconds after noon.
func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// Two browsers have one file open. Each row is a story: what each does, in the order of time, and what a third one finds.
func TestTwoBrowsersShareAFile(t *testing.T) {
	const hour = "; Max-Age=3600"
	tests := []struct {
		what  string
		first []string // is in the file
		do    func(a, b browser)
		want  string
	}{
		{"each sets its own", nil, func(a, b browser) {
			a.set(at(1), "a=1"+hour)
			b.set(at(2), "b=2"+hour)
			b.saved(at(3))
			a.saved(at(4))
		}, "b=2; a=1"},
		{"one deletes, the other saves later", []string{"x=0" + hour}, func(a, b browser) {
			a.set(at(1), "x=; Max-Age=0")
			a.saved(at(2))
			b.set(at(3), "b=2"+hour)
			b.saved(at(4))
		}, "b=2"},
		{"both replace, and the later one saves first", []string{"x=0" + hour}, func(a, b browser) {
			a.set(at(1), "x=a"+hour)
			b.set(at(2), "x=b"+hour)
			b.saved(at(3))
			a.saved(at(4))
		}, "x=b"},
		{"both replace, and the later one saves last", []string{"x=0" + hour}, func(a, b browser) {
			a.set(at(1), "x=a"+hour)
			b.set(at(2), "x=b"+hour)
			a.saved(at(3))
			b.saved(at(4))
		}, "x=b"},
		{"one deletes, the other has replaced it later", []string{"x=0" + hour}, func(a, b browser) {
			a.set(at(1), "x=; Max-Age=0")
			b.set(at(2), "x=b"+hour)
			b.saved(at(3))
			a.saved(at(4))
		}, "x=b"},
		{"one replaces, the other deletes it later", []string{"x=0" + hour}, func(a, b browser) {
			a.set(at(1), "x=a"+hour)
			b.set(at(2), "x=; Max-Age=0")
			a.saved(at(3))
			b.saved(at(4))
		}, ""},
		{"one replaces, the other deletes it later and saves first", []string{"x=0" + hour}, func(a, b browser) {
			a.set(at(1), "x=a"+hour)
			b.set(at(2), "x=; Max-Age=0")
			b.saved(at(3))
			a.saved(at(4))
		}, ""},
		{"one deletes, the other sets it again later", []string{"x=0" + hour}, func(a, b browser) {
			a.set(at(1), "x=; Max-Age=0")
			a.saved(at(2))
			b.set(at(3), "x=b"+hour)
			b.saved(at(4))
		}, "x=b"},
		{"both delete", []string{"x=0" + hour}, func(a, b browser) {
			a.set(at(1), "x=; Max-Age=0")
			b.set(at(2), "x=; Max-Age=0")
			a.saved(at(3))
			b.saved(at(4))
		}, ""},
		{"one only looks", []string{"x=0" + hour}, func(a, b browser) {
			b.set(at(1), "x=b"+hour)
			b.saved(at(2))
			a.header(at(3))
			a.saved(at(4))
		}, "x=b"},
		{"one saves again and again", []string{"x=0" + hour}, func(a, b browser) {
			a.set(at(1), "x=a"+hour)
			a.saved(at(2))
			b.set(at(3), "x=b"+hour)
			b.saved(at(4))
			a.saved(at(5)) // its own change is written down already
		}, "x=b"},
		{"one came and went between two saves of the other", nil, func(a, b browser) {
			a.set(at(1), "x=a"+hour)
			b.set(at(1), "b=2"+hour)
			b.saved(at(2))
			a.set(at(3), "x=; Max-Age=0")
			a.saved(at(4))
		}, "b=2"},
		{"a cookie that ends with the browser, and one that is closed and opened again", []string{"s=0"}, func(a, b browser) {
			c := openBrowser(a.t, a.path, at(1), false)
			a.set(at(2), "s=a")
			a.saved(at(3))
			c.saved(at(4)) // had closed the old one, and not this
		}, "s=a"},
		{"the older one keeps its place", nil, func(a, b browser) {
			a.set(at(1), "first=1"+hour)
			b.set(at(2), "second=2"+hour)
			b.set(at(3), "first=3"+hour)
			a.saved(at(4))
			b.saved(at(5))
		}, "first=3; second=2"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "cookies.txt")
		b := openBrowser(t, path, noon, true)
		b.set(noon, tt.first...)
		b.saved(noon)
		tt.do(openBrowser(t, path, noon, true), openBrowser(t, path, noon, true))
		c := openBrowser(t, path, at(10), true)
		if got := c.header(at(10)); !sameSet(got, tt.want) || strings.HasPrefix(tt.want, "first") && got != tt.want {
			t.Errorf("%s: the file sends %q, want %q", tt.what, got, tt.want)
		}
	}
}

// sameSet compares headers without their order.
func sameSet(a, b string) bool {
	set := func(s string) map[string]bool {
		m := map[string]bool{}
		for pair := range strings.SplitSeq(s, "; ") {
			m[pair] = true
		}
		return m
	}
	x, y := set(a), set(b)
	for pair := range x {
		if !y[pair] {
			return false
		}
	}
	return len(x) == len(y)
}

// Two full jars together are no more than one full jar, and the ones that were used last stay.
func TestFileHoldsNoMoreThanTheJar_CK_M14(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.txt")
	a, b := openBrowser(t, path, noon, true), openBrowser(t, path, noon, true)
	for i := range rfc.MaxPerDomain {
		a.set(at(1), fmt.Sprintf("a%d=1", i))
		b.set(at(2), fmt.Sprintf("b%d=1", i))
	}
	a.saved(at(3))
	b.saved(at(4))
	s, _, err := b.read()
	if err != nil {
		t.Fatal(err)
	}
	all := s.cookies()
	if len(all) != rfc.MaxPerDomain {
		t.Errorf("the file has %d cookies, want %d", len(all), rfc.MaxPerDomain)
	}
	for _, k := range all {
		if !strings.HasPrefix(k.Name, "b") {
			t.Errorf("%s is older than others, and stays", k.Name)
		}
	}
}

// Of a cookie that is in a file twice the later line counts, as for curl.
func TestFileWithTwins(t *testing.T) {
	path := writeFile(t, "app.example\tFALSE\t/\tFALSE\t0\ta\t1\napp.example\tFALSE\t/\tFALSE\t0\ta\t2\napp.example\tFALSE\t/\tFALSE\t0\ta\t3\n")
	b := openBrowser(t, path, noon, true)
	b.sends("the last one", noon, "a=3")
	b.saved(noon)
	if text := readFile(t, path); strings.Count(text, "\ta\t") != 1 || !strings.Contains(text, "\ta\t3\n") {
		t.Errorf("got\n%s", text)
	}
}

// A deletion is in the file for an hour, without the cookie's value, and nobody takes it for a cookie.
func TestFileRemembersDeletions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.txt")
	b := openBrowser(t, path, noon, true)
	b.set(noon, "sid=secret; Max-Age=86400", "other=1; Max-Age=86400")
	b.saved(noon)
	b.set(at(1), "sid=; Max-Age=0")
	b.saved(at(1))
	text := readFile(t, path)
	const line = "#Cloakroom_app.example\tFALSE\t/\tFALSE\t1\tsid\tdeleted\n"
	if strings.Contains(text, "secret") || !strings.Contains(text, `{"name":"sid","changed":"2026-11-26T12:00:01Z","deleted":true}`+"\n"+line) {
		t.Errorf("got\n%s", text)
	}
	cookies, problems, err := Read(strings.NewReader(text))
	if err != nil || len(problems) > 0 || len(cookies) != 1 || cookies[0].Name != "other" {
		t.Errorf("read %+v, %v, %v", cookies, problems, err)
	}
	openBrowser(t, path, noon, true).sends("the other", at(2), "other=1")

	for _, later := range []struct {
		seconds int
		want    bool
	}{{3601, true}, {3602, false}} {
		c := openBrowser(t, path, at(later.seconds), true)
		c.header(at(later.seconds)) // so that there is something to write
		c.saved(at(later.seconds))
		if got := strings.Contains(readFile(t, path), line); got != later.want {
			t.Errorf("after %d seconds it is remembered: %v, want %v", later.seconds-1, got, later.want)
		}
	}
}

// A thousand deletions are remembered, and no more.
func TestFileRemembersNotTooMuch(t *testing.T) {
	s := &sheet{}
	for i := range maxDeleted + 1 {
		s.rows = append(s.rows, deletion(Cookie{Name: fmt.Sprint(i), Domain: "app.example", Path: "/"}, noon))
	}
	if s.forget(noon); len(s.rows) != maxDeleted || s.rows[0].cookie.Name != "1" {
		t.Errorf("%d rows, the first is %s", len(s.rows), s.rows[0].cookie.Name)
	}
}
