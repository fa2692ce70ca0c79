package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// corpus reads the strings that might lead a browser away.
func corpus(t *testing.T, house, app string) (all []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/return_to.txt")
	if err != nil {
		t.Fatal(err)
	}
	for n, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		s, err := strconv.Unquote(line)
		if err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		all = append(all, strings.NewReplacer("HOUSE", house, "APP", app).Replace(s))
	}
	if len(all) < 200 {
		t.Fatalf("only %d strings", len(all))
	}
	return all
}

// newApp is an app elsewhere that says which address it was asked for, to scripts of other origins too.
func newApp(t *testing.T) (host string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><title>app</title><main>This is the app.</main>")
	}))
	t.Cleanup(s.Close)
	return strings.Replace(strings.TrimPrefix(s.URL, "http://"), "127.0.0.1", "localhost", 1)
}

// TestReturnTo: whatever return_to says, a browser ends here or at an allowed app (AU-33, CV-35, CV-38). What counts is the
// browser's own reading, of the redirect that it follows and of the target in its own parser.
func TestReturnTo(t *testing.T) {
	allowed := newApp(t)
	h := servertest.Start(t, func(c *app.Config) { c.Apps = []string{"http://" + allowed} })
	house := strings.TrimPrefix(h.URL, "http://")
	b := newBrowser(t)
	b.signUp(h, "anna@example.org")

	all := corpus(t, house, allowed)
	links := make([]string, len(all))
	for i, s := range all {
		links[i] = "/signin?return_to=" + url.QueryEscape(s)
	}
	list, err := json.Marshal(links)
	if err != nil {
		t.Fatal(err)
	}
	// A page of ours may fetch nothing. It is only a place to stand on here.
	_, err = chromedp.Call(b.ctx, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	b.must(err)
	b.visit(h.URL + "/account")
	ends := eval[[]string](b, `(async () => {
		const ends = []
		for (const link of `+string(list)+`) ends.push(await fetch(link, {credentials: "include"}).then(r => r.url, e => "away: " + e))
		return ends
	})()`)
	led := map[string]int{}
	for i, end := range ends {
		u, err := url.Parse(end)
		if err != nil || u.Scheme != "http" || u.Host != house && u.Host != allowed {
			t.Errorf("%.100q leads to %s", all[i], end)
			continue
		}
		led[strings.NewReplacer(house, "the house", allowed, "the app").Replace(u.Host)]++
	}
	t.Logf("%d strings lead to %v", len(all), led)

	// The same for the form, which carries the target in a field, and for its Location.
	c := h.Client()
	var targets, says []string
	for i, s := range all {
		field := ""
		if _, after, ok := strings.Cut(c.Get(links[i]).Body, `name="return_to" value="`); ok {
			field, _, _ = strings.Cut(after, `"`)
		}
		if field != "" && !strings.HasPrefix(field, "/signin") { // the colours' form has one too: back to this page
			targets, says = append(targets, field), append(says, s)
		}
	}
	list, err = json.Marshal(targets)
	if err != nil {
		t.Fatal(err)
	}
	hosts := eval[[]string](b, fmt.Sprintf(`%s.map(x => { const d = new DOMParser().parseFromString("<p title=\"" + x + "\">", "text/html"); return new URL(d.querySelector("p").title, %q).origin })`, list, h.URL+"/signin"))
	for i, origin := range hosts {
		if origin != h.URL && origin != "http://"+allowed {
			t.Errorf("%q: the form leads to %s", says[i], origin)
		}
	}
	if len(targets) == 0 {
		t.Error("no form carried a target")
	}
}

// TestReturnToApp: a person who comes from an app signs in and is back there. The policy of a page holds for where its form is led
// on to, too.
func TestReturnToApp(t *testing.T) {
	allowed, other := newApp(t), newApp(t)
	h := servertest.Start(t, func(c *app.Config) { c.Apps = []string{"http://" + allowed} })
	h.Client().SignUp("anna@example.org")
	b := newBrowser(t)
	stranger := func() { // a browser that was never here
		_, err := chromedp.Call(b.ctx, network.ClearBrowserCookies, cdp.Empty{})
		b.must(err)
	}
	for _, tt := range []struct{ what, target, want string }{
		{"a path of ours", "/account/security", h.URL + "/account/security"},
		{"an app that nobody allowed", "http://" + other + "/", h.URL + "/account"},
		{"another site", "//evil.test/", h.URL + "/account"},
		{"a path of the app", "http://" + allowed + "/a/b?c=d", "http://" + allowed + "/a/b?c=d"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			stranger()
			b.visit(h.URL + "/signin?" + url.Values{"return_to": {tt.target}}.Encode())
			b.signIn("anna@example.org", false)
			b.wantAt(tt.want)
		})
	}
	b.wantText("This is the app.")
	t.Run("by way of a new account", func(t *testing.T) {
		stranger()
		b.visit(h.URL + "/signin?" + url.Values{"return_to": {"http://" + allowed + "/new"}}.Encode())
		b.click(`a[href^="/signup"]`)
		b.write("email", "bea@example.org")
		b.write("password", servertest.Password)
		b.click("button.main")
		b.wantAt("http://" + allowed + "/new")
	})
	if got := b.complaints(); got != "" {
		t.Errorf("the browser says: %s", got)
	}
}
