package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

func originRules(c *app.Config) {
	ruled(c)
	c.Rules = append(c.Rules, access.Rule{Host: wikiHost, Path: "/api", Origins: []string{"https://home.test"}, Source: "line 4"})
}

// TestPagesOfOthers: a browser sends an app's cookie along with what a page of a sibling host made up. What changes something, or opens a WebSocket, passes
// from the app's own pages, and from those that a rule names.
func TestPagesOfOthers(t *testing.T) {
	const (
		wiki   = "https://" + wikiHost
		own    = "Origin: " + wiki
		home   = "Origin: https://home.test"
		evil   = "Origin: https://evil.test"
		none   = "Origin: null"
		same   = "Sec-Fetch-Site: same-origin"
		user   = "Sec-Fetch-Site: none"
		near   = "Sec-Fetch-Site: same-site"
		far    = "Sec-Fetch-Site: cross-site"
		socket = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
		asks   = "Access-Control-Request-Method: POST"
	)
	h := town(t, originRules)
	h.Client().SignUp("anna@example.org")
	b := walk(t, h)
	b.signIn(b.open(wikiPage))
	ask := func(method, path string, lines ...string) *http.Response {
		return question{"GET", "/forward-auth/caddy", "", []string{
			"X-Forwarded-Method: " + method, "X-Forwarded-Proto: https", "X-Forwarded-Host: " + wikiHost, "X-Forwarded-Uri: " + path, "X-Forwarded-For: 203.0.113.9",
		}}.put(h, lines...)
	}
	anna, stranger := "Cookie: __Host-session="+b.jars[wikiHost]["__Host-session"], "Cookie: theme=dark"
	for _, c := range []struct {
		by, method, path string
		lines            []string
		status           int
		person           bool
	}{
		{anna, "POST", "/", nil, 200, true}, // no browser
		{anna, "POST", "/", []string{own}, 200, true},
		{anna, "POST", "/", []string{own, same}, 200, true},
		{anna, "POST", "/", []string{own, near}, 200, true},
		{anna, "POST", "/", []string{same}, 200, true},
		{anna, "POST", "/", []string{user}, 200, true},
		{anna, "POST", "/", []string{none, same}, 200, true}, // as from a page with Referrer-Policy: no-referrer
		{anna, "POST", "/", []string{evil}, 403, false},
		{anna, "POST", "/", []string{evil, near}, 403, false},
		{anna, "POST", "/", []string{evil, far}, 403, false},
		{anna, "POST", "/", []string{near}, 403, false},
		{anna, "POST", "/", []string{none}, 403, false},
		{anna, "POST", "/", []string{"Origin: "}, 403, false},
		{anna, "POST", "/", []string{own, evil}, 403, false},
		{anna, "POST", "/", []string{evil, same, near}, 403, false},
		{anna, "POST", "/", []string{"Origin: http://" + wikiHost}, 403, false},
		{anna, "POST", "/", []string{"Origin: " + wiki + ":8443"}, 403, false},
		{anna, "POST", "/", []string{home}, 403, false},
		{anna, "PUT", "/", []string{evil}, 403, false},
		{anna, "DELETE", "/", []string{evil, near}, 403, false},
		{anna, "POST", "/api/x", []string{home, near}, 200, true},
		{anna, "POST", "/api/x", []string{evil, near}, 403, false},
		{anna, "GET", "/", []string{evil, near}, 200, true}, // a link, a picture
		{anna, "HEAD", "/", []string{evil}, 200, true},
		{anna, "GET", "/live", []string{socket}, 200, true},
		{anna, "GET", "/live", []string{socket, own}, 200, true},
		{anna, "GET", "/live", []string{socket, own, same}, 200, true},
		{anna, "GET", "/live", []string{socket, evil}, 403, false},
		{anna, "GET", "/live", []string{socket, evil, near}, 403, false},
		{anna, "GET", "/api/live", []string{socket, home, near}, 200, true},
		{anna, "POST", "/hook", []string{evil, near}, 200, false}, // a public path: everybody may, and as nobody
		{anna, "POST", "/hook", []string{own}, 200, true},
		{stranger, "POST", "/hook", []string{evil, far}, 200, false},
		{stranger, "POST", "/api/x", []string{home, far}, 401, false},
		{stranger, "OPTIONS", "/api/x", []string{home, far, asks}, 200, false},
		{stranger, "OPTIONS", "/api/x", []string{home, far}, 401, false},
		{stranger, "OPTIONS", "/api/x", []string{evil, far, asks}, 401, false},
		{stranger, "OPTIONS", "/", []string{home, far, asks}, 401, false},
	} {
		a := ask(c.method, c.path, append(c.lines, c.by)...)
		reason := map[int]string{403: "cross-origin", 401: "no-credentials"}[c.status]
		if a.StatusCode != c.status || a.Header.Get("X-Cloakroom-Reason") != reason || (a.Header.Get("Remote-User") != "") != c.person {
			t.Errorf("%s %s %q: %s %q, as %q", c.method, c.path, c.lines, a.Status, a.Header.Get("X-Cloakroom-Reason"), a.Header.Get("Remote-User"))
		}
		wantIdentity(t, c.path, a)
	}

	a := ask("POST", "/", anna, evil, near, "Sec-Fetch-Mode: navigate")
	if _, page := readTold(t, a); a.StatusCode != http.StatusForbidden || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") || !strings.Contains(page, "A page of https://evil.test has sent this, and may not.") {
		t.Errorf("a person whose form was refused: %s\n%s", a.Status, page)
	}
	for _, origin := range []string{"null", `https://evil.test/"\x`, "https://evil test", "https://evil.test/" + strings.Repeat("x", 300)} {
		a = ask("POST", "/", anna, "Origin: "+origin, near)
		if p, _ := readTold(t, a); p.Reason != "cross-origin" || !strings.HasPrefix(p.Detail, "A page of another origin has sent this, and may not. This POST was not carried out") {
			t.Errorf("%q is repeated: %s", origin, p.Detail)
		}
	}
	var tokens struct {
		Access string `json:"access_token"`
	}
	h.Client().JSON("/api/token", map[string]string{"email": "anna@example.org", "password": servertest.Password}).Decode(t, &tokens)
	if a := ask("POST", "/", evil, far, "Authorization: Bearer "+tokens.Access); a.StatusCode != http.StatusOK {
		t.Errorf("a page that has a token of its own: %s", a.Status)
	}
}
