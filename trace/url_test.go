package trace

import (
	"errors"
	"strings"
	"testing"
)

func TestURLsAreReadAsBrowsersDo(t *testing.T) {
	tests := []struct {
		what, in string
		want     string // the URL, or the reason of the failure
	}{
		{"a bare name", "example.com", "https://example.com/"},
		{"a bare name with a path", "example.com/a?b#c", "https://example.com/a?b#c"},
		{"a bare name with a port", "example.com:8443", "https://example.com:8443/"},
		{"a bare name after slashes", "//example.com", "https://example.com/"},
		{"localhost", "localhost:8080", "http://localhost:8080/"},
		{"a name under localhost", "app.localhost/x", "http://app.localhost/x"},
		{"a loopback address", "127.0.0.1:8080/x", "http://127.0.0.1:8080/x"},
		{"a loopback address of IPv6", "[::1]:8080", "http://[::1]:8080/"},
		{"the scheme's own port", "https://example.com:443/", "https://example.com/"},
		{"the other scheme's port", "http://example.com:443/", "http://example.com:443/"},
		{"a port with zeros", "http://example.com:0080/", "http://example.com/"},
		{"an empty port", "http://example.com:/", "http://example.com/"},
		{"upper case", "HTTP://Example.COM/A", "http://example.com/A"},
		{"white space around, tabs and line ends within", " https://exam\tple.com/a\nb ", "https://example.com/ab"},
		{"backslashes", `https:\\example.com\a\b?c\d`, `https://example.com/a/b?c\d`},
		{"one slash, or none, or five", "https:/example.com", "https://example.com/"},
		{"no slash", "https:example.com", "https://example.com/"},
		{"a query without a path", "https://example.com?a=b", "https://example.com/?a=b"},
		{"an empty query stays", "https://example.com/?", "https://example.com/?"},
		{"dots", "https://example.com/a/./b/../c/%2e%2E/d", "https://example.com/a/d"},
		{"dots at the end", "https://example.com/a/b/..", "https://example.com/a/"},
		{"more dots than segments", "https://example.com/../../a", "https://example.com/a"},
		{"empty segments stay", "https://example.com/a//b", "https://example.com/a//b"},
		{"spaces and quotes", `https://example.com/a b?c "d'`, "https://example.com/a%20b?c%20%22d%27"},
		{"what net/url refuses: a stray %", "https://example.com/100%/%zz", "https://example.com/100%/%zz"},
		{"letters that are not ASCII", "https://example.com/ü?ü#ü", "https://example.com/%C3%BC?%C3%BC#%C3%BC"},

		{"an international name", "https://bücher.example/", "https://xn--bcher-kva.example/"},
		{"sharp s, as it is today", "https://faß.de/", "https://xn--fa-hia.de/"},
		{"full-width letters and an ideographic stop", "https://ｅｘａｍｐｌｅ。com/", "https://example.com/"},
		{"Korean", "한국.kr", "https://xn--3e0b707e.kr/"},
		{"an A-label", "https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"},
		{"an A-label that nothing makes", "https://xn--a.example/", "host"},
		{"an A-label of ASCII", "https://xn--example-.com/", "host"},
		{"a percent-encoded name", "https://ex%61mple.com/", "https://example.com/"},
		{"underscores", "https://a_b.example.com/", "https://a_b.example.com/"},
		{"a dot at the end", "https://example.com./", "https://example.com./"},
		{"hyphens in third place", "https://r3---sn.example.com/", "https://r3---sn.example.com/"},

		{"short IPv4", "http://127.1/", "http://127.0.0.1/"},
		{"hexadecimal IPv4", "http://0x7f.0.0.1/", "http://127.0.0.1/"},
		{"octal IPv4", "http://0177.0.0.1/", "http://127.0.0.1/"},
		{"one number", "http://2130706433/", "http://127.0.0.1/"},
		{"a number that is too large", "http://256.1.1.1/", "host"},
		{"five numbers", "http://1.2.3.4.5/", "host"},
		{"IPv6", "http://[2001:DB8::0:1]/", "http://[2001:db8::1]/"},
		{"IPv6 with a zone", "http://[fe80::1%25eth0]/", "host"},
		{"IPv6 without end", "http://[::1/", "host"},
		{"IPv4 in brackets", "http://[127.0.0.1]/", "host"},

		{"user and password", "https://anna:pass@example.com/", "https://example.com/"},
		{"user and password, bare", "anna:pass@example.com", "https://example.com/"},
		{"an at sign in the path", "example.com/@anna", "https://example.com/@anna"},

		{"nothing", "", "no-url"},
		{"no host", "https://", "no-host"},
		{"a user and no host", "https://anna@/", "no-host"},
		{"a space in the host", "https://exa mple.com/", "host"},
		{"a control character in the host", "https://exa\x01mple.com/", "host"},
		{"an encoded slash in the host", "https://a%2fb.com/", "host"},
		{"two dots", "https://example..com/", "host"},
		{"a dot in front", "https://.example.com/", "host"},
		{"a label of 63", "https://" + strings.Repeat("a", 63) + ".com/", "https://" + strings.Repeat("a", 63) + ".com/"},
		{"a label of 64", "https://" + strings.Repeat("a", 64) + ".com/", "host"},
		{"a name of 253", "https://" + strings.Repeat("a.", 126) + "a/", "https://" + strings.Repeat("a.", 126) + "a/"},
		{"a name of 254", "https://" + strings.Repeat("a.", 126) + "aa/", "host"},
		{"port 0", "https://example.com:0/", "port"},
		{"port 65535", "https://example.com:65535/", "https://example.com:65535/"},
		{"port 65536", "https://example.com:65536/", "port"},
		{"a port of letters", "https://example.com:http/", "port"},
		{"ftp", "ftp://example.com/", "scheme"},
		{"mail", "mailto:anna", "scheme"},
		{"script", "javascript:alert(1)", "scheme"},
		{"a file", "file:///etc/passwd", "scheme"},
		{"as long as it may be", "https://example.com/" + strings.Repeat("a", maxURL-20), "https://example.com/" + strings.Repeat("a", maxURL-20)},
		{"one octet more", "https://example.com/" + strings.Repeat("a", maxURL-19), "url-too-long"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			l, err := parseLocation(tt.in, nil)
			var got string
			if f, ok := errors.AsType[*Failure](err); ok {
				got = f.Reason
				if f.Phase != PhaseURL || f.Detail == "" || f.Hint == "" {
					t.Errorf("%+v", f)
				}
			} else {
				got = l.String()
			}
			if got != tt.want {
				t.Errorf("%s is %s, want %s", tt.in, got, tt.want)
			}
		})
	}
}

// The conversion of international names takes quadratic time: what is too long is refused before it.
func TestLongHostIsRefusedBeforeItIsConverted(t *testing.T) {
	_, err := parseLocation("https://"+strings.Repeat("字", maxHost/3+1)+"/", nil)
	if f, ok := errors.AsType[*Failure](err); !ok || f.Reason != "host" || f.Detail != "the host has 3039 octets" {
		t.Errorf("got %v", err)
	}
}

func TestPasswordIsNotShownEvenIfTheURLIsNone(t *testing.T) {
	for in, want := range map[string]string{
		"http://anna:secret@exa mple.com/": "http://exa mple.com/",
		"anna:sec@ret@exa mple.com":        "exa mple.com",
		"http://exa mple.com/":             "http://exa mple.com/",
	} {
		tr, err := runWith(t, in, nil, nil)
		if got := tr.last().URL; got != want || err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s is shown as %s: %v", in, got, err)
		}
	}
}

// The examples of RFC 3986 section 5.4, as far as the URL standard agrees.
func TestReferencesAreResolved(t *testing.T) {
	base, err := parseLocation("http://a/b/c/d;p?q", nil)
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		"g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g", "//g": "http://g/",
		"?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y", "#s": "http://a/b/c/d;p?q#s", "g#s": "http://a/b/c/g#s",
		"g?y#s": "http://a/b/c/g?y#s", ";x": "http://a/b/c/;x", "g;x=1/../y": "http://a/b/c/y", "": "http://a/b/c/d;p?q",
		".": "http://a/b/c/", "./": "http://a/b/c/", "..": "http://a/b/", "../g": "http://a/b/g", "../..": "http://a/",
		"../../../g": "http://a/g", "/./g": "http://a/g", "/../g": "http://a/g", "g.": "http://a/b/c/g.", "..g": "http://a/b/c/..g",
		"g?y/../x": "http://a/b/c/g?y/../x", "http:g": "http://a/b/c/g", "https:g": "https://g/", `\g`: "http://a/g",
		"HTTPS://b": "https://b/", "a:b": "scheme", "?": "http://a/b/c/d;p?",
	} {
		l, err := parseLocation(ref, base)
		got := ""
		if f, ok := errors.AsType[*Failure](err); ok {
			got = f.Reason
		} else {
			got = l.String()
		}
		if got != want {
			t.Errorf("%q leads to %s, want %s", ref, got, want)
		}
	}
}

func TestPartsOfAURL(t *testing.T) {
	l, err := parseLocation("https://anna:secret@shop.bücher.co.uk:8443/a%20b?q=1#top", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Parts{
		Scheme: "https", User: "anna", Host: "shop.xn--bcher-kva.co.uk", Unicode: "shop.bücher.co.uk", Port: "8443",
		Path: "/a%20b", Query: "q=1", Fragment: "top", Site: "xn--bcher-kva.co.uk", Suffix: "co.uk",
	}
	if got := *l.parts(); got != want {
		t.Errorf("got %+v", got)
	}
	if u := l.url(); u.String() != "https://shop.xn--bcher-kva.co.uk:8443/a%20b?q=1" || u.Path != "/a b" {
		t.Errorf("the jar is told %v", u)
	}
	for _, host := range []string{"127.0.0.1", "[::1]", "localhost"} {
		l, err := parseLocation(host, nil)
		if err != nil {
			t.Fatal(err)
		}
		if p := l.parts(); p.Site != "" || p.Suffix != "" || p.Scheme != "http" {
			t.Errorf("%s: %+v", host, p)
		}
	}
}

// What was read once is read again as the same, and goes into a request line as it is.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"example.com", "https://bücher.example/a b?c#d", `http:\\127.1\..\x`, "anna:p@[::1]:8080", "//a%2eb/%2e./x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := parseLocation(s, nil)
		if err != nil {
			return
		}
		again, err := parseLocation(l.String(), nil)
		if err != nil || again.String() != l.String() {
			t.Fatalf("%q became %q, and that %v %v", s, l, again, err)
		}
		if strings.ContainsAny(l.target()+l.authority(), " \t\r\n") || !isASCII(l.target()+l.authority()) || l.path[0] != '/' {
			t.Fatalf("%q asks for %q of %q", s, l.target(), l.authority())
		}
	})
}
