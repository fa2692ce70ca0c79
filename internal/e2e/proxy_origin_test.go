package e2e_test

import (
	"net/http"
	"testing"
)

// TestProxyRefusesPagesOfOthers: a page of another app of the same domain cannot act in this one as whoever looks at it, through any proxy; one that a rule
// names can, and its browser hears so before.
func TestProxyRefusesPagesOfOthers_T4(t *testing.T) {
	const (
		evil  = "Origin: http://evil.localhost"
		home  = "Origin: " + sharedWith
		near  = "Sec-Fetch-Site: same-site"
		empty = "Content-Length: 0"
		asks  = "Access-Control-Request-Method: PUT"
	)
	socket := []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
	eachGateway(t, func(t *testing.T, g *gateway) {
		cookies, id := g.member("anna@example.org")
		own := "Origin: http://" + g.host
		for _, tt := range []struct {
			what, request string
			lines         []string
			status        int
			as            string // whom the app is told
		}{
			{"a form of the app", "POST /x", []string{cookies, own, empty}, 200, id},
			{"a form of another app", "POST /x", []string{cookies, evil, near, empty}, 403, ""},
			{"one that hides where it is", "POST /x", []string{cookies, "Origin: null", near, empty}, 403, ""},
			{"an old browser, which says Origin alone", "DELETE /x", []string{cookies, evil}, 403, ""},
			{"a link on another app's page", "GET /x", []string{cookies, near}, 200, id},
			{"a WebSocket of another app's page", "GET /x", append([]string{cookies, evil}, socket...), 403, ""},
			{"a form that the rules let send", "PUT " + sharedPath, []string{cookies, home, near, empty}, 200, id},
			{"the question before it", "OPTIONS " + sharedPath, []string{home, near, asks}, 200, ""},
			{"a question for another page", "OPTIONS " + sharedPath, []string{evil, near, asks}, 401, ""},
		} {
			t.Run(tt.what, func(t *testing.T) {
				before := g.app.calls.Load()
				a := g.wire().ask(tt.request, tt.lines...)
				if a.StatusCode != tt.status || (tt.status == 200) != (g.app.calls.Load() > before) {
					t.Fatalf("%d, the app heard %d requests\n%s", a.StatusCode, g.app.calls.Load()-before, a.body)
				}
				if h, ok := a.heard(); ok && h.one("Remote-User") != tt.as {
					t.Errorf("the app hears of %q, want %q", h.one("Remote-User"), tt.as)
				}
				if tt.status == http.StatusForbidden {
					wantTold(t, a, "cross-origin", "", tt.request)
				}
			})
		}
		t.Run("WebSockets of the app and of whom the rules let", func(t *testing.T) {
			for path, origin := range map[string]string{"/x": own, sharedPath: home} {
				a := g.wire().ask("GET "+path, append([]string{cookies, origin}, socket...)...)
				if a.StatusCode != http.StatusSwitchingProtocols || a.Header.Get("X-User") != id {
					t.Errorf("%s from %s: %d as %q", path, origin, a.StatusCode, a.Header.Get("X-User"))
				}
			}
		})
	})
}
