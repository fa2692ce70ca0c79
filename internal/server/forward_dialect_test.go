package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// question is how a dialect is asked about a request.
type question struct {
	method, path string // of the question itself
	host         string // its Host
	lines        []string
}

// put asks, from a trusted neighbour.
func (q question) put(h *servertest.House, lines ...string) *http.Response {
	r := httptest.NewRequest(q.method, "http://cloakroom.test"+q.path, nil)
	r.RequestURI = q.path // as it came: NewRequest would have its URL instead
	r.RemoteAddr = "192.0.2.7:1234"
	if q.host != "" {
		r.Host = q.host
	}
	for _, line := range append(q.lines, lines...) {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.Server.Public().ServeHTTP(w, r)
	return w.Result()
}

// forwarded asks as Caddy and Traefik do about a request to proxied.
func forwarded(dialect, method string) question {
	return question{"GET", "/forward-auth/" + dialect, "", []string{
		"X-Forwarded-Method: " + method, "X-Forwarded-Proto: http", "X-Forwarded-Host: localhost:9000", "X-Forwarded-Uri: /wiki?page=1", "X-Forwarded-For: 203.0.113.9",
	}}
}

// told is what a refusal says in its body.
type told struct {
	Type, Title, Detail, Reason string
	Status                      int
	SignIn                      string `json:"sign_in"`
}

func readTold(t testing.TB, a *http.Response) (p told, page string) {
	t.Helper()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	if a.Header.Get("Content-Type") == "application/problem+json" {
		if err := json.Unmarshal(body, &p); err != nil || p.Status != a.StatusCode || p.Title == "" || p.Detail == "" || p.Reason != a.Header.Get("X-Cloakroom-Reason") {
			t.Errorf("%v in the problem %s of a %d", err, body, a.StatusCode)
		}
	}
	return p, string(body)
}

// testFullAnswers: what every dialect that passes our whole answer on says, whatever its question looks like.
func testFullAnswers(t *testing.T, ask func(method string) question) {
	h, cookie := proxiedHouse(t)
	const navigate, script = "Sec-Fetch-Mode: navigate", "Sec-Fetch-Mode: cors"
	signIn := func(back string) string { return h.URL + "/signin?" + url.Values{"return_to": {back}}.Encode() }
	root := signIn("http://localhost:9000/")
	ask(http.MethodGet)
	for _, tt := range []struct {
		what, method string
		lines        []string
		status       int
		reason       string
		location     string // of a person who is sent on
		signIn       string // that a script is told
		page         string // that a person is shown
		cookie       string // that the app shall see
	}{
		{"somebody who is signed in", "GET", []string{"Cookie: " + cookie}, 200, "", "", "", "", ""},
		{"the same, posting", "POST", []string{"Cookie: " + cookie}, 200, "", "", "", "", ""},
		{"from a page of the app", "POST", []string{"Cookie: " + cookie, "Origin: http://localhost:9000", "Sec-Fetch-Site: same-origin"}, 200, "", "", "", "", ""},
		{"from a page of another app", "POST", []string{"Cookie: " + cookie, "Origin: http://localhost:9001", "Sec-Fetch-Site: same-site"}, 403, "cross-origin", "", "", "", ""},
		{"a WebSocket of another app's page", "GET", []string{"Cookie: " + cookie, "Origin: http://localhost:9001", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}, 403, "cross-origin", "", "", "", ""},
		{"the app's cookies go on, ours do not", "GET", []string{"Cookie: a=b; " + cookie + "; c=d; __Host-visit=v"}, 200, "", "", "", "", "a=b; c=d"},
		{"in two lines", "GET", []string{"Cookie: a=b", "Cookie: " + cookie + "; c=d"}, 200, "", "", "", "", "a=b; c=d"},
		{"a stranger opens a page", "GET", []string{navigate}, 302, "no-credentials", signIn(proxied), "", "", ""},
		{"HEAD is a navigation too", "HEAD", []string{navigate}, 302, "no-credentials", signIn(proxied), "", "", ""},
		{"a stranger's script fetches", "GET", []string{script, "Accept: text/html"}, 401, "no-credentials", "", root, "", ""},
		{"from a page of the app, to which the person comes back", "GET", []string{script, "Referer: http://localhost:9000/board?x=1#y"}, 401, "no-credentials", "", signIn("http://localhost:9000/board?x=1"), "", ""},
		{"from a page that is none of ours", "GET", []string{script, "Referer: http://evil.test/"}, 401, "no-credentials", "", root, "", ""},
		{"a program without any of these headers", "GET", nil, 401, "no-credentials", "", root, "", ""},
		{"a script posts", "POST", []string{script}, 401, "no-credentials", "", root, "", ""},
		{"OPTIONS is no way in", "OPTIONS", []string{script}, 401, "no-credentials", "", root, "", ""},
		{"a stranger sends a form", "POST", []string{navigate, "Referer: http://localhost:9000/form"}, 401, "no-credentials", "", "", signIn("http://localhost:9000/form"), ""},
		{"two session cookies of a script", "GET", []string{script, "Cookie: " + cookie + "; " + cookie}, 400, "duplicate-cookie", "", root, "", ""},
		{"two session cookies of a person", "GET", []string{navigate, "Cookie: " + cookie + "; " + cookie}, 302, "duplicate-cookie", signIn(proxied), "", "", ""},
		{"a token that is none", "GET", []string{"Authorization: Bearer x.y.z"}, 401, "invalid-token", "", root, "", ""},
		{"a health check by name (CVE-2026-34457)", "GET", []string{"User-Agent: kube-probe/1.30"}, 401, "no-credentials", "", root, "", ""},
		{"our own headers are no credentials", "GET", []string{"Remote-User: admin", "X-Forwarded-User: admin"}, 401, "no-credentials", "", root, "", ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			a := ask(tt.method).put(h, tt.lines...)
			wantIdentity(t, tt.what, a)
			p, body := readTold(t, a)
			if a.StatusCode != tt.status || a.Header.Get("X-Cloakroom-Reason") != tt.reason || a.Header.Get("Location") != tt.location || p.SignIn != tt.signIn {
				t.Errorf("%d %q to %q, sign in at %q", a.StatusCode, a.Header.Get("X-Cloakroom-Reason"), a.Header.Get("Location"), p.SignIn)
			}
			if got := strings.Join(a.Header["Cookie"], "|"); got != tt.cookie {
				t.Errorf("the app shall see the cookies %q", got)
			}
			if a.Header.Get("Cache-Control") != "no-store" || len(a.Cookies()) > 0 {
				t.Errorf("Cache-Control %q, cookies %v", a.Header.Get("Cache-Control"), a.Cookies())
			}
			if a.StatusCode == 401 && len(a.Header["Www-Authenticate"]) != 1 {
				t.Errorf("WWW-Authenticate %q (RFC 9110 section 15.5.2)", a.Header["Www-Authenticate"])
			}
			if isPage := strings.HasPrefix(a.Header.Get("Content-Type"), "text/html"); isPage != (tt.page != "") || isPage && !strings.Contains(body, strings.ReplaceAll(tt.page, "&", "&amp;")) {
				t.Errorf("a page: %v\n%s", isPage, body)
			}
			if tt.status == 401 && tt.method != "GET" && tt.method != "HEAD" && tt.page == "" && tt.method != "OPTIONS" && !strings.Contains(p.Detail, "This "+tt.method+" was not carried out: sign in, then send it again.") {
				t.Errorf("a request that is lost is told so: %s", p.Detail)
			}
		})
	}
	t.Run("only the apps' own scripts may read why (CORS)", func(t *testing.T) {
		for origin, may := range map[string]bool{
			"http://localhost:9000": true, "http://localhost:9001": false, "https://localhost:9000": false, "http://evil.test": false, "null": false, "http://localhost:9000/": false, "http://LOCALHOST:9000": false, "": false,
		} {
			a := ask("GET").put(h, script, "Origin: "+origin)
			allowed := a.Header.Get("Access-Control-Allow-Origin")
			if a.StatusCode != 401 || may != (allowed == origin && origin != "") || may != (a.Header.Get("Access-Control-Allow-Credentials") == "true") || !may && allowed != "" || a.Header.Get("Vary") != "Origin" {
				t.Errorf("%q: %d, allowed %q, %v", origin, a.StatusCode, allowed, a.Header)
			}
		}
		if a := ask("GET").put(h, script, "Origin: http://localhost:9000", "Origin: http://localhost:9000"); a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Error("two origins are answered")
		}
	})
}

// testForwardedMalformed: each header comes once and is one, or the answer is no, also for somebody who is signed in.
func testForwardedMalformed(t *testing.T, dialect string) {
	h, cookie := proxiedHouse(t)
	right := forwarded(dialect, "GET").lines
	for i, name := range []string{"X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri"} {
		without := append(append([]string{}, right[:i]...), right[i+1:]...)
		bad := []string{"", right[i][len(name)+2:] + ", evil", "\\", "a b"}
		switch name {
		case "X-Forwarded-Proto":
			bad = append(bad, "#", "file", "HTTP", "http:", "http,http")
		case "X-Forwarded-Host":
			bad = append(bad, "#", "localhost:9000,evil.test", "evil.test/x", "a@localhost:9000", "localhost:9000?", "localhost:999999999", "[::1", ":9000", "localhost:9000/", "localhost:http")
		case "X-Forwarded-Uri":
			bad = append(bad, "/#", "wiki", "@evil.test/", ":80@evil.test/", "/%zz", "http://localhost:9000/", "*")
		case "X-Forwarded-Method":
			bad = append(bad, "GET,POST", "G(T", "GET/")
		}
		ask := func(what string, lines ...string) {
			a := question{"GET", "/forward-auth/" + dialect, "", append(lines, without...)}.put(h, "Cookie: "+cookie, "Sec-Fetch-Mode: navigate")
			refused := a.StatusCode >= 400 && a.StatusCode < 500 && a.Header.Get("Location") == ""
			if what == "is missing" || what == "is " { // the proxy is not set up for us
				refused = a.StatusCode == http.StatusFound && a.Header.Get("Location") == h.URL+"/diagnosis?why=malformed-request"
			}
			if !refused {
				t.Errorf("%s %s: %d to %q", name, what, a.StatusCode, a.Header.Get("Location"))
			}
			wantIdentity(t, what, a)
		}
		ask("is missing")
		ask("comes twice", right[i], right[i])
		for _, b := range bad {
			if name == "X-Forwarded-Uri" && strings.HasSuffix(b, ", evil") {
				continue // a comma may stand in a path, a space may not
			}
			ask("is "+b, name+": "+b)
		}
	}
}
