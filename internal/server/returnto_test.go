package server_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// browserOrigin is where a browser goes that meets target in a Location of base: the WHATWG URL standard's basic parser
// (section 4.4) for what is special, written down anew and without net/url, which reads URLs by other rules. "" is what is not
// http or https.
func browserOrigin(base, target string) string {
	baseScheme, baseHost, _ := strings.Cut(base, "://")
	target = strings.TrimFunc(target, func(c rune) bool { return c <= ' ' })
	target = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(target)
	scheme, rest := "", target
	for i, c := range target {
		if c == ':' && i > 0 {
			scheme, rest = strings.ToLower(target[:i]), target[i+1:]
			break
		}
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')) {
			break
		}
	}
	if scheme != "" && scheme != "http" && scheme != "https" {
		return ""
	}
	rest = strings.ReplaceAll(rest, `\`, "/")
	switch {
	case scheme == "" && !strings.HasPrefix(rest, "//"):
		return base
	case scheme == baseScheme && !strings.HasPrefix(rest, "//"):
		return base // "http:path" is relative
	case scheme == "":
		scheme = baseScheme
	}
	authority := strings.TrimLeft(rest, "/")
	if i := strings.IndexAny(authority, "/?#"); i >= 0 {
		authority = authority[:i]
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	authority = strings.ToLower(authority)
	if authority == baseHost && scheme == baseScheme {
		return base
	}
	return scheme + "://" + authority
}

// corpus is made of what peers fell for (CV-35, CV-38, oauth2-proxy CVE-2021-21291, Keycloak CVE-2026-7504, Pocket ID CVE-2026-28512) and
// of each trick at each place.
func corpus() (evil []string) {
	evil = []string{
		"", " ", "//", "///", "////evil.example", "https:evil.example", "https:/evil.example", "http:evil.example", "javascript:alert(1)",
		"data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://app.example/", "//app.example", "http://app.example/", "https://app.example.evil.example/",
		"https://app.example@evil.example/", "https://evil.example@app.example/", "https://a@b@app.example/", "https://user:pw@app.example/",
		"https://app.example:444/", "https://app.example:443@evil.example/", "https://xapp.example/", "https://sub.app.example/", "https://app.example%2eevil.example/",
		"https://app.example%00.evil.example/", `https://app.example\@evil.example/`, `https://evil.example\.app.example/`, "https://evil.example#@app.example/",
		"https://evil.example?@app.example/", "https://app.exam\u200bple/", "https://аpp.example/", "https://[::1]/", "https://app.example:/x@evil.example",
		"account", "./account", "../account", "?x=y", "#x", "%2f%2fevil.example", "%2Fevil.example", ".evil.example", "@evil.example", ":evil.example",
		"/\u2028/evil.example", "/\u00a0/evil.example", "/ä", "/a b", "/a\x00b", "/a\x7fb", "/%", "/%zz", "/%0", "https://", "https:///evil.example", "https:////evil.example",
		"https://app.example:99999999999/", "https://app.example:x/", "HTTPS://evil.example", "hTTp://evil.example", "/" + strings.Repeat("a", 2048),
	}
	for _, target := range []string{"//evil.example", "/evil.example", "https://evil.example", "http://evil.example/account", "javascript:alert(1)", "///evil.example/%2e%2e"} {
		for _, before := range []string{`\`, `/\`, `\/`, `\\`, "/\t", "\t", "\n", "/\n", "\r", "/\r\n", " ", "\x00", "\x01", "\x1f", "\x7f", "\ufeff", "\u00a0", "\u3000", "/\u200b"} {
			evil = append(evil, before+target)
		}
		evil = append(evil, target[:1]+"\t"+target[1:], target[:1]+"\n"+target[1:], target[:1]+`\`+target[1:], target+"\r\nSet-Cookie: x=y", target+"\n")
	}
	return evil
}

func house(t testing.TB) *servertest.House {
	return servertest.StartStill(t, func(c *app.Config) {
		c.URL, c.Apps = "https://auth.example.com", []string{"https://app.example", "https://two.example:8443"}
	})
}

// TestReturnTo_AU33: nothing of the corpus leaves the site, and what is harmless comes through.
func TestReturnTo_AU33(t *testing.T) {
	h := house(t)
	evil := corpus()
	if len(evil) < 200 {
		t.Errorf("the corpus has %d strings", len(evil))
	}
	for _, target := range evil {
		if got := h.Server.ReturnTo(target); got != "" {
			t.Errorf("%q is accepted", target)
		}
	}
	for _, target := range []string{
		"/", "/account", "/account/sessions?x=y#z", "/a?next=https://evil.example", "/a?u=//evil.example", "/%2f%2fevil.example", "/a/../b", "/caf%C3%A9",
		"/.evil.example", "/@evil.example", "/a:b", "https://app.example", "https://app.example/", "https://app.example/x?y=z#w", "https://app.example?x",
		"https://two.example:8443/", "https://APP.example/x",
	} {
		if got := h.Server.ReturnTo(target); got != target {
			t.Errorf("%q becomes %q", target, got)
		}
	}
}

// TestWhereASignInGoes_AU33 sends the corpus through the whole: no Location leads elsewhere (servertest looks at each).
func TestWhereASignInGoes_AU33(t *testing.T) {
	h := house(t)
	c := h.Client()
	c.SignUp(anna)
	for _, target := range corpus() {
		a := c.Get("/signin?" + url.Values{"return_to": {target}}.Encode())
		if got := a.Header.Get("Location"); a.StatusCode != 303 || got != "/account" {
			t.Errorf("%q: %d %q", target, a.StatusCode, got)
		}
	}
	for _, target := range []string{"/..//evil.example", "/.//evil.example", "/a/..//evil.example", "/%2e%2e//evil.example"} {
		got := c.Get("/signin?" + url.Values{"return_to": {target}}.Encode()).Header.Get("Location")
		if browserOrigin(h.URL, got) != h.URL {
			t.Errorf("%q goes to %q", target, got)
		}
	}
	token := c.FormToken("/account")
	for _, target := range []string{"//evil.example", "https://evil.example", `/\evil.example`} {
		for _, path := range []string{"/confirm", "/theme"} {
			a := c.Form(path, url.Values{"password": {servertest.Password}, "theme": {"dark"}, "return_to": {target}, "form_token": {token}})
			if strings.Contains(a.Header.Get("Location"), "evil") {
				t.Errorf("%s goes to %s", path, a.Header.Get("Location"))
			}
			token = c.FormToken("/account")
		}
	}
}

// FuzzReturnTo: whatever is accepted leads, by the rules of a browser, to this site or to an app that was allowed; and it is accepted
// again as it stands.
func FuzzReturnTo(f *testing.F) {
	h := house(f)
	for _, s := range corpus() {
		f.Add(s)
	}
	for _, s := range []string{"/account?x=y", "https://app.example/x", "https://two.example:8443", "/..//evil.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		got := h.Server.ReturnTo(target)
		if got == "" {
			return
		}
		switch origin := browserOrigin(h.URL, got); origin {
		case h.URL, "https://app.example", "https://two.example:8443":
		default:
			t.Errorf("%q leads to %q", got, origin)
		}
		if got != target || h.Server.ReturnTo(got) != got {
			t.Errorf("%q becomes %q", target, got)
		}
	})
}
