package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// golden is what stands on an answer, without what differs each time.
func golden(h http.Header) string {
	var lines []string
	for name, values := range h {
		switch name {
		case "X-Request-Id", "Date", "Content-Length", "Set-Cookie", "Server-Timing":
			continue
		}
		lines = append(lines, name+": "+strings.Join(values, ", "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

const pageGolden = `Cache-Control: no-store
Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'
Content-Type: text/html; charset=utf-8
Cross-Origin-Opener-Policy: same-origin
Referrer-Policy: no-referrer
Strict-Transport-Security: max-age=31536000; includeSubDomains
X-Content-Type-Options: nosniff
X-Frame-Options: DENY`

// TestHeadersOfEveryPage_AU35: all pages, refusals too, to the letter.
func TestHeadersOfEveryPage_AU35(t *testing.T) {
	h := servertest.Start(t, func(c *app.Config) { c.URL = "https://auth.example.com" })
	c := h.Client()
	c.SignUp(anna)
	stranger := h.Client()
	pages := 0
	for _, r := range append(h.Server.Routes(), h.Server.Routes()[0]) {
		if r.Zone != "page" || r.Method != "GET" {
			continue
		}
		for _, who := range []*servertest.Client{c, stranger} {
			for _, method := range []string{"GET", "HEAD"} {
				a := who.Do(method, r.Path, "")
				got := golden(a.Header)
				if to := a.Header.Get("Location"); to != "" {
					got = strings.Replace(got, "Location: "+to+"\n", "", 1)
				}
				if got != pageGolden {
					t.Errorf("%s %s:\n got %s\nwant %s", method, r.Path, got, pageGolden)
				}
				pages++
			}
		}
	}
	if pages < 40 {
		t.Errorf("only %d pages", pages)
	}
	for _, a := range []servertest.Answer{c.Get("/nothing"), stranger.Get("/nothing"), c.Do("POST", "/account", "x"), c.Get("/signin", "Cookie: "+strings.Repeat("a=b;", 700))} {
		if got := golden(a.Header); got != pageGolden {
			t.Errorf("%d:\n got %s\nwant %s", a.StatusCode, got, pageGolden)
		}
	}
	if a := servertest.Start(t, nil).Client().Get("/signin"); a.Header.Get("Strict-Transport-Security") != "" {
		t.Error("a house on http://localhost binds the browser to https for a year")
	}
}

// TestAProxyCannotMoveOurLinks_AU34: links are made of the configured URL, whatever a request says of itself.
func TestAProxyCannotMoveOurLinks_AU34(t *testing.T) {
	h := servertest.Start(t, func(c *app.Config) { c.Signup = app.SignupInvite })
	admin := administrator(t, h)
	variants := []string{
		"Host: evil.example", "Host: evil.example:80", "Host: localhost", "X-Forwarded-Host: evil.example", "X-Forwarded-Host: evil.example, localhost",
		"X-Forwarded-Proto: http", "X-Forwarded-Proto: javascript", "X-Forwarded-Port: 1", "X-Forwarded-Prefix: /evil", "X-Forwarded-Server: evil.example",
		"Forwarded: host=evil.example;proto=http", "X-Host: evil.example", "X-Original-Host: evil.example", "X-Rewrite-URL: /evil", "X-Original-URL: https://evil.example/",
		"X-HTTP-Host-Override: evil.example", "X-Forwarded-Scheme: http", "X-Url-Scheme: http", "Front-End-Https: off", "Via: 1.1 evil.example", "X-Forwarded-For: 127.0.0.1",
	}
	for i, header := range variants {
		// Origin is what a browser says of the page; CrossOriginProtection compares it with our URL too.
		link := invite(t, admin, fmt.Sprintf("p%d@example.org", i), "", header, "Origin: "+h.URL)
		if !strings.HasPrefix(link, h.URL+"/signup?invitation=") {
			t.Errorf("%s: %s", header, link)
		}
		a := h.Client().Get("/.well-known/oauth-authorization-server", header)
		if strings.Contains(a.Body, "evil") || member(t, a.Body, "issuer") != `"`+h.URL+`"` {
			t.Errorf("%s: %s", header, a.Body)
		}
		if to := h.Client().Get("/account", header).Header.Get("Location"); !strings.HasPrefix(to, "/signin?") {
			t.Errorf("%s: sent to %s", header, to)
		}
		if to := h.Client().Get("//account", header).Header.Get("Location"); strings.Contains(to, "evil") {
			t.Errorf("%s: sent to %s", header, to)
		}
	}
	if len(variants) < 20 {
		t.Errorf("only %d variants", len(variants))
	}
}

// TestServerTimingIsForMembersAlone: on a route that checks a secret the time itself would be an answer.
func TestServerTimingIsForMembersAlone(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	for _, path := range []string{"/account", "/account/sessions", "/api/me", "/api/sessions"} {
		got := c.Get(path).Header.Get("Server-Timing")
		for _, step := range []string{"cookie;dur=", "session;dur=", "guard;dur=", "handler;dur="} {
			if !strings.Contains(got, step) {
				t.Errorf("%s: Server-Timing %q lacks %s", path, got, step)
			}
		}
		if got := h.Client().Get(path).Header.Get("Server-Timing"); got != "" {
			t.Errorf("%s: a stranger is told %q", path, got)
		}
	}
	good, bad := map[string]string{"email": anna, "password": servertest.Password}, map[string]string{"email": anna, "password": "wrong"}
	for _, path := range []string{"/api/signin", "/api/token"} {
		for _, v := range []map[string]string{good, bad} {
			if got := c.JSON(path, v).Header.Get("Server-Timing"); got != "" {
				t.Errorf("%s: %q", path, got)
			}
		}
	}
}
