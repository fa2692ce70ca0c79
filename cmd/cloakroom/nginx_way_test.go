package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestNginxWithoutSession: nobody who is not signed in reaches the app, and each hears what helps them.
func TestNginxWithoutSession(t *testing.T) {
	s := newStreet(t, "", nil)
	signIn := func(path string) string {
		return s.house.URL + "/signin?" + url.Values{"return_to": {"http://" + s.host + path}}.Encode()
	}
	gone, _ := s.person("gone@example.org")
	if _, err := s.house.App.DisableUser(t.Context(), "gone@example.org", "test"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what, request string
		lines         []string
		status        int
		location      string
		reason        string
	}{
		{"a person follows a link", "GET /", []string{byBrowser}, 302, signIn("/"), ""},
		{"the way back keeps path and query", "GET /a/b?x=1&y=%2F+z", []string{byBrowser}, 302, signIn("/a/b?x=1&y=%2F+z"), ""},
		{"an old browser, which only says that it wants HTML", "GET /x", []string{"Accept: text/html,*/*"}, 302, signIn("/x"), ""},
		{"HEAD is a navigation too", "HEAD /x", []string{byBrowser}, 302, signIn("/x"), ""},
		{"a script fetches", "GET /data", []string{byScript, "Accept: text/html"}, 401, "", "no-credentials"},
		{"a program without any of these headers", "GET /data", nil, 401, "", "no-credentials"},
		{"a form is posted: what it held cannot be kept", "POST /form", []string{byBrowser}, 401, "", "no-credentials"},
		{"DELETE", "DELETE /x", []string{byScript}, 401, "", "no-credentials"},
		{"OPTIONS is no way in", "OPTIONS /x", []string{byScript}, 401, "", "no-credentials"},
		{"FA-07 a health check's User-Agent is no key", "GET /healthz", []string{"User-Agent: kube-probe/1.30"}, 401, "", "no-credentials"},
		{"FA-07 nor is that of a load balancer", "GET /ping", []string{"User-Agent: GoogleHC/1.0"}, 401, "", "no-credentials"},
		{"a session that has ended says why", "GET /x", []string{byScript, gone}, 401, "", "account-disabled"},
		{"CV-50 a malformed cookie", "GET /x", []string{byScript, "Cookie: __Host-session=;;=\"; =x"}, 401, "", "no-credentials"},
		{"CV-50 a session cookie of nonsense", "GET /x", []string{byScript, "Cookie: __Host-session=AAAA"}, 401, "", "unknown-session"},
		{"two session cookies", "GET /x", []string{byScript, "Cookie: __Host-session=a; __Host-session=b"}, 400, "", "duplicate-cookie"},
		{"two session cookies in two lines", "GET /x", []string{byScript, "Cookie: __Host-session=a", "Cookie: __Host-session=b"}, 400, "", "duplicate-cookie"},
		{"a token of nonsense", "GET /x", []string{byScript, "Authorization: Bearer a.b.c"}, 401, "", "invalid-token"},
		{"two tokens", "GET /x", []string{byScript, "Authorization: Bearer a", "Authorization: Bearer b"}, 400, "", ""},
		{"CV-48 a backslash in the path", "GET /a\\b", []string{byBrowser}, 400, "", "malformed-request"},
		{"CV-48 a broken escape", "GET /%zz", []string{byBrowser}, 400, "", ""},
		{"another Host than the app's is none that anybody set up", "GET /x", []string{byBrowser, "Host: evil.test"}, 403, "", "unknown-host"},
		{"a Host with a path in it", "GET /x", []string{byBrowser, "Host: evil.test/x"}, 400, "", ""},
		{"X-Original-URL of the client is overwritten", "GET /x", []string{byBrowser, "X-Original-URL: http://evil.test/"}, 302, signIn("/x"), ""},
		{"X-Original-Method of the client is overwritten", "POST /x", []string{byBrowser, "X-Original-Method: GET"}, 401, "", "no-credentials"},
		{"our headers are no credentials", "GET /x", []string{byScript, "Remote-User: admin", "Remote-Groups: admins"}, 401, "", "no-credentials"},
		{"the question itself cannot be asked from outside", "GET /.cloakroom/check", []string{byScript}, 404, "", ""},
		{"nor by another spelling of it", "GET //.cloakroom//check", []string{byScript}, 404, "", ""},
		{"nor by an escaped one", "GET /%2Ecloakroom/check", []string{byScript}, 404, "", ""},
		{"the named location is no address", "GET /@cloakroom_signin", []string{byScript}, 401, "", "no-credentials"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			before := s.app.count()
			r := s.ask(tt.request, append(tt.lines, "Connection: close")...)
			if r.StatusCode != tt.status || r.Header.Get("Location") != tt.location {
				t.Errorf("got %d to %q, want %d to %q\n%s", r.StatusCode, r.Header.Get("Location"), tt.status, tt.location, r.body)
			}
			switch {
			case tt.reason != "" && slices.Contains(tt.lines, byBrowser):
				wantRefusedPage(t, r, tt.reason)
			case tt.reason != "":
				wantProblem(t, r, tt.reason)
			}
			if (tt.status == 302 || tt.reason != "") && r.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control is %q: the refusal may be kept and shown again", r.Header.Get("Cache-Control"))
			}
			if s.app.count() != before {
				t.Error("the app heard of it")
			}
		})
	}
}

// wantRefusedPage checks what a person is shown who cannot be sent to sign in.
func wantRefusedPage(t *testing.T, r reply, reason string) {
	t.Helper()
	h := r.Header
	if h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("X-Cloakroom-Reason") != reason || !strings.Contains(r.body, `<p class="lead">`) ||
		!strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") {
		t.Errorf("got %v\n%s\nwant a page with the reason %s", h, r.body, reason)
	}
}

// wantProblem checks the problem document and the challenge that RFC 9110 section 15.5.2 asks for.
func wantProblem(t *testing.T, r reply, reason string) {
	t.Helper()
	var p struct {
		Status int
		Reason string
	}
	if err := json.Unmarshal([]byte(r.body), &p); err != nil || p.Status != r.StatusCode || p.Reason != reason {
		t.Errorf("got %s (%v), want a problem with the reason %s", r.body, err, reason)
	}
	if ct := r.Header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("Content-Type %q", ct)
	}
	if c := r.Header.Values("WWW-Authenticate"); r.StatusCode == http.StatusUnauthorized && (len(c) != 1 || !strings.HasPrefix(c[0], "Bearer realm=") || reason == "invalid-token" && !strings.Contains(c[0], `error="invalid_token"`)) {
		t.Errorf("WWW-Authenticate %q", c)
	}
}

// TestNginxWithSession: who is signed in reaches the app as they asked.
func TestNginxWithSession(t *testing.T) {
	s := newStreet(t, "", nil)
	cookie, id := s.person("anna@example.org")
	t.Run("a page", func(t *testing.T) {
		h := s.ask("GET /a%20b?c=d", cookie, byBrowser, "Connection: close").heard(t)
		if h.Method != "GET" || h.Path != "/a%20b?c=d" || h.Host != s.host || h.Header.Get("Remote-User") != id {
			t.Errorf("the app heard %+v", h)
		}
	})
	t.Run("a form, whose body goes to the app and not to the question", func(t *testing.T) {
		h := s.askBody("POST /form", "secret=1", cookie, "Connection: close").heard(t)
		q := s.gate.last()
		if h.Body != "secret=1" || q.ContentLength > 0 || q.Method != "GET" {
			t.Errorf("the app heard %q, the question was %s with %d bytes", h.Body, q.Method, q.ContentLength)
		}
	})
	t.Run("the way back from the sign-in leads to the app", func(t *testing.T) {
		c := s.house.Client()
		a := c.Form("/signin", url.Values{"email": {"anna@example.org"}, "password": {servertest.Password}, "return_to": {"http://" + s.host + "/x?y=1"}})
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("sign in: %d %s", a.StatusCode, a.Body)
		}
		a = c.Get(strings.TrimPrefix(a.Header.Get("Location"), s.house.URL))
		if got := a.Header.Get("Location"); got != "http://"+s.host+"/x?y=1" {
			t.Errorf("back to %q", got)
		}
	})
	t.Run("a token", func(t *testing.T) {
		var tokens struct {
			Access string `json:"access_token"`
		}
		s.house.Client().JSON("/api/token", map[string]string{"email": "anna@example.org", "password": servertest.Password}).Decode(t, &tokens)
		h := s.ask("GET /", "Authorization: Bearer "+tokens.Access, "Connection: close").heard(t)
		if h.Header.Get("Remote-User") != id || h.Header.Get("Authorization") != "" {
			t.Errorf("the app heard %v", h.Header)
		}
		// The cookie decides; a token does not mend a dead one.
		r := s.ask("GET /", "Authorization: Bearer "+tokens.Access, "Cookie: __Host-session=AAAA", "Connection: close")
		if r.StatusCode != http.StatusUnauthorized {
			t.Errorf("a token beside a dead cookie: %d", r.StatusCode)
		}
	})
	t.Run("a WebSocket", func(t *testing.T) {
		r := s.ask("GET /ws", cookie, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
		if r.StatusCode != http.StatusSwitchingProtocols || r.Header.Get("X-User") != id {
			t.Fatalf("got %d %v", r.StatusCode, r.Header)
		}
		if _, err := r.conn.WriteString("hello\n"); err != nil {
			t.Fatal(err)
		}
		r.conn.Flush()
		if line, err := r.conn.ReadString('\n'); err != nil || line != "echo hello\n" {
			t.Errorf("got %q, %v", line, err)
		}
	})
	t.Run("a WebSocket without a session", func(t *testing.T) {
		r := s.ask("GET /ws", "Connection: Upgrade", "Upgrade: websocket", "Sec-Fetch-Mode: websocket")
		if r.StatusCode != http.StatusUnauthorized {
			t.Errorf("got %d", r.StatusCode)
		}
	})
	t.Run("no other protocol: in a tunnel to the app anybody could write our headers", func(t *testing.T) {
		for _, protocol := range []string{"h2c", "HTTP/2.0", "TLS/1.0", "websocket, h2c", "h2c, websocket", "websocketh2c"} {
			h := s.ask("GET /", cookie, "Connection: Upgrade, HTTP2-Settings", "Upgrade: "+protocol, "HTTP2-Settings: AAMAAABkAAQAAP__").heard(t)
			if h.Header.Get("Upgrade") != "" || strings.EqualFold(h.Header.Get("Connection"), "upgrade") {
				t.Errorf("the app was asked for %s: %v", protocol, h.Header)
			}
		}
	})
}

// TestNginxEnding: what ends a sign-in closes the app within a second, also when another process did it.
func TestNginxEnding(t *testing.T) {
	s := newStreet(t, "", nil)
	other, err := app.Open(t.Context(), app.Config{Data: s.house.Dir, URL: s.house.URL}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(t.Context())
	for _, tt := range []struct {
		what, reason string
		end          func(*app.App, string) error
	}{
		{"disabled by the server", "account-disabled", func(a *app.App, email string) error {
			_, err := s.house.App.DisableUser(t.Context(), email, "test")
			return err
		}},
		{"disabled by another process", "account-disabled", func(a *app.App, email string) error {
			_, err := a.DisableUser(t.Context(), email, "test")
			return err
		}},
		{"all sessions ended by another process", "ended-by-admin", func(a *app.App, _ string) error {
			_, err := a.EndEverybody(t.Context(), "test")
			return err
		}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			email := strings.ReplaceAll(tt.what, " ", "-") + "@example.org"
			cookie, id := s.person(email)
			if h := s.ask("GET /", cookie, "Connection: close").heard(t); h.Header.Get("Remote-User") != id {
				t.Fatalf("the app heard %v", h.Header)
			}
			if err := tt.end(other, email); err != nil {
				t.Fatal(err)
			}
			wantSoon(t, func() bool {
				r := s.ask("GET /", cookie, byScript, "Connection: close")
				return r.StatusCode == http.StatusUnauthorized && strings.Contains(r.body, tt.reason)
			})
		})
	}
}

// wantSoon asks until the answer is yes. What counts is when the question was put, not how slow the machine is.
func wantSoon(t *testing.T, ok func() bool) {
	t.Helper()
	start, asked := time.Now(), time.Duration(0)
	waitFor(t, "the ending holds", func() bool { asked = time.Since(start); return ok() })
	if asked > testenv.Soon {
		t.Errorf("it held after %v", asked)
	}
}
