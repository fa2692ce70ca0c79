package jar

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// What a file may bring back: what a line could have made.
func TestRestore(t *testing.T) {
	day := 24 * time.Hour
	good := Cookie{Name: "a", Value: "1", Domain: "example.com", HostOnly: true, Path: "/"}
	with := func(change func(*Cookie)) Cookie {
		k := good
		change(&k)
		return k
	}
	for _, row := range []struct {
		story  string
		cookie Cookie
		want   string
	}{
		{"as it was", good, "stored"},
		{"a Domain", with(func(k *Cookie) { k.HostOnly = false }), "stored"},
		{"a Domain in capitals", with(func(k *Cookie) { k.Domain = "Example.COM" }), "stored"},
		{"no name", with(func(k *Cookie) { k.Name = "" }), "stored"},
		{"neither name nor value", with(func(k *Cookie) { k.Name, k.Value = "", "" }), "rejected NoCookieContent 5.7/2"},
		{"4,097 octets", with(func(k *Cookie) { k.Value = strings.Repeat("v", 4096) }), "rejected NameValuePairExceedsMaxSize 5.6/5"},
		{"a line feed in the value", with(func(k *Cookie) { k.Value = "1\nb=2" }), "rejected DisallowedCharacter 5.6/1"},
		{"a semicolon in the value", with(func(k *Cookie) { k.Value = "1; b=2" }), "rejected SyntaxError 5.6"},
		{"an equals sign in the name", with(func(k *Cookie) { k.Name = "a=b" }), "rejected SyntaxError 5.6"},
		{"white space around", with(func(k *Cookie) { k.Value = "1 " }), "rejected SyntaxError 5.6"},
		{"no domain", with(func(k *Cookie) { k.Domain = "" }), "rejected InvalidDomain 5.1.2"},
		{"a public suffix", with(func(k *Cookie) { k.Domain, k.HostOnly = "co.uk", false }), "rejected InvalidDomain 5.7/9.2"},
		{"a public suffix, itself", with(func(k *Cookie) { k.Domain = "co.uk" }), "stored"},
		{"a path without a slash", with(func(k *Cookie) { k.Path = "a" }), "rejected SyntaxError 5.7/11"},
		{"a path too long", with(func(k *Cookie) { k.Path = "/" + strings.Repeat("p", maxPath) }), "rejected SyntaxError 5.7/11"},
		{"__Host- with a Domain", with(func(k *Cookie) { k.Name, k.Secure, k.HostOnly = "__Host-a", true, false }), "rejected InvalidPrefix 5.7/21.2"},
		{"__Host- without Secure", with(func(k *Cookie) { k.Name = "__Host-a" }), "rejected InvalidPrefix 5.7/21.1"},
		{"__Host-", with(func(k *Cookie) { k.Name, k.Secure = "__Host-a", true }), "stored"},
		{"SameSite=None without Secure", with(func(k *Cookie) { k.SameSite = http.SameSiteNoneMode }), "rejected SameSiteNoneInsecure 5.7/19"},
		{"a partition", with(func(k *Cookie) { k.Partition, k.Secure = "https://a.example", true }), "stored"},
		{"a partition without Secure", with(func(k *Cookie) { k.Partition = "https://a.example" }), "rejected PartitionedInsecure CHIPS"},
		{"a partition that is no site", with(func(k *Cookie) { k.Partition, k.Secure = "https://www.a.example", true }), "rejected SyntaxError CHIPS"},
		{"ended", with(func(k *Cookie) { k.Persistent, k.Expires = true, then }), "stored Expired 5.7"},
		{"for a day", with(func(k *Cookie) { k.Persistent, k.Expires = true, then.Add(day) }), "stored"},
	} {
		t.Run(row.story, func(t *testing.T) {
			j := New(nil)
			v := j.restore([]Cookie{row.cookie}, then)[0]
			if got := ruled(v); got != row.want {
				t.Errorf("%s (%s), want %s", got, v.Detail, row.want)
			}
			if got := len(j.all(then)) == 1; got != (row.want == "stored") {
				t.Errorf("in the jar: %t", got)
			}
		})
	}
}

// Everything that a jar has goes into another and back, in its order.
func TestRestoreAll(t *testing.T) {
	a, b := New(nil), New(nil)
	tell(t, a, "https://www.example.com/x/", "z=1", "y=1; Domain=example.com; Path=/; HttpOnly; SameSite=Lax", "x=1; Secure; Partitioned; Max-Age=60", "=nameless", "w=1; Path=/x")
	tell(t, a, "https://[::1]/", "v=1")
	a.header(Request{URL: mustURL(t, "https://www.example.com/x/")}, then.Add(time.Second))
	for _, v := range b.restore(a.all(then), then.Add(2*time.Second)) {
		if v.Outcome != Stored {
			t.Errorf("%s: %s", v.Name, v.Detail)
		}
	}
	if got, want := b.all(then), a.all(then); !slices.Equal(got, want) || len(got) != 6 {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if got, want := sent(t, b, "https://www.example.com/x/", 3*time.Second), "z=1; x=1; nameless; w=1; y=1"; got != want {
		t.Errorf("%q is sent, want %q", got, want)
	}
}

// What no clock can have seen yet is now, and a life longer than 400 days is cut.
func TestRestoreTimes(t *testing.T) {
	j := New(nil)
	later := then.AddDate(9, 0, 0)
	v := j.restore([]Cookie{{Name: "a", Domain: "example.com", Path: "/", Persistent: true, Expires: later, Created: later, Accessed: later}}, then)[0]
	k := j.all(then)[0]
	if !k.Created.Equal(then) || !k.Accessed.Equal(then) || !k.Expires.Equal(then.Add(400*24*time.Hour)) || !slices.Contains(v.Warnings, WarnLifetimeCut) {
		t.Errorf("%+v, %v", k, v.Warnings)
	}
	j.restore([]Cookie{{Name: "a", Value: "2", Domain: "example.com", Path: "/"}}, then)
	if all := j.all(then); len(all) != 1 || all[0].Value != "2" || all[0].Persistent {
		t.Errorf("%+v", all)
	}
}

// A jar that is full stays so.
func TestRestoreLimits(t *testing.T) {
	classic, _ := FindProfile("classic")
	j := New(&Options{Profile: classic})
	var cookies []Cookie
	for i := range 400 {
		cookies = append(cookies, Cookie{Name: string(rune('a' + i%26)), Domain: "h" + string(rune('a'+i/26)) + ".example", HostOnly: true, Path: "/"})
	}
	evicted := 0
	for _, v := range j.restore(cookies, then) {
		if slices.Contains(v.Reasons, Evicted) {
			evicted++
		}
	}
	if n := len(j.all(then)); n > 300 || n < 290 {
		t.Errorf("%d cookies, %d put out at once", n, evicted)
	}
}
