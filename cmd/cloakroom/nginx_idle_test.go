package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestNginxIdle_SE07: real nginx passes on what requests say of themselves. Three people leave a page open that asks ten times in the idle time, and are
// signed out for it; the fourth types, and is not.
func TestNginxIdle_SE07(t *testing.T) {
	t.Parallel()
	const idle = testenv.Soon // the machine may stop for longer than a second
	s := newStreet(t, "", func(c *app.Config) {
		c.Idle = idle
		host := strings.TrimPrefix(c.Apps[0], "http://")
		c.Unattended = []string{host + "/api/poll", "GET " + host + "/live/"}
	})
	type page struct {
		story, request, header string
		cookie                 string
		since                  time.Time // when it was last used for certain, at the latest
	}
	left := []*page{
		{story: "a script that says so", request: "GET /any", header: "X-Cloakroom-Unattended: 1"},
		{story: "a listed path", request: "POST /api/poll", header: byScript},
		{story: "a browser that fetches ahead", request: "GET /any", header: "Sec-Purpose: prefetch"},
	}
	types := &page{story: "somebody who types", request: "GET /api/search?q=cloak", header: byScript}
	for _, p := range append(left, types) {
		p.since = time.Now()
		p.cookie, _ = s.person(strings.ReplaceAll(p.story, " ", "-") + "@example.org")
	}
	ask := func(p *page) reply { return s.ask(p.request, p.cookie, p.header, "Connection: close") }
	tick := time.NewTicker(idle / 10)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); len(left) > 0; <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("a minute, and still signed in: %s", left[0].story)
		}
		if r := ask(types); r.StatusCode != http.StatusOK {
			t.Fatalf("who types was signed out: %d %s", r.StatusCode, r.body)
		}
		kept := left[:0]
		for _, p := range left {
			r := ask(p)
			switch {
			case r.StatusCode == http.StatusOK:
				kept = append(kept, p)
			case r.StatusCode != http.StatusUnauthorized || !strings.Contains(r.body, `"idle"`):
				t.Errorf("%s: %d %s, want 401 idle", p.story, r.StatusCode, r.body)
			case time.Since(p.since) < idle:
				t.Errorf("%s: signed out after %v, before the idle time is over", p.story, time.Since(p.since))
			}
		}
		left = kept
	}
}
