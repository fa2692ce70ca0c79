package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/app"
)

// till is an app that takes money from whoever the request says it is. It answers the preflights of every page, as careless apps do.
type till struct{ paid, sockets atomic.Int64 }

func (a *till) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	w.Header().Set("Access-Control-Allow-Credentials", "true")
	w.Header().Set("Access-Control-Allow-Headers", "X-Price")
	switch {
	case r.URL.Path == "/socket":
		a.sockets.Add(1)
		echoSocket(w, r)
	case r.Method == http.MethodPost && r.Header.Get("Remote-User") != "":
		a.paid.Add(1)
		_, _ = w.Write([]byte("paid"))
	default:
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><link rel="icon" href="data:,"><title>Till</title><main>welcome</main>`))
	}
}

// TestPagesOfSiblings: in Chromium, hosts below one domain are one site, and cookies go along. A page of one app can neither send a form to another nor open
// a WebSocket there, as whoever looks at it; one that the rules name can, and the app's own page can.
func TestPagesOfSiblings_T4(t *testing.T) {
	t.Parallel()
	const (
		evil = "https://evil.hats.test"
		home = "https://home.hats.test"
		shop = "https://till.hats.test"
	)
	money := &till{}
	behind := httptest.NewServer(money)
	t.Cleanup(behind.Close)
	b := newTown(t, func(c *app.Config) {
		for _, origin := range []string{evil, home, shop} {
			c.Protect = append(c.Protect, strings.TrimPrefix(origin, "https://")+"="+behind.URL)
		}
		c.Rules = []access.Rule{{Host: "till.hats.test", Path: "/api", Origins: []string{home}}}
	})
	b.house.Client().SignUp("anna@example.org")
	b.visit(shop + "/")
	b.signIn("anna@example.org", false)
	b.wantText("welcome")

	const (
		plain  = `, {method: "POST", credentials: "include", mode: "no-cors"}).then(r => r.type == "opaque" ? "sent" : r.text(), e => "refused")`
		priced = `, {method: "POST", credentials: "include", headers: {"X-Price": "1"}}).then(r => r.text(), e => "refused")`
		open   = `new Promise((yes, no) => { const s = new WebSocket(u); s.onopen = () => yes("open"); s.onerror = () => no("refused") })`
	)
	from := func(page, script string) string {
		t.Helper()
		b.visit(page + "/")
		b.wantText("welcome")
		return eval[string](b.browser, script)
	}
	knock := func(path string) string {
		return `(u => ` + open + `)("` + strings.Replace(shop, "https", "wss", 1) + path + `").then(s => s, s => s)`
	}
	for _, tt := range []struct {
		what, page, script, want string
		paid, sockets            int64
	}{
		{"the app's own page pays", shop, `fetch("/pay"` + priced, "paid", 1, 0},
		{"and opens a WebSocket", shop, knock("/socket"), "open", 0, 1},
		{"a sibling's page pays, without waiting for an answer", evil, `fetch("` + shop + `/pay"` + plain, "sent", 0, 0},
		{"a sibling's page asks first", evil, `fetch("` + shop + `/pay"` + priced, "refused", 0, 0},
		{"a sibling's page opens a WebSocket", evil, knock("/socket"), "refused", 0, 0},
		{"also where another may", evil, `fetch("` + shop + `/api/pay"` + priced, "refused", 0, 0},
		{"a page that the rules name asks first, and pays", home, `fetch("` + shop + `/api/pay"` + priced, "paid", 1, 0},
		{"but not everywhere", home, `fetch("` + shop + `/pay"` + plain, "sent", 0, 0},
	} {
		paid, sockets := money.paid.Load(), money.sockets.Load()
		if got := from(tt.page, tt.script); got != tt.want || money.paid.Load()-paid != tt.paid || money.sockets.Load()-sockets != tt.sockets {
			t.Errorf("%s: %q, the app took money %d times, and a socket %d times", tt.what, got, money.paid.Load()-paid, money.sockets.Load()-sockets)
		}
	}

	paid := money.paid.Load()
	from(evil, `document.body.innerHTML = '<form method="post" action="`+shop+`/pay"><button>You have won</button></form>'`)
	b.click("button")
	b.wantText("A page of " + evil + " has sent this, and may not.")
	b.shot("sibling-refused")
	if n := money.paid.Load() - paid; n != 0 {
		t.Errorf("a form of a sibling's page took money %d times", n)
	}
}
