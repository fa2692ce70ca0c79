package server_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

const marked = "X-Cloakroom-Unattended: 1"

// left is the answer of GET /api/session/remaining.
type left struct {
	ID        string     `json:"id"`
	IdleAt    *time.Time `json:"idle_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	Remaining int        `json:"remaining"`
	EndsBy    string     `json:"ends_by"`
}

func remaining(t testing.TB, c *servertest.Client, header ...string) left {
	t.Helper()
	a := c.Get("/api/session/remaining", header...)
	want(t, a, http.StatusOK, "")
	if len(a.Header["Set-Cookie"]) > 0 {
		t.Errorf("a cookie is set: %v", a.Header["Set-Cookie"])
	}
	var l left
	a.Decode(t, &l)
	return l
}

// TestADashboardIsSignedOut_SE07: what asks by itself, every five seconds or every minute, does not keep anybody signed in, by whichever mark it says so, and a person
// who does something now and then stays (authelia#5271).
func TestADashboardIsSignedOut_SE07(t *testing.T) {
	rows := []struct {
		story, path, header string
		every               time.Duration
		stays               bool
	}{
		{"a script that says that it polls", "/api/me", marked, 5 * time.Second, false},
		{"a browser that fetches a page ahead, again and again", "/account", "Sec-Purpose: prefetch;prerender", time.Minute, false},
		{"an older browser that does so", "/account/sessions", "Purpose: prefetch", time.Minute, false},
		{"somebody who asks how long is left", "/api/session/remaining", "X: y", 5 * time.Second, false},
		{"a script that does not say that it polls", "/api/me", "X: y", 5 * time.Second, true},
		{"somebody at the pages", "/account", "Sec-Fetch-Mode: navigate", time.Minute, true},
	}
	for _, row := range rows {
		t.Run(row.story, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := servertest.StartStill(t, nil)
				c := h.Client()
				c.SignUp(anna)
				start := time.Now()
				for range int(time.Hour / row.every) { // at its end is the limit
					time.Sleep(row.every)
					want(t, c.Get(row.path, row.header), http.StatusOK, "")
				}
				if !row.stays {
					time.Sleep(time.Nanosecond)
					want(t, c.Get("/api/session/remaining"), http.StatusUnauthorized, "idle")
					want(t, c.Get("/api/me"), http.StatusUnauthorized, "idle")
					wantText(t, c.Get("/signin"), "not been used for a while")
					return
				}
				if l := remaining(t, c); l.Remaining != 3600 || !l.IdleAt.Equal(start.Add(2*time.Hour)) {
					t.Errorf("%+v, want a whole hour from now on", l)
				}
			})
		})
	}
}

// TestRemaining: what is left, and never more because of the question.
func TestRemaining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := servertest.StartStill(t, nil)
		c := h.Client()
		want(t, c.Get("/api/session/remaining"), http.StatusUnauthorized, "no-credentials")
		c.SignUp(anna)
		start := time.Now()
		var me struct{ Session struct{ ID string } }
		c.Get("/api/me").Decode(t, &me)

		l := remaining(t, c)
		if l.ID != me.Session.ID || l.Remaining != 3600 || l.EndsBy != "idle" || !l.IdleAt.Equal(start.Add(time.Hour)) || !l.ExpiresAt.Equal(start.Add(24*time.Hour)) {
			t.Errorf("just signed in: %+v", l)
		}
		if got := keys(t, c.Get("/api/session/remaining").Body); got != "ends_by expires_at id idle_at remaining" {
			t.Errorf("members %q", got)
		}
		time.Sleep(10*time.Minute + 1)
		if l := remaining(t, c); l.Remaining != 3000-1 || !l.IdleAt.Equal(start.Add(time.Hour)) {
			t.Errorf("ten minutes and a nanosecond later: %+v", l)
		}
		want(t, c.Get("/api/me"), http.StatusOK, "") // somebody types
		if l := remaining(t, c); l.Remaining != 3600 {
			t.Errorf("used: %+v", l)
		}

		for time.Since(start) < 23*time.Hour+30*time.Minute {
			time.Sleep(30 * time.Minute)
			want(t, c.Get("/api/me"), http.StatusOK, "")
		}
		if l := remaining(t, c); l.EndsBy != "lifetime" || l.Remaining >= 30*60 || !l.IdleAt.After(l.ExpiresAt) {
			t.Errorf("near the end of the day: %+v", l)
		}
		time.Sleep(30 * time.Minute)
		a := c.Get("/api/session/remaining")
		want(t, a, http.StatusUnauthorized, "lifetime")
		if len(a.Header["Set-Cookie"]) > 0 || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("the refusal: %v", a.Header)
		}
	})
}

// A program's session has no idle limit; a token without the right scope, a broken one and two credentials of one kind are refused as everywhere.
func TestRemainingByToken(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	tok := program(t, h, anna)
	l := remaining(t, h.Client(), bearer(tok.Access))
	if l.IdleAt != nil || l.EndsBy != "lifetime" || l.Remaining > 720*3600 || l.Remaining < 720*3600-60 {
		t.Errorf("%+v, want 30 days", l)
	}
	want(t, h.Client().Get("/api/session/remaining", bearer("x"+tok.Access)), http.StatusUnauthorized, "invalid-token")
	want(t, h.Client().Get("/api/session/remaining", bearer(tok.Access), bearer(tok.Access)), http.StatusBadRequest, "duplicate-credentials")
	c := h.Client()
	c.SignIn(anna)
	id := c.Cookie(sessionCookie)
	want(t, h.Client().Get("/api/session/remaining", "Cookie: __Host-session="+id+"; __Host-session="+id), http.StatusBadRequest, "duplicate-cookie")
	want(t, h.Client().Do("POST", "/api/signout", "", bearer(tok.Access)), http.StatusNoContent, "")
	want(t, h.Client().Get("/api/session/remaining", bearer(tok.Access)), http.StatusUnauthorized, "signed-out")
}

// No page of another origin may read whether somebody is there: there is no CORS, and the app's own host has an address for it.
func TestRemainingIsForNoOtherOrigin(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	a := c.Get("/api/session/remaining", "Origin: https://app.example", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors")
	for name := range a.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s: %v", name, a.Header[name])
		}
	}
}
