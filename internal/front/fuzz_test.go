package front

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

var names = []string{"__Host-session", "__Host-visit"}

// FuzzKeepCookies: whoever reads the line afterwards, in whatever case, finds none of ours, and all others in their order.
func FuzzKeepCookies(f *testing.F) {
	for _, seed := range []string{"a=1; __Host-session=s; b=2", "__host-VISIT=v;a", "=__Host-session=x", "\t__Host-session =x;;", `a="; __Host-session=x"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		h := http.Header{"Cookie": {line}}
		KeepCookies(h, names)
		got := strings.Join(h["Cookie"], "")
		if !hasName(line) && got != line {
			t.Errorf("%q becomes %q, and none of ours was there", line, got)
		}
		rest := strings.Split(line, ";")
		for pair := range strings.SplitSeq(got, ";") {
			name, _, _ := strings.Cut(strings.Trim(pair, "= \t"), "=")
			if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(strings.TrimSpace(name), n) }) {
				t.Errorf("%q becomes %q, which has %q", line, got, name)
			}
			i := slices.IndexFunc(rest, func(was string) bool { return strings.TrimLeft(was, " \t") == strings.TrimLeft(pair, " \t") })
			if i < 0 && got != "" {
				t.Fatalf("%q becomes %q: %q was not there", line, got, pair)
			}
			rest = rest[i+1:]
		}
	})
}

// hasName reports whether a name of ours stands anywhere in a text.
func hasName(text string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(n)) })
}

// FuzzPath: what the app is sent is what came, but for octets that no URL may have, and it reads the same.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/", "/a%2fb|c", `/a\..\b`, "//a;b=c", "/%e4%bd%a0é", "/a[0]#b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if strings.Contains(path, "?") || !strings.HasPrefix(path, "/") {
			return
		}
		in, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		r := &http.Request{URL: in}
		sent := Target(r)
		if again, err := url.ParseRequestURI(sent); err != nil || again.Path != in.Path || Target(&http.Request{URL: again}) != sent {
			t.Errorf("%q is sent as %q, which reads as %q: %v", path, sent, again, err)
		}
		if !strings.ContainsFunc(path, func(c rune) bool { return c > 0x7e || !legal(byte(c)) }) && sent != path {
			t.Errorf("%q is sent as %q", path, sent)
		}
	})
}

// FuzzReserved: to put anything but letters and digits into a name, or to change its case, helps nobody.
func FuzzReserved(f *testing.F) {
	f.Add("Remote-User", "_", 3)
	f.Fuzz(func(t *testing.T, name, with string, at int) {
		if strings.ContainsFunc(with, func(c rune) bool {
			return c > 0x7e || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		}) || at < 0 || at > len(name) {
			return
		}
		other := strings.ToUpper(name[:at]) + with + name[at:]
		if strings.ToUpper(name[:at]) == name[:at] || isASCII(name) {
			if isReserved(name) != isReserved(other) {
				t.Errorf("%q and %q differ", name, other)
			}
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > 0x7e })
}
