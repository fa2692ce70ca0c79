package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// tabApp is a page as somebody writes it who follows docs/refresh.md: the token is in localStorage, and each tab refreshes when it
// needs to. All tabs refresh at the same moment, the worst that they can do.
const tabApp = `<!doctype html><meta charset="utf-8"><title>app</title><main>app</main><script>
const api = new URLSearchParams(location.search).get("api")
const answers = []
let waiting = []
async function refresh(token) {
	const body = new URLSearchParams({grant_type: "refresh_token", refresh_token: token})
	const answer = await fetch(api + "/oauth/token", {method: "POST", body})
	return {status: answer.status, ...await answer.json()}
}
async function round(token) {
	const a = await refresh(token)
	if (a.status == 200) localStorage.setItem("refresh", a.refresh_token)
	answers.push(a)
	waiting.forEach(tell => tell())
	waiting = []
}
async function answer(n) {
	while (answers.length <= n) await new Promise(tell => waiting.push(tell))
	return answers[n]
}
const all = new BroadcastChannel("refresh")
all.onmessage = message => round(message.data)
function everybody() {
	const token = localStorage.getItem("refresh")
	all.postMessage(token)
	return round(token)
}
</script>`

// refreshed is what a tab got.
type refreshed struct {
	Status  int    `json:"status"`
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Error   string `json:"error"`
	Reason  string `json:"reason"`
}

// tab is another tab of the same browser.
func (b *browser) tab() *browser {
	b.t.Helper()
	ctx, _ := chromedp.NewContext(b.ctx)
	other := &browser{t: b.t, ctx: ctx}
	if err := chromedp.Listen(ctx, other.listen); err != nil {
		b.t.Fatalf("no second tab: %v", err)
	}
	return other
}

// newTabApp serves the app on a port of its own. What it does not know it hands to the house, as an app behind one proxy with it
// has it: then both are one origin.
func newTabApp(t *testing.T, house string) *httptest.Server {
	t.Helper()
	to, err := url.Parse(house)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", httputil.NewSingleHostReverseProxy(to))
	mux.HandleFunc("GET /app", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, tabApp)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

// TestTwoTabsRefreshAtOnce_TK37: two tabs of a real browser share a token and refresh at the same moment, also across a restart of the
// server. Then one keeps an old token for itself, as a thief would, and the owner is told.
func TestTwoTabsRefreshAtOnce_TK37(t *testing.T) {
	for _, origin := range []struct {
		what string
		api  func(h *servertest.House, srv *httptest.Server) string
	}{
		{"one origin", func(_ *servertest.House, srv *httptest.Server) string { return srv.URL }},
		{"the house on another origin", func(h *servertest.House, _ *httptest.Server) string { return h.URL }},
	} {
		t.Run(origin.what, func(t *testing.T) {
			dir := t.TempDir()
			h := servertest.StartIn(t, dir, nil)
			srv := newTabApp(t, h.URL)
			first := newBrowser(t)
			first.signUp(h, "anna@example.org")
			second := first.tab()
			for _, b := range []*browser{first, second} {
				b.visit(srv.URL + "/app?api=" + url.QueryEscape(origin.api(h, srv)))
			}
			var tok struct {
				Access  string `json:"access_token"`
				Refresh string `json:"refresh_token"`
			}
			h.Client().JSON("/api/token", map[string]string{"email": "anna@example.org", "password": servertest.Password}).Decode(t, &tok)
			eval[any](first, fmt.Sprintf(`localStorage.setItem("refresh", %q)`, tok.Refresh))

			const rounds = 20
			for n := range rounds {
				if n == rounds/2 {
					h.Stop()
					h = servertest.StartIn(t, dir, func(c *app.Config) { c.URL = h.URL })
				}
				eval[any](first, `everybody()`)
				one := eval[refreshed](first, fmt.Sprintf(`answer(%d)`, n))
				two := eval[refreshed](second, fmt.Sprintf(`answer(%d)`, n))
				if one.Status != 200 || two.Status != 200 || one.Refresh != two.Refresh {
					t.Fatalf("round %d: one tab got %d %s, the other %d %s; the same token: %v", n, one.Status, one.Reason, two.Status, two.Reason, one.Refresh == two.Refresh)
				}
				for _, got := range []refreshed{one, two, {Access: tok.Access}} {
					if a := h.Client().Get("/api/me", "Authorization: Bearer "+got.Access); a.StatusCode != 200 {
						t.Fatalf("round %d: an access token is refused: %s", n, a.Body)
					}
				}
			}

			thief := eval[refreshed](second, fmt.Sprintf(`refresh(%q)`, tok.Refresh))
			if thief.Status != 400 || thief.Error != "invalid_grant" || thief.Reason != "reused" {
				t.Errorf("the thief got %+v", thief)
			}
			eval[any](first, `everybody()`)
			if got := eval[refreshed](first, fmt.Sprintf(`answer(%d)`, rounds)); got.Status != 400 || got.Error != "invalid_grant" || got.Reason != "ended" {
				t.Errorf("after the theft the owner's tab got %+v", got)
			}
			first.look(t, "theft", h.URL+"/account/sessions")
			first.wantText("may have been copied")
			first.click(`.theft button`)
			first.wantAt(h.URL + "/account/sessions")
			if strings.Contains(first.text(), "may have been copied") {
				t.Error("the notice is not put away")
			}
		})
	}
}
