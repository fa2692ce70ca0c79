package jar

import (
	"net/url"
	"strings"
	"testing"
)

func TestCanonicalHost_CK_M05(t *testing.T) {
	for _, row := range []struct{ story, host, want string }{
		{"a name", "www.example.com", "www.example.com"},
		{"capitals", "WWW.Example.COM", "www.example.com"},
		{"an underscore", "my_app.example.com", "my_app.example.com"},
		{"hyphens where DNS has none", "-a.b-.example.com", "-a.b-.example.com"},
		{"hyphens at places three and four", "r3---sn.example.com", "r3---sn.example.com"},
		{"a dot at the end is a host of its own", "example.com.", "example.com."},
		{"a dot in front", ".example.com", ""},
		{"an empty label", "a..example.com", ""},
		{"only a dot", ".", ""},
		{"nothing", "", ""},
		{"letters that are not ASCII", "Bücher.example", "xn--bcher-kva.example"},
		{"the same as A-label", "XN--bcher-KVA.example", "xn--bcher-kva.example"},
		{"a full stop of another script", "a。example", "a.example"},
		{"letters that map to ASCII", "ｅｘａｍｐｌｅ.com", "example.com"},
		{"a fake A-label: it stands for ASCII", "xn--example-.com", ""},
		{"a fake A-label: it stands for nothing", "xn--.com", ""},
		{"a fake A-label: not as one would write it", "xn--bcher-kva-.example", ""},
		{"a fake A-label: capitals inside", "xn--BCHER-kva.example", "xn--bcher-kva.example"},
		{"a letter that may not be there", "a\u200d.example", ""},
		{"a space", "a b.example", ""},
		{"no UTF-8", "a\x9b.example", ""},
		{"a slash", "a/b.example", ""},
		{"a letter that becomes a slash, beside an A-label", "bücher.a\uff0fb.example", ""},
		{"a percent sign", "a%41.example", ""},
		{"an IPv4 address", "127.0.0.1", "127.0.0.1"},
		{"an IPv6 address", "::1", "[::1]"},
		{"an IPv6 address in brackets, not in its shortest form", "[0:0::0001]", "[::1]"},
		{"an IPv6 address with a zone", "fe80::1%25eth0", "[fe80::1]"},
		{"a colon elsewhere", "a:b", ""},
		{"as long as can be", strings.Repeat("a.", 127) + "a", strings.Repeat("a.", 127) + "a"},
		{"longer", strings.Repeat("a.", 128) + "a", ""},
	} {
		t.Run(row.story, func(t *testing.T) {
			if got, ok := canonicalHost(row.host); got != row.want && ok || ok != (row.want != "") {
				t.Errorf("%q is %q, %t; want %q", row.host, got, ok, row.want)
			}
		})
	}
}

func TestDomainMatch_CK_M04(t *testing.T) {
	for _, row := range []struct {
		host, domain string
		want         bool
	}{
		{"example.com", "example.com", true},
		{"www.example.com", "example.com", true},
		{"badexample.com", "example.com", false},
		{"example.com", "www.example.com", false},
		{"example.com.", "example.com", false},
		{"example.com", "", false},
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.1", "0.0.1", false},
		{"10.1", "1", false},
		{"a.0x1f", "0x1f", false},
		{"[::1]", "[::1]", true},
	} {
		if got := domainMatch(row.host, row.domain); got != row.want {
			t.Errorf("%q and %q: %t", row.host, row.domain, got)
		}
	}
}

func TestPath_CK_R2(t *testing.T) {
	for path, want := range map[string]string{"": "/", "/": "/", "/a": "/", "/a/": "/a", "/a/b": "/a", "/a/b/": "/a/b", "//": "/", "a/b": "/"} {
		if got := defaultPath(path); got != want {
			t.Errorf("the default path of %q is %q, want %q", path, got, want)
		}
	}
	for _, row := range []struct {
		request, cookie string
		want            bool
	}{
		{"/", "/", true}, {"/a", "/", true}, {"/a", "/a", true}, {"/a/", "/a", true}, {"/a/b", "/a", true}, {"/a/b", "/a/", true},
		{"/a", "/a/", false}, {"/ab", "/a", false}, {"/A", "/a", false}, {"/", "/a", false}, {"/f%6Fo", "/foo", false}, {"//a", "/", true},
	} {
		if got := pathMatch(row.request, row.cookie); got != row.want {
			t.Errorf("%q and %q: %t", row.request, row.cookie, got)
		}
	}
}

func TestSite(t *testing.T) {
	for text, want := range map[string]string{
		"https://www.example.co.uk/a?b":    "https://example.co.uk",
		"wss://www.example.com:8443":       "https://example.com",
		"http://me.github.io":              "http://me.github.io",
		"http://github.io":                 "http://github.io",
		"http://localhost:8080":            "http://localhost",
		"http://a.localhost":               "http://a.localhost",
		"http://127.0.0.1:80":              "http://127.0.0.1",
		"http://[::1]:80":                  "http://[::1]",
		"https://a.b.unlisted":             "https://b.unlisted",
		"https://www.b\u00fccher.example.": "https://xn--bcher-kva.example.",
		"mailto:a@example.com":             "",
		"https:///path":                    "",
	} {
		if got := Site(mustURL(t, text)); got != want {
			t.Errorf("the site of %s is %q, want %q", text, got, want)
		}
	}
	if Site(nil) != "" {
		t.Error("no URL has no site")
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "localhost.": true, "a.localhost": true, "127.0.0.1": true, "127.9.9.9": true, "[::1]": true,
		"localhost.example": false, "notlocalhost": false, "128.0.0.1": false, "[::2]": false, "127.0.0.1.example": false,
	} {
		if got := isLoopback(host); got != want {
			t.Errorf("%s: %t", host, got)
		}
	}
}

// A host is canonical or nothing: done twice it is the same.
func FuzzCanonicalHost(f *testing.F) {
	for _, s := range []string{"example.com", "Bücher.example.", "xn--bcher-kva", "[::1]", "1.2.3.4", "a..b", "xn--", "ａ。ｂ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, ok := canonicalHost(s)
		if !ok {
			return
		}
		if again, ok := canonicalHost(host); !ok || again != host {
			t.Errorf("%q becomes %q, and then %q, %t", s, host, again, ok)
		}
		for label := range strings.SplitSeq(host, ".") {
			if !strings.HasPrefix(label, "xn--") {
				continue
			}
			u, err := hosts.ToUnicode(label)
			again, back := hosts.ToASCII(u)
			if err != nil || back != nil || isASCII(u) || again != label {
				t.Errorf("%q has the fake A-label %q: it stands for %q, which is %q", s, label, u, again)
			}
		}
		if d := registrable(host); d != host && !domainMatch(host, d) || isPublicSuffix(d) && d != host {
			t.Errorf("the registrable domain of %q is %q", host, d)
		}
		if u := (&url.URL{Scheme: "https", Host: host}); !strings.HasPrefix(Site(u), "https://") {
			t.Errorf("%q has no site", host)
		}
	})
}
