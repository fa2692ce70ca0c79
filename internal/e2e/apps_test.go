package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// tripleTown is a sign-in and two apps at three domains that have nothing to do with each other, over TLS, and a browser whose owner blocks the cookies of
// third parties.
type tripleTown struct {
	*browser
	house *servertest.House
}

const (
	authURL = "https://auth.coats.example"
	wikiURL = "https://wiki.hats.test"
	mailURL = "https://mail.gloves.invalid"
)

func newTown(t *testing.T, change ...func(*app.Config)) *tripleTown {
	t.Helper()
	h := servertest.StartStill(t, func(c *app.Config) {
		for _, f := range change {
			f(c)
		}
		c.URL = authURL
		for _, origin := range []string{wikiURL, mailURL} {
			_, host, _ := strings.Cut(origin, "://")
			c.Protect = append(c.Protect, host+"="+townApp(t, host).URL)
		}
	})
	front := httptest.NewUnstartedServer(h.Server.Public())
	front.EnableHTTP2 = true
	front.StartTLS()
	t.Cleanup(front.Close)
	u, err := url.Parse(front.URL)
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, profileOf(t, thirdPartiesBlocked), chromedp.Flag("ignore-certificate-errors", true), chromedp.Flag("host-resolver-rules", "MAP * "+u.Host))
	return &tripleTown{b, h}
}

// townApp is an app that shows who it believes to have before it, and every cookie that it got.
func townApp(t *testing.T, name string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/cookie" {
			http.SetCookie(w, &http.Cookie{Name: "own", Value: name, Secure: true, HttpOnly: true})
		}
		fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><title>%s</title><main>%s %s user=%t cookies=%q</main>
			<form method="post" action="/.cloakroom/signout"><button>Out</button></form>`, name, name, r.URL.RequestURI(), r.Header.Get("Remote-User") != "", r.Header["Cookie"])
	}))
	t.Cleanup(s.Close)
	return s
}

// TestThreeDomainsOneSignIn: sign in once, open both apps, sign out at one; all three refuse, and say why. No app sees a cookie of ours.
func TestThreeDomainsOneSignIn(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	b.house.Client().SignUp("anna@example.org")

	b.visit(wikiURL + "/page?a=1&b=%2F")
	if at := b.where(); !strings.HasPrefix(at, authURL+"/signin?") {
		t.Fatalf("a stranger is at %s", at)
	}
	b.wantText("wiki.hats.test")
	b.shot("apps-signin")
	b.signIn("anna@example.org", false)
	b.wantAt(wikiURL + "/page?a=1&b=%2F")
	b.wantText("wiki.hats.test /page?a=1&b=%2F user=true cookies=[]")
	if c := b.complaints(); c != "" {
		t.Errorf("the browser complains: %s", c)
	}
	b.visit(wikiURL + "/cookie")
	b.visit(mailURL + "/inbox")
	b.wantAt(mailURL + "/inbox") // without typing anything
	b.wantText("mail.gloves.invalid /inbox user=true cookies=[]")
	b.visit(wikiURL + "/again")
	b.wantText(`user=true cookies=["own=wiki.hats.test"]`)

	ids := map[string]bool{}
	for _, origin := range []string{authURL, wikiURL, mailURL} {
		c := b.cookies(origin + "/")[sessionCookie]
		if c == nil || !c.HTTPOnly || !c.Secure || !c.Session || strings.HasPrefix(c.Domain, ".") || ids[c.Value] {
			t.Errorf("at %s the session cookie is %+v", origin, c)
			continue
		}
		ids[c.Value] = true
	}
	b.visit(authURL + "/account/sessions")
	b.wantText("wiki.hats.test")
	b.wantText("mail.gloves.invalid")
	b.shot("apps-devices")

	// A page of one app cannot sign its person out of the others: the form must come from the host itself.
	b.visit(wikiURL + "/")
	fetched := eval[string](b.browser, `fetch("`+mailURL+`/.cloakroom/signout", {method: "POST", mode: "no-cors", credentials: "include"}).then(r => r.type, e => "refused")`)
	if b.visit(mailURL + "/still"); fetched == "" || b.where() != mailURL+"/still" {
		t.Errorf("a script of another app signed out: %s, %s", fetched, b.where())
	}
	b.forget()

	b.click("button")
	if at := b.where(); at != authURL+"/signin" {
		t.Errorf("after signing out at %s", at)
	}
	b.wantText("signed out")
	for _, link := range []string{wikiURL + "/page", mailURL + "/inbox", authURL + "/account"} {
		b.visit(link)
		if at := b.where(); !strings.HasPrefix(at, authURL+"/signin?") {
			t.Errorf("%s is still open: at %s", link, at)
		}
		b.wantText("signed out")
	}
	b.visit(wikiURL + "/page")
	b.signIn("anna@example.org", true)
	b.wantAt(wikiURL + "/page")
	if c := b.cookies(wikiURL + "/")[sessionCookie]; c == nil || c.Session || time.Until(time.Unix(int64(c.Expires), 0)) < 29*24*time.Hour {
		t.Errorf("who wants to be remembered has %+v", c)
	}
}

// TestABrowserWithoutCookiesIsTold: it is not sent in circles, but to the page that says what is wrong.
func TestABrowserWithoutCookiesIsTold(t *testing.T) {
	t.Parallel()
	b := newTown(t)
	b.house.Client().SignUp("anna@example.org")
	b.visit(wikiURL + "/")
	b.signIn("anna@example.org", false)
	b.wantAt(wikiURL + "/")
	// From here on the app's host loses its session cookie each time: a script of the app that clears everything would do it.
	for range 6 {
		_, err := chromedp.Call(b.ctx, network.DeleteCookies, network.DeleteCookiesParams{Name: sessionCookie, URL: wikiURL})
		b.must(err)
		b.visit(wikiURL + "/")
	}
	if at := b.where(); !strings.HasPrefix(at, authURL+"/diagnosis?") {
		t.Fatalf("at %s", at)
	}
	b.wantText("The session cookie does not stay")
	b.shot("apps-diagnosis")
	b.screen(390, "dark")
	b.shot("apps-diagnosis-dark-phone")
}
