package server_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

const proxied = "http://localhost:9000/wiki?page=1"

// proxiedHouse trusts one neighbour, knows one app, and has one account that is signed in.
func proxiedHouse(t testing.TB) (h *servertest.House, cookie string) {
	h = servertest.StartStill(t, func(c *app.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
		c.Apps = []string{"http://localhost:9000"}
	})
	c := h.Client()
	c.SignUp("anna@example.org")
	return h, "__Host-session=" + c.Cookie("__Host-session")
}

// ask puts the question of a proxy, as header lines.
func ask(h *servertest.House, from string, lines ...string) *http.Response {
	r := httptest.NewRequest("GET", "/forward-auth/nginx", nil)
	r.RemoteAddr = from
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.Server.Public().ServeHTTP(w, r)
	return w.Result()
}

// TestForwardAuthNginx: what comes in, and what goes out.
func TestForwardAuthNginx(t *testing.T) {
	h, cookie := proxiedHouse(t)
	original, get := "X-Original-URL: "+proxied, "X-Original-Method: GET"
	navigation := "Sec-Fetch-Mode: navigate"
	signIn := h.URL + "/signin?" + url.Values{"return_to": {proxied}}.Encode()
	for _, tt := range []struct {
		what     string
		lines    []string
		status   int
		reason   string
		location string
	}{
		{"somebody who is signed in", []string{original, get, "Cookie: " + cookie}, 200, "", ""},
		{"the same, posting", []string{original, "X-Original-Method: POST", "Cookie: " + cookie}, 200, "", ""},
		{"the same, among other cookies", []string{original, get, "Cookie: a=b; " + cookie + "; c=d"}, 200, "", ""},
		{"a stranger opens a page", []string{original, get, navigation}, 401, "no-credentials", signIn},
		{"an old browser opens a page", []string{original, get, "Accept: text/html,*/*"}, 401, "no-credentials", signIn},
		{"a stranger's script fetches", []string{original, get, "Sec-Fetch-Mode: cors", "Accept: text/html"}, 401, "no-credentials", ""},
		{"a stranger's program fetches", []string{original, get, "Accept: */*"}, 401, "no-credentials", ""},
		{"a stranger posts a form", []string{original, "X-Original-Method: POST", navigation}, 401, "no-credentials", ""},
		{"a page of an app that nobody named", []string{"X-Original-URL: http://evil.test/", get, navigation}, 403, "unknown-host", ""},
		{"the same, by somebody who is signed in", []string{"X-Original-URL: http://evil.test/", get, "Cookie: " + cookie}, 403, "unknown-host", ""},
		{"an id that was never issued", []string{original, get, navigation, "Cookie: __Host-session=" + strings.Repeat("A", 43)}, 401, "unknown-session", signIn},
		{"two session cookies", []string{original, get, "Cookie: " + cookie + "; " + cookie}, 401, "duplicate-cookie", ""},
		{"two session cookies of a person", []string{original, get, navigation, "Cookie: " + cookie + "; " + cookie}, 401, "duplicate-cookie", signIn},
		{"more cookies than can be read", []string{original, get, navigation, "Cookie: " + strings.Repeat("a=b; ", 700) + cookie}, 401, "too-large", signIn},
		{"a token that is none", []string{original, get, "Authorization: Bearer x.y.z"}, 401, "invalid-token", ""},
		{"no URL (GHSA-68wm-pfjf-wqp6)", []string{get, navigation, "Cookie: " + cookie}, 401, "malformed-request", h.URL + "/diagnosis?why=malformed-request"},
		{"no method", []string{original, navigation, "Cookie: " + cookie}, 401, "malformed-request", h.URL + "/diagnosis?why=malformed-request"},
		{"two URLs", []string{original, original, get, navigation, "Cookie: " + cookie}, 401, "malformed-request", ""},
		{"two methods", []string{original, get, get, "Cookie: " + cookie}, 401, "malformed-request", ""},
		{"a path instead of a URL", []string{"X-Original-URL: /wiki", get, "Cookie: " + cookie}, 401, "malformed-request", ""},
		{"a broken escape", []string{"X-Original-URL: http://localhost/%zz", get, "Cookie: " + cookie}, 401, "malformed-request", ""},
		{"a backslash", []string{`X-Original-URL: http://localhost/\evil.test`, get, "Cookie: " + cookie}, 401, "malformed-request", ""},
		{"a fragment", []string{"X-Original-URL: http://localhost/#x", get, "Cookie: " + cookie}, 401, "malformed-request", ""},
		{"a user in the URL", []string{"X-Original-URL: http://a@localhost/", get, "Cookie: " + cookie}, 401, "malformed-request", ""},
		{"another scheme", []string{"X-Original-URL: file:///etc/passwd", get, "Cookie: " + cookie}, 401, "malformed-request", ""},
		{"a health check by name (FA-07, CVE-2026-34457)", []string{original, get, "User-Agent: kube-probe/1.30"}, 401, "no-credentials", ""},
		{"a path that looks public (FA-07)", []string{"X-Original-URL: http://localhost:9000/healthz", get}, 401, "no-credentials", ""},
	} {
		a := ask(h, "192.0.2.7:1234", tt.lines...)
		if a.StatusCode != tt.status || a.Header.Get("X-Cloakroom-Reason") != tt.reason || a.Header.Get("Location") != tt.location {
			t.Errorf("%s: %d %q %q", tt.what, a.StatusCode, a.Header.Get("X-Cloakroom-Reason"), a.Header.Get("Location"))
		}
		wantIdentity(t, tt.what, a)
	}
	for _, from := range []string{"198.51.100.1:1234", "[::1]:1234", "", "192.0.2.7"} {
		a := ask(h, from, original, get, navigation, "Cookie: "+cookie)
		if a.StatusCode != http.StatusForbidden || a.Header.Get("Location") != "" {
			t.Errorf("asked from %q, which is not trusted (FA-05): %d", from, a.StatusCode)
		}
		wantIdentity(t, "asked from "+from, a)
	}
	if a := ask(h, "[::ffff:192.0.2.7]:1234", original, get, "Cookie: "+cookie); a.StatusCode != http.StatusOK {
		t.Errorf("a trusted IPv4 address dressed as IPv6 (CVE-2024-24790): %d", a.StatusCode)
	}
}

// wantIdentity: yes comes with exactly our four headers, empty ones too (FA-02); no comes with none of them.
func wantIdentity(t testing.TB, what string, a *http.Response) {
	t.Helper()
	var got []string
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		if strings.HasPrefix(name, "Remote-") {
			if len(a.Header[name]) != 1 {
				t.Errorf("%s: %s comes %d times", what, name, len(a.Header[name]))
			}
			got = append(got, name)
		}
	}
	want := []string{}
	if a.StatusCode == http.StatusOK {
		want = []string{"Remote-Email", "Remote-Groups", "Remote-Name", "Remote-User"}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d with the headers %v", what, a.StatusCode, got)
	}
}

// TestNginxIsTold: what nginx passes on after a no. It is the answer that other proxies get, and never a yes; the no is logged once.
func TestNginxIsTold(t *testing.T) {
	h, cookie := proxiedHouse(t)
	refused := func(method string, lines ...string) question {
		return question{"GET", "/forward-auth/nginx/refused", "", append([]string{"X-Original-URL: " + proxied, "X-Original-Method: " + method}, lines...)}
	}
	before := strings.Count(h.Logs.String(), "forward-auth.refused")
	for _, tt := range []struct {
		what      string
		question  question
		status    int
		reason    string
		page      bool
		otherwise string // what the text says
	}{
		{"a script", refused("GET", "Sec-Fetch-Mode: cors"), 401, "no-credentials", false, "You are not signed in."},
		{"a form", refused("POST", "Sec-Fetch-Mode: navigate"), 401, "no-credentials", true, "What you sent did not reach the app"},
		{"two cookies", refused("GET", "Cookie: "+cookie+"; "+cookie), 400, "duplicate-cookie", false, "two session cookies"},
		{"no URL", question{"GET", "/forward-auth/nginx/refused", "", nil}, 400, "malformed-request", false, "not well formed"},
		{"who may by now", refused("POST", "Cookie: "+cookie), 503, "store-unavailable", false, "Try again. This POST was not carried out."},
		{"who may by now, on a page", refused("GET", "Cookie: "+cookie, "Sec-Fetch-Mode: navigate"), 503, "store-unavailable", true, "Try again."},
	} {
		a := tt.question.put(h)
		_, text := readTold(t, a)
		if a.StatusCode != tt.status || a.Header.Get("X-Cloakroom-Reason") != tt.reason || a.Header.Get("Cache-Control") != "no-store" ||
			strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") != tt.page || !strings.Contains(text, tt.otherwise) {
			t.Errorf("%s: %s %v\n%s", tt.what, a.Status, a.Header, text)
		}
		wantIdentity(t, tt.what, a)
	}
	r := httptest.NewRequest("GET", "/forward-auth/nginx/refused", nil)
	r.RemoteAddr = "198.51.100.1:1234"
	w := httptest.NewRecorder()
	if h.Server.Public().ServeHTTP(w, r); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "untrusted-proxy") {
		t.Errorf("asked by who is not trusted (FA-05): %d %s", w.Code, w.Body)
	}
	if n := strings.Count(h.Logs.String(), "forward-auth.refused") - before; n != 0 {
		t.Errorf("refusals that were logged before are logged %d times more", n)
	}
}

// TestAllowedChecksAreNotLogged: there is one for each picture of each app.
func TestAllowedChecksAreNotLogged(t *testing.T) {
	h, cookie := proxiedHouse(t)
	before := h.Logs.String()
	if a := ask(h, "192.0.2.7:1", "X-Original-URL: "+proxied, "X-Original-Method: GET", "Cookie: "+cookie); a.StatusCode != http.StatusOK {
		t.Fatal(a.Status)
	}
	if after := h.Logs.String(); after != before {
		t.Errorf("logged: %s", after[len(before):])
	}
}

// FuzzForwardAuth_FA01: whatever stands in the headers, nobody without the cookie of a live session gets a yes; and with it,
// a yes has all four headers.
func FuzzForwardAuth_FA01(f *testing.F) {
	h, cookie := proxiedHouse(f)
	secret := strings.TrimPrefix(cookie, "__Host-session=")
	for _, seed := range []struct{ cookie, auth, url, method string }{
		{"a=b", "", proxied, "GET"},
		{"__Host-session=" + strings.Repeat("A", 43), "", proxied, "GET"},
		{"__host-session=SECRET; x", "Bearer a.b.c", proxied, "POST"},
		{"__Host-session=SECRET", "", proxied, "GET"},
		{"__Host-session=SECRET; __Host-session=SECRET", "", "http://localhost/%2e%2e/", "GET"},
		{"__Host-session =SECRET", "Basic YTpi", "http://localhost:99999999/", "GET"},
		{"\u2000__Host-session=SECRET", "bearer", "http://[::1]:80/a;b", "get"},
		{"__Host-session=\"SECRET\"", "", "//localhost/", ""},
	} {
		f.Add(seed.cookie, seed.auth, seed.url, seed.method)
	}
	f.Fuzz(func(t *testing.T, cookies, auth, original, method string) {
		for _, s := range []string{cookies, auth, original, method} {
			if strings.ContainsAny(s, "\r\n\x00") {
				return // such a header never gets past the HTTP server
			}
		}
		lines := []string{"X-Original-URL: " + original, "X-Original-Method: " + method, "Authorization: " + auth}
		a := ask(h, "192.0.2.7:1234", append(lines, "Cookie: "+strings.ReplaceAll(cookies, secret, "gone"))...)
		if a.StatusCode < 400 {
			t.Fatalf("without a session: %s", a.Status)
		}
		wantIdentity(t, "without a session", a)
		a = ask(h, "192.0.2.7:1234", append(lines, "Cookie: "+strings.ReplaceAll(cookies, "SECRET", secret))...)
		wantIdentity(t, "with a session", a)
		if a.StatusCode < 400 && strings.Count(strings.ReplaceAll(cookies, "SECRET", secret), cookie) != 1 {
			t.Fatalf("the cookie %q opened", cookies)
		}
	})
}
