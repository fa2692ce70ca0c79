package e2e_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// TestProxiesPassWhatRequestsSayOfThemselves_SE07: behind each proxy, a request that says that no person caused it leaves the session as old as it was, and
// every other counts. How long is left is asked at the app's host, and is no use either.
func TestProxiesPassWhatRequestsSayOfThemselves_SE07(t *testing.T) {
	eachGateway(t, func(t *testing.T, g *gateway) {
		cookies, _ := g.member("idle@example.org")
		w := g.wire()
		idleAt := func() time.Time {
			t.Helper()
			a := w.ask("GET /.cloakroom/remaining", cookies, byScript)
			var left struct {
				IdleAt    time.Time `json:"idle_at"`
				Remaining int
				EndsBy    string `json:"ends_by"`
			}
			if err := json.Unmarshal([]byte(a.body), &left); err != nil || a.StatusCode != http.StatusOK || left.EndsBy != "idle" || left.Remaining < 3000 {
				t.Fatalf("%d %s, %v", a.StatusCode, a.body, err)
			}
			if len(a.Header["Set-Cookie"]) > 0 {
				t.Errorf("a cookie is set: %v", a.Header["Set-Cookie"])
			}
			return left.IdleAt
		}
		for _, row := range []struct {
			story, request, header string
			counts                 bool
		}{
			{"a script", "GET /any", byScript, true},
			{"a script that says that it polls", "GET /any", "X-Cloakroom-Unattended: 1", false},
			{"one that posts", "POST /any", "X-Cloakroom-Unattended: 1\r\nContent-Length: 0", false},
			{"one that says that it does not", "GET /any", "X-Cloakroom-Unattended: 0", true},
			{"a page that is fetched ahead", "GET /any", "Sec-Purpose: prefetch;prerender", false},
			{"by an older browser", "GET /any", "Purpose: prefetch", false},
			{"somebody follows a link", "GET /any", byBrowser + "\r\nSec-Fetch-User: ?1", true},
		} {
			before := idleAt()
			if a := w.ask(row.request, cookies, row.header); a.StatusCode != http.StatusOK {
				t.Fatalf("%s: %d %s", row.story, a.StatusCode, a.body)
			}
			if after := idleAt(); after.After(before) != row.counts {
				t.Errorf("%s: from %v to %v, counts: want %v", row.story, before, after, row.counts)
			}
		}
	})
}
