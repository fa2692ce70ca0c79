package access

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzHost: a host that is accepted has one form, is known in it and in capitals, and is never taken for what stands behind another.
func FuzzHost(f *testing.F) {
	for _, host := range []string{"a.example", "A.Example.:443", "a.example:8443", "[2001:DB8::1]:80", "192.0.2.1", "a..example", "a.example:", "münchen.example", "*.a.example"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		canon, err := checkHost("--app", host)
		if err != nil {
			return
		}
		if again, err := checkHost("--app", canon); again != canon || err != nil {
			t.Errorf("%q becomes %q, and that %q, %v", host, canon, again, err)
		}
		p, err := New(Config{Known: []Host{{host, "--app"}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, spelled := range []string{host, canon, strings.ToUpper(canon)} {
			if !p.Knows(spelled) {
				t.Errorf("%q is not known as %q", host, spelled)
			}
		}
		for _, other := range []string{"x" + canon, "x." + canon, canon + "x", canon + ".x", canon + "/", canon + "@x"} {
			if p.Knows(other) {
				t.Errorf("%q is known as %q", host, other)
			}
		}
	})
}

// FuzzAllow: what is accepted says the same when it is written down again.
func FuzzAllow(f *testing.F) {
	for _, text := range []string{"a.example", "a.example=staff", "A.example:443=staff,dev.ops", "a.example=", "=x", "a.example=x,,y", "a.example=*"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseAllow(text)
		if err != nil {
			return
		}
		host, groups, named := strings.Cut(text, "=")
		if strings.Join(r.Groups, ",") != groups || named != (len(r.Groups) > 0) {
			t.Errorf("%q: groups %q", text, r.Groups)
		}
		if canon, err := checkHost("--allow", host); canon != r.Host || err != nil {
			t.Errorf("%q: host %q", text, r.Host)
		}
	})
}

// FuzzRulePath: a rule that is accepted decides for its own path, as a browser sends it, and for what is below it.
func FuzzRulePath(f *testing.F) {
	for _, path := range []string{"/admin", "/admin/", "/", "/two words", "/a/b.c/d", "/x//y", "/x/*", "/x;y", "/..", "/x.", "/ä", "/x%20y", "//", "/~anna/@home"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		p, err := New(Config{Rules: []Rule{{Host: "a.example", Path: path, Groups: []string{"staff"}, Source: "it"}}})
		if err != nil {
			return
		}
		sent := (&url.URL{Path: path}).EscapedPath()
		if path == "" {
			sent = "/"
		}
		for _, target := range []string{sent, sent + "?x", strings.TrimSuffix(sent, "/") + "/", strings.TrimSuffix(sent, "/") + "/below"} {
			if d := p.decide(Query{Host: "a.example", Target: target, Method: "GET"}, now); d.Rule == nil || d.Rule.Source != "it" {
				t.Errorf("a rule for %q: %q is %v (%s)", path, target, d.Verdict, d.Why)
			}
		}
	})
}
