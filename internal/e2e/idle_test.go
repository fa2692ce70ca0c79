package e2e_test

import (
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
)

// TestADashboardInChromium_SE07: what real Chromium sends while nobody does anything. A page fetched ahead and a script that says that it polls are no use of
// the session; a script that says nothing is.
func TestADashboardInChromium_SE07(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	b.house.Client().SignUp("anna@example.org")
	b.visit(wikiURL + "/board")
	b.signIn("anna@example.org", false)
	b.wantAt(wikiURL + "/board")
	idleAt := func() time.Time {
		t.Helper()
		text := eval[string](b.browser, `fetch("/.cloakroom/remaining").then(r => r.json()).then(left => left.idle_at)`)
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, row := range []struct {
		story, script string
		counts        bool
	}{
		{"a script", `fetch("/data").then(r => String(r.status))`, true},
		{"a script that says that it polls", `fetch("/data", {headers: {"X-Cloakroom-Unattended": "1"}}).then(r => String(r.status))`, false},
		{"a page that is fetched ahead", `new Promise(done => {
			const link = document.createElement("link")
			link.rel = "prefetch"; link.href = "/next"
			link.onload = () => done("200"); link.onerror = () => done("refused")
			document.head.append(link)
		})`, false},
		{"an event stream", `new Promise(done => { const s = new EventSource("/events"); s.onerror = () => { s.close(); done("200") } })`, true},
	} {
		before := idleAt()
		if got := eval[string](b.browser, row.script); got != "200" {
			t.Errorf("%s: %s", row.story, got)
		}
		if after := idleAt(); after.After(before) != row.counts {
			t.Errorf("%s: from %v to %v, counts: want %v", row.story, before, after, row.counts)
		}
	}
	if got := eval[string](b.browser, `fetch("`+authURL+`/api/session/remaining", {credentials: "include"}).then(r => r.text(), e => "refused")`); got != "refused" {
		t.Errorf("a page of another origin reads %s", got)
	}
}

// TestAPageThatPollsInChromium_SE07: the page is left open, and is told after the idle time. Before that it asked as often without the mark, and stayed.
func TestAPageThatPollsInChromium_SE07(t *testing.T) {
	t.Parallel()
	const idle = 8 * time.Second // the browser may stop for seconds between two questions
	b := newTown(t, func(c *app.Config) { c.Idle = idle })
	b.house.Client().SignUp("anna@example.org")
	b.visit(wikiURL + "/board")
	b.signIn("anna@example.org", false)
	b.wantAt(wikiURL + "/board")
	// poll asks ten times in the idle time, until it is refused or has asked often enough.
	poll := func(headers string) (reason string) {
		t.Helper()
		return eval[string](b.browser, `new Promise(done => {
			let asked = 0
			const timer = setInterval(async () => {
				const r = await fetch("/data", {headers: `+headers+`})
				const end = why => { clearInterval(timer); done(why) }
				if (r.status != 200) end(r.status + " " + (await r.json()).reason)
				if (++asked == 15) end("still signed in")
			}, 800)
		})`)
	}
	if got := poll(`{}`); got != "still signed in" {
		t.Errorf("who types: %s", got)
	}
	if got := poll(`{"X-Cloakroom-Unattended": "1"}`); got != "401 idle" {
		t.Errorf("the page that was left open: %s", got)
	}
	b.visit(wikiURL + "/board")
	b.wantText("It had not been used for a while")
}
