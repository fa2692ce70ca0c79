package e2e_test

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestPerson signs up, out by the button, and in again with nothing but the keyboard. What is theirs goes, what is a
// neighbour's stays (SE-10, CK-P7).
func TestPerson(t *testing.T) {
	h := servertest.Start(t, nil)
	b := newBrowser(t)
	// Cookies know no ports: this one belongs to another app on the same machine.
	_, err := chromedp.Call(b.ctx, network.SetCookie, network.SetCookieParams{Name: "neighbour", Value: "1", URL: "http://localhost:1/"})
	b.must(err)
	b.signUp(h, "anna@example.org")
	b.wantText("anna@example.org")
	if c := b.cookies(h.URL)[sessionCookie]; c == nil || !c.Secure || !c.HTTPOnly || c.SameSite != network.CookieSameSiteLax || !c.Session || len(c.Value) != 43 {
		t.Fatalf("the session cookie is %+v", c)
	}
	b.click(`main form[action="/signout"] button`)
	b.wantAt(h.URL + "/signin")
	b.wantText("You are signed out.")
	if got := b.cookies(h.URL); got[sessionCookie] != nil || got["neighbour"] == nil {
		t.Errorf("after sign-out: session %v, neighbour %v", got[sessionCookie], got["neighbour"])
	}

	// The first field has the focus: one only types.
	b.hasFocus("email")
	b.keys("anna@example.org" + kb.Tab + servertest.Password)
	if status := b.press(kb.Enter); status != 200 {
		t.Errorf("status %d", status)
	}
	b.wantAt(h.URL + "/account")
	b.tabTo("Skip to the page")
	b.tabTo("Sign out")
	b.press(kb.Enter)
	b.wantText("You are signed out.")

	b.hasFocus("email")
	b.keys("anna@example.org" + kb.Tab + "a wrong password" + kb.Enter)
	run(b, chromedp.WaitVisible(chromedp.CSS("#form-problem")))
	b.wantText("do not go together")
	if got := eval[string](b, `document.querySelector("#f-email").value`); got != "anna@example.org" {
		t.Errorf("what was typed is now %q", got)
	}
}

// TestOtherDevice: a second device ends the first, and the first is told why on its next click.
func TestOtherDevice(t *testing.T) {
	h := servertest.Start(t, nil)
	first, second := newBrowser(t), newBrowser(t)
	first.signUp(h, "anna@example.org")
	second.visit(h.URL + "/account/sessions")
	second.wantAt(h.URL + "/signin?return_to=%2Faccount%2Fsessions")
	second.signIn("anna@example.org", false)
	second.wantAt(h.URL + "/account/sessions")
	for _, by := range []struct{ what, button, says string }{
		{"this one", `form[action="/account/sessions"]:not(.all) button`, "That device is signed out."},
		{"all others", `form.all button`, "One other device is signed out."},
	} {
		second.visit(h.URL + "/account/sessions")
		second.click(by.button)
		second.wantText(by.says)
		first.click(`nav a[href="/account/security"]`)
		first.wantAt(h.URL + "/signin?return_to=%2Faccount%2Fsecurity")
		first.wantText("You signed this device out from another one.")
		if first.cookies(h.URL)[sessionCookie] != nil {
			t.Errorf("%s: the dead cookie is still there", by.what)
		}
		first.signIn("anna@example.org", false)
		first.wantAt(h.URL + "/account/security")
	}
	second.visit(h.URL + "/account")
	second.wantText("This session")
}

// TestBrowserClosed: a plain sign-in ends with the browser, a remembered one does not, and the reason is known.
func TestBrowserClosed(t *testing.T) {
	h := servertest.Start(t, nil)
	dir := profile(t)
	b := open(t, dir)
	b.signUp(h, "anna@example.org")
	b.wantText("you are no longer signed in")
	b.close()

	b = open(t, dir)
	b.visit(h.URL + "/account")
	b.wantText("Your browser was closed")
	if got := b.cookies(h.URL); got[sessionCookie] != nil || got[visitCookie] == nil {
		t.Errorf("after closing: session %v, visit %v", got[sessionCookie], got[visitCookie])
	}
	b.signIn("anna@example.org", true)
	b.wantText("you stay signed in")
	if c := b.cookies(h.URL)[sessionCookie]; c == nil || c.Session {
		t.Errorf("a remembered session has the cookie %+v", c)
	}
	b.close()

	b = open(t, dir)
	b.visit(h.URL + "/account")
	b.wantAt(h.URL + "/account")
	b.wantText("anna@example.org")
}

// TestIdle: who was away for too long is told so, and the dead cookie goes once it was said.
func TestIdle(t *testing.T) {
	h := servertest.Start(t, func(c *app.Config) { c.Idle = testenv.Soon }) // the browser may stop for longer than a second
	b := newBrowser(t)
	b.signUp(h, "anna@example.org")
	// Only time makes a session idle, and the browser's is real.
	acct, err := h.App.User(t.Context(), "anna@example.org")
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the session is past its limit", func() bool {
		live, err := h.App.SessionsOf(t.Context(), acct.ID)
		return err == nil && (len(live) == 0 || time.Now().After(live[0].Seen.Add(live[0].Idle+200*time.Millisecond)))
	})
	if b.cookies(h.URL)[sessionCookie] == nil {
		t.Fatal("the browser has no cookie to be refused")
	}
	b.click(`nav a[href="/account/sessions"]`)
	b.wantText("It had not been used for a while")
	if b.cookies(h.URL)[sessionCookie] != nil {
		t.Error("the dead cookie is still there")
	}
	b.visit(h.URL + "/signin")
	b.wantText("It had not been used for a while") // the visit cookie remembers
}

// waitFor asks until the answer is yes.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("20 s, and still not: %s", what)
}
