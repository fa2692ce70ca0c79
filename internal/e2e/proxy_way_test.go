package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestProxyRefuses: what is said through each proxy to those who are not signed in. Nothing reaches the app.
func TestProxyRefuses_FA07(t *testing.T) {
	eachGateway(t, func(t *testing.T, g *gateway) {
		app := "http://" + g.host
		start := func(path string) string {
			return app + "/.cloakroom/start?" + url.Values{"return_to": {path}}.Encode()
		}
		w := g.wire()
		for _, tt := range []struct {
			what, request string
			lines         []string
			status        int
			location      string
			reason        string
			signIn        string // that a script is told
		}{
			{"a person follows a link", "GET /", []string{byBrowser}, 302, start("/"), "", ""},
			{"the way back keeps path and query", "GET /a%20b?x=1&y=%2F+z", []string{byBrowser}, 302, start("/a%20b?x=1&y=%2F+z"), "", ""},
			{"an old browser, which only says that it wants HTML", "GET /x", []string{"Accept: text/html,*/*"}, 302, start("/x"), "", ""},
			{"HEAD is a navigation too", "HEAD /x", []string{byBrowser}, 302, start("/x"), "", ""},
			{"a script fetches", "GET /data", []string{byScript, "Accept: text/html", "Referer: " + app + "/board"}, 401, "", "no-credentials", start("/board")},
			{"a program without any of these headers", "GET /data", nil, 401, "", "no-credentials", start("/")},
			{"a script posts", "POST /data", []string{byScript, "Content-Length: 0"}, 401, "", "no-credentials", start("/")},
			{"DELETE", "DELETE /x", []string{byScript}, 401, "", "no-credentials", start("/")},
			{"OPTIONS is no way in", "OPTIONS /x", []string{byScript}, 401, "", "no-credentials", start("/")},
			{"a health check's User-Agent is no key", "GET /healthz", []string{"User-Agent: kube-probe/1.30"}, 401, "", "no-credentials", start("/")},
			{"CV-50 a malformed cookie", "GET /x", []string{byScript, "Cookie: __Host-session=;;=\"; =x"}, 401, "", "unknown-session", start("/")},
			{"CV-50 a session cookie of nonsense", "GET /x", []string{byScript, "Cookie: __Host-session=AAAA"}, 401, "", "unknown-session", start("/")},
			{"a token of nonsense", "GET /x", []string{byScript, "Authorization: Bearer a.b.c"}, 401, "", "invalid-token", start("/")},
			{"the question itself cannot be asked from outside", "GET /forward-auth/" + g.name, []string{byScript, "X-Forwarded-Method: GET"}, 401, "", "no-credentials", start("/")},
		} {
			t.Run(tt.what, func(t *testing.T) {
				before := g.app.calls.Load()
				a := w.ask(tt.request, tt.lines...)
				if a.StatusCode != tt.status || a.Header.Get("Location") != tt.location {
					t.Errorf("got %d to %q, want %d to %q\n%s", a.StatusCode, a.Header.Get("Location"), tt.status, tt.location, a.body)
				}
				if a.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("Cache-Control %q", a.Header.Get("Cache-Control"))
				}
				if tt.reason != "" {
					wantTold(t, a, tt.reason, tt.signIn, tt.request)
				}
				if n := g.app.calls.Load(); n != before {
					t.Errorf("the app heard %d requests", n-before)
				}
			})
		}
		t.Run("only the apps' own scripts may read why (CORS)", func(t *testing.T) {
			for origin, may := range map[string]bool{app: true, "http://evil.test": false, "null": false} {
				a := w.ask("GET /data", byScript, "Origin: "+origin)
				if got := a.Header.Get("Access-Control-Allow-Origin"); may != (got == origin) || may != (a.Header.Get("Access-Control-Allow-Credentials") == "true") {
					t.Errorf("%s may read: %q", origin, got)
				}
			}
		})
		t.Run("a person sends a form: they hear that it was not carried out", func(t *testing.T) {
			a := w.ask("POST /form", byBrowser, "Referer: "+app+"/form?x", "Content-Type: text/plain", "Content-Length: 0")
			if a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.body, "not carried out") && !strings.Contains(a.body, "did not reach the app") || !strings.Contains(a.body, start("/form?x")) {
				t.Errorf("%d\n%s", a.StatusCode, a.body)
			}
			wantPage(t, a)
		})
		t.Run("what an app may take for another method", func(t *testing.T) {
			cookies, _ := g.member("ben@example.org")
			before := g.app.calls.Load()
			for _, line := range []string{"X-HTTP-Method-Override: DELETE", "X-HTTP-Method: delete", "X-Method-Override: DELETE", "X-Query: _method=DELETE"} {
				query := ""
				if rest, ok := strings.CutPrefix(line, "X-Query: "); ok {
					query = "?" + rest
				}
				a := g.wire().ask("POST "+keptPath+query, byScript, cookies, "Content-Length: 0", line)
				if a.StatusCode != http.StatusForbidden || g.app.calls.Load() != before {
					t.Errorf("%s: %d %s", line, a.StatusCode, a.body)
				}
			}
			if a := g.wire().ask("POST "+keptPath, byScript, cookies, "Content-Length: 0", "X-HTTP-Method-Override: PUT"); a.StatusCode != http.StatusOK {
				t.Errorf("one that is allowed: %d %s", a.StatusCode, a.body)
			}
		})
		t.Run("signed in, and not in the group", func(t *testing.T) {
			cookies, _ := g.member("anna@example.org")
			before := g.app.calls.Load()
			a := w.ask("GET "+secretPath, byScript, cookies)
			if a.StatusCode != http.StatusForbidden || g.app.calls.Load() != before {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
			wantTold(t, a, "not-in-group", "", "GET")
			a = w.ask("GET "+secretPath, byBrowser, cookies)
			if a.StatusCode != http.StatusForbidden || g.app.calls.Load() != before || !strings.Contains(a.body, "not in a group that may do this") {
				t.Errorf("a person: %d %s", a.StatusCode, a.body)
			}
			wantPage(t, a)
		})
	})
}

// wantPage looks at a page that stands at an app's address: it is whole, nobody keeps it, and it may load nothing.
func wantPage(t *testing.T, a reply) {
	t.Helper()
	h := a.Header
	if h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("Cache-Control") != "no-store" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") ||
		!strings.HasSuffix(strings.TrimSpace(a.body), "</html>") {
		t.Errorf("%v\n%s", h, a.body)
	}
}

// wantTold reads the problem document (RFC 9457) of a script.
func wantTold(t *testing.T, a reply, reason, signIn, request string) {
	t.Helper()
	var p struct {
		Type, Title, Detail, Reason string
		Status                      int
		SignIn                      string `json:"sign_in"`
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || p.Status != a.StatusCode || p.Reason != reason || p.SignIn != signIn || p.Type == "" || p.Title == "" || p.Detail == "" {
		t.Errorf("%v in %s, want %s and %s", err, a.body, reason, signIn)
	}
	if method, _, _ := strings.Cut(request, " "); method != "GET" && !strings.Contains(p.Detail, "This "+method+" was not carried out") {
		t.Errorf("the %s is lost silently: %s", method, p.Detail)
	}
	if a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("Content-Type %q", a.Header.Get("Content-Type"))
	}
	if c := a.Header.Values("WWW-Authenticate"); a.StatusCode == http.StatusUnauthorized && len(c) != 1 {
		t.Errorf("WWW-Authenticate %q (RFC 9110 section 15.5.2)", c)
	}
}

// TestProxyPasses: who is signed in reaches the app as they asked.
func TestProxyPasses(t *testing.T) {
	eachGateway(t, func(t *testing.T, g *gateway) {
		cookies, id := g.member("anna@example.org")
		_, secret, _ := strings.Cut(cookies, "__Host-session=")
		secret, _, _ = strings.Cut(secret, ";")
		w := g.wire()
		t.Run("method, path, query, body", func(t *testing.T) {
			const body = "a=1&b=2"
			a := w.send(fmt.Sprintf("PUT /a%%20b?c=d HTTP/1.1\r\nHost: %s\r\n%s; own=1\r\nContent-Length: %d\r\n\r\n%s", g.host, cookies, len(body), body))
			h, ok := a.heard()
			if !ok || h.Request != "PUT /a%20b?c=d HTTP/1.1" || h.Body != body {
				t.Errorf("%d: the app heard %q and %q", a.StatusCode, h.Request, h.Body)
			}
			wantOurs(t, g, &h, id, secret)
		})
		t.Run("fields behind the body are not ours", func(t *testing.T) {
			a := g.wire().send(fmt.Sprintf("PUT /x HTTP/1.1\r\nHost: %s\r\n%s; own=1\r\nTE: trailers\r\nTrailer: Remote-User\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nRemote-User: mallory\r\nRemote_User: mallory\r\n\r\n", g.host, cookies))
			h, ok := a.heard()
			if wantOurs(t, g, &h, id, secret); !ok || h.Body != "abc" {
				t.Errorf("%d: %q", a.StatusCode, h.Body)
			}
			// HAProxy 2.6 has no way to drop them, and its configuration says so.
			if g.name != "haproxy" && len(h.Trailer) > 0 {
				t.Errorf("the app heard %q behind the body", h.Trailer)
			}
		})
		t.Run("Authorization stays here", func(t *testing.T) {
			h, ok := w.ask("GET /x", cookies, "Authorization: Bearer of-another").heard()
			if g.name != "apache" && (!ok || h.one("Authorization") != "") { // serve --protect passes on what is not ours
				t.Errorf("%v, the app heard %q", ok, h.one("Authorization"))
			}
		})
		for _, tt := range []struct {
			what string
			sent []string
			want string
		}{
			{"ours alone", []string{cookies}, ""},
			{"ours first", []string{cookies + "; a=1; b=2"}, "a=1; b=2"},
			{"ours between", []string{"Cookie: a=1; __Host-session=" + secret + "; b=2"}, "a=1; b=2"},
			{"ours last", []string{"Cookie: a=1; b=2; __Host-session=" + secret}, "a=1; b=2"},
			{"in a line of its own", []string{"Cookie: a=1", "Cookie: __Host-session=" + secret, "Cookie: b=2"}, "a=1; b=2"},
			{"an app's cookies whose names end like ours", []string{"Cookie: my-session=1; __Host-session=" + secret + "; visit=3"}, "my-session=1; visit=3"},
			{"an app's cookie of many signs", []string{`Cookie: a="x y", b={1}=$2\3{http.request.uri}; __Host-session=` + secret}, `a="x y", b={1}=$2\3{http.request.uri}`},
		} {
			t.Run("cookies: "+tt.what, func(t *testing.T) {
				h, ok := w.ask("GET /x", tt.sent...).heard()
				if g.name == "apache" && len(tt.sent) > 1 { // it joins lines by commas, which is no cookie of ours any more
					if ok {
						t.Errorf("the app heard %q", h.Lines)
					}
					return
				}
				if got := h.one("Cookie"); !ok || got != tt.want {
					t.Errorf("%v, the app heard %q, want %q", ok, got, tt.want)
				}
				if tt.want == "" && len(h.values("Cookie")) > 0 {
					t.Error("the app heard an empty line")
				}
			})
		}
		t.Run("two session cookies are none", func(t *testing.T) {
			twice := []string{byScript, cookies, "Cookie: __host-session=x"}
			if g.name == "apache" { // two lines joined by a comma are no two cookies
				twice = []string{byScript, cookies + "; __host-session=x"}
			}
			if a := w.ask("GET /x", twice...); a.StatusCode < 400 || a.StatusCode >= 500 {
				t.Errorf("%d", a.StatusCode)
			}
		})
		t.Run("what stands under our prefix is not the app's", func(t *testing.T) {
			before := g.app.calls.Load()
			for _, path := range []string{"/.cloakroom/", "/.cloakroom/start", "/.cloakroom/x", "/.cloakroom/enter?code=x"} {
				if a := w.ask("GET "+path, cookies, byBrowser); a.StatusCode == http.StatusOK || g.app.calls.Load() != before {
					t.Errorf("%s: %d", path, a.StatusCode)
				}
			}
		})
		t.Run("WebSocket", func(t *testing.T) {
			const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" // of RFC 6455 section 1.3
			ws := g.wire()
			a := ws.ask("GET /socket", cookies, "Upgrade: WebSocket", "Connection: keep-alive, Upgrade", key)
			if a.StatusCode != http.StatusSwitchingProtocols || a.Header.Get("X-User") != id {
				t.Fatalf("%d, as %q\n%s", a.StatusCode, a.Header.Get("X-User"), a.body)
			}
			if _, err := io.WriteString(ws.conn, "hello\n"); err != nil {
				t.Fatal(err)
			}
			if said, err := ws.r.ReadString('\n'); said != "hello\n" {
				t.Errorf("%q, %v", said, err)
			}
			before := g.app.calls.Load()
			if a := g.wire().ask("GET /socket", "Upgrade: websocket", "Connection: Upgrade", key); a.StatusCode != http.StatusUnauthorized || g.app.calls.Load() != before {
				t.Errorf("without a session: %d", a.StatusCode)
			}
		})
		t.Run("h2c is no tunnel to the app", func(t *testing.T) {
			for _, up := range []string{"h2c", "TLS/1.0", "websocket, h2c", "h2c, websocket", "h2c\r\nUpgrade: websocket", "websocket\r\nUpgrade: h2c"} {
				a := g.wire().ask("GET /x", cookies, "Upgrade: "+up, "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__")
				h, ok := a.heard()
				if a.StatusCode == http.StatusSwitchingProtocols && a.Header.Get("X-User") == id { // then as a WebSocket, which the app has heard of
					continue
				}
				if !ok && a.StatusCode < 400 || len(h.values("Upgrade")) > 0 || slices.ContainsFunc(h.values("Connection"), func(v string) bool { return strings.Contains(strings.ToLower(v), "upgrade") }) {
					t.Errorf("%s: %d, the app heard %q", up, a.StatusCode, h.Lines)
				}
			}
		})
	})
}

// TestProxyPassesAuthorization: for apps with tokens of their own.
func TestProxyPassesAuthorization(t *testing.T) {
	eachGateway(t, func(t *testing.T, g *gateway) {
		cookies, _ := g.member("anna@example.org")
		h, ok := g.wire().ask("GET /x", cookies, "Authorization: Bearer of-the-app").heard()
		if !ok || h.one("Authorization") != "Bearer of-the-app" {
			t.Errorf("%v, the app heard %q", ok, h.one("Authorization"))
		}
	}, "--pass-authorization")
}

// TestProxyFaults_FA01: whatever goes wrong with the question, nobody reaches the app.
func TestProxyFaults_FA01(t *testing.T) {
	eachGateway(t, func(t *testing.T, g *gateway) {
		cookies, _ := g.member("anna@example.org")
		if g.name == "apache" {
			return // asks nothing
		}
		raw := func(text string) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				conn, rw, err := http.NewResponseController(w).Hijack()
				if err == nil {
					fmt.Fprint(rw, text)
					rw.Flush()
					conn.Close()
				}
			}
		}
		w := g.wire()
		closed := func(t *testing.T, asks ...string) {
			t.Helper()
			before := g.app.calls.Load()
			for _, who := range asks {
				if a := w.ask("GET /", cookies, who); a.StatusCode < 300 || g.app.calls.Load() != before {
					t.Errorf("%s: got %d, the app heard %d requests", who, a.StatusCode, g.app.calls.Load()-before)
				}
			}
		}
		for what, wrong := range map[string]http.HandlerFunc{
			"500": saying(500), "503": saying(503), "429": saying(429), "404, as if the route had gone": saying(404), "403": saying(403), "400": saying(400), "302": saying(302, "Location", "http://evil.test/"), "304": saying(304),
			"the connection is closed without a word": raw(""), "half a header": raw("HTTP/1.1 200 OK\r\nRemote-User: ro"), "no HTTP at all": raw("hello\r\n\r\n"),
			"a header larger than is read": saying(200, "Remote-User", strings.Repeat("x", 11<<20)), "a panic": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		} {
			t.Run(what, func(t *testing.T) {
				g.wrong.Store(&wrong)
				defer g.wrong.Store(nil)
				closed(t, byBrowser, byScript)
			})
		}
		if _, ok := w.ask("GET /", cookies).heard(); !ok {
			t.Error("mended, and still closed")
		}
		g.down()
		t.Run("nobody is there to be asked", func(t *testing.T) { closed(t, byBrowser) })
	})
}
