package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
)

const (
	wikiHome      = "https://" + wikiHost + "/"
	wikiRemaining = "https://" + wikiHost + "/.cloakroom/remaining"
)

// atWiki is a browser that has just signed in and is at the wiki, which lists what it sends by itself.
func atWiki(t *testing.T) *walker {
	t.Helper()
	h := town(t, func(c *app.Config) { c.Unattended = []string{wikiHost + "/api/poll", "GET " + wikiHost + "/live/"} })
	h.Client().SignUp(anna)
	b := walk(t, h)
	a, at := b.signIn(b.open(wikiHome))
	b.arrived(a, at, wikiHome)
	return b
}

// wikiLeft asks at the wiki's own host how long is left.
func wikiLeft(b *walker) (code int, l left, reason string) {
	b.t.Helper()
	a := b.do("GET", wikiRemaining, "", "Sec-Fetch-Mode: cors")
	if len(a.Cookies()) > 0 {
		b.t.Errorf("a cookie is set: %v", a.Cookies())
	}
	var body struct {
		left
		Reason string
	}
	if err := json.NewDecoder(a.Body).Decode(&body); err != nil {
		b.t.Fatal(err)
	}
	return a.StatusCode, body.left, body.Reason
}

// TestADashboardBehindAProxyIsSignedOut_SE07: a page that was left open at an app asks every five seconds. What it says of itself, or what --unattended says
// of it, does not keep the person signed in, here or anywhere (authelia#5271).
func TestADashboardBehindAProxyIsSignedOut_SE07(t *testing.T) {
	rows := []struct {
		story, method, path, header string
		stays                       bool
	}{
		{"its script says that it polls", "GET", "/any", marked, false},
		{"it posts, and says so", "POST", "/any", marked, false},
		{"the path is listed", "GET", "/api/poll?since=7", "X: y", false},
		{"the path is below one that is listed", "GET", "/live/cpu", "X: y", false},
		{"a WebSocket opens itself again and again at a listed path", "GET", "/live/ws", "Upgrade: websocket", false},
		{"the browser fetches ahead", "GET", "/any", "Sec-Purpose: prefetch", false},

		{"the path is not listed: somebody may type", "GET", "/api/search?q=a", "Sec-Fetch-Mode: cors", true},
		{"the path is listed, the method is not", "POST", "/live/cpu", "X: y", true},
		{"an event stream that nobody lists", "GET", "/events", "Accept: text/event-stream", true},
		{"a path that apps could read as a listed one", "GET", "/live%2fcpu", "X: y", true},
	}
	for _, row := range rows {
		t.Run(row.story, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := atWiki(t)
				_, before, _ := wikiLeft(b)
				for range int(time.Hour / (5 * time.Second)) {
					time.Sleep(5 * time.Second)
					if a := b.do(row.method, "https://"+wikiHost+row.path, "", row.header); a.StatusCode != http.StatusOK {
						t.Fatalf("refused %v before the end: %s", time.Until(*before.IdleAt), a.Status)
					}
				}
				code, l, _ := wikiLeft(b)
				if row.stays {
					if code != http.StatusOK || l.Remaining != 3600 {
						t.Errorf("%d %+v, want an hour from now on", code, l)
					}
					return
				}
				if code != http.StatusOK || l.Remaining != 0 || !l.IdleAt.Equal(*before.IdleAt) {
					t.Errorf("at the limit: %d %+v, want 200 and nothing left", code, l)
				}
				time.Sleep(time.Nanosecond)
				if code, _, reason := wikiLeft(b); code != http.StatusUnauthorized || reason != "idle" {
					t.Errorf("after it: %d %q, want 401 idle", code, reason)
				}
				if a := b.do(row.method, "https://"+wikiHost+row.path, "", row.header); a.StatusCode != http.StatusUnauthorized {
					t.Errorf("the poll: %s, want 401", a.Status)
				}
				a, at := b.open(wikiHome) // a person comes back
				body, err := io.ReadAll(a.Body)
				if err != nil || !strings.HasPrefix(at, "https://"+authHost+"/signin?") || !strings.Contains(string(body), "not been used for a while") {
					t.Errorf("at %s, %v: the page does not say why", at, err)
				}
			})
		})
	}
}

// TestSomebodyAtADashboard_SE07: the page polls every five seconds, and now and then somebody clicks: an hour counts from the click.
func TestSomebodyAtADashboard_SE07(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := atWiki(t)
		var clicked time.Time
		for i := range 5 * 720 {
			time.Sleep(5 * time.Second)
			link, header := "https://"+wikiHost+"/api/poll", "Sec-Fetch-Mode: cors"
			if i%600 == 599 { // every fifty minutes
				link, clicked = wikiHome, time.Now()
			}
			if a := b.do("GET", link, "", header); a.StatusCode != http.StatusOK {
				t.Fatalf("refused %v after a click: %s", time.Since(clicked), a.Status)
			}
		}
		time.Sleep(time.Until(clicked.Add(time.Hour)))
		if code, l, _ := wikiLeft(b); code != http.StatusOK || l.Remaining != 0 {
			t.Errorf("an hour after the last click: %d %+v, want 200 and nothing left", code, l)
		}
		time.Sleep(time.Nanosecond)
		if code, _, reason := wikiLeft(b); code != http.StatusUnauthorized || reason != "idle" {
			t.Errorf("a nanosecond later: %d %q, want idle", code, reason)
		}
	})
}

// How long is left is asked at the host itself: nobody answers at a host that is no app, or without the session of that host.
func TestRemainingAtAHostOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := atWiki(t)
		if code, l, _ := wikiLeft(b); code != http.StatusOK || l.Remaining != 3600 || l.EndsBy != "idle" {
			t.Errorf("%d %+v", code, l)
		}
		if a := b.do("GET", "https://"+mailHost+"/.cloakroom/remaining", ""); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("at an app where the browser has not been: %s, want 401", a.Status)
		}
		if a := b.do("GET", "https://elsewhere.example/.cloakroom/remaining", ""); a.StatusCode != http.StatusForbidden {
			t.Errorf("at a host that is no app: %s, want 403", a.Status)
		}
		a := b.do("GET", wikiRemaining, "", "Origin: https://"+mailHost)
		for name := range a.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("another origin may read it: %s: %v", name, a.Header[name])
			}
		}
	})
}
