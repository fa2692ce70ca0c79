package e2e_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/trace"
)

// TestTraceHouse: over http on this machine, where browsers take it for secure, the whole story of a session is seen.
func TestTraceHouse(t *testing.T) {
	h := servertest.Start(t, nil)
	playSession(t, newVisitor(t, trace.Options{}), h.URL, "HTTP/1.1")
}

// playSession is a session from the first question to its end from elsewhere, at a Cloakroom whose addresses begin with base.
func playSession(t *testing.T, anna *visitor, base, proto string) {
	t.Helper()
	const email = "anna@example.org"
	credentials := map[string]string{"email": email, "password": servertest.Password}
	signIn := "200 GET " + base + "/signin?return_to=%2Faccount"

	// A stranger is sent to sign in, and may come back.
	w := anna.get(base + "/account")
	w.wantWay(t, "303 GET "+base+"/account", signIn)
	for _, h := range w {
		if h.Response.Proto != proto {
			t.Errorf("%s speaks %s, want %s", h.URL, h.Response.Proto, proto)
		}
		if len(h.Cookies) != 0 {
			t.Errorf("an empty jar gives %v", h.Cookies)
		}
	}
	if !w[1].TCP.Reused || phase(w[1], trace.PhaseTCP) != nil {
		t.Errorf("the second hop has a connection of its own: %+v", w[1].TCP)
	}
	w.wantText(t, "Sign in", "E-mail address", "Password")
	wantSignInForm(t, w.last().Page, base)
	if v := wantCookie(t, w.last(), w.last().SetCookies, visitCookie, "stored"); !v.Cookie.Persistent {
		t.Errorf("the visit cookie goes with the browser: %+v", v.Cookie)
	}

	// An account is a session from its first moment.
	w = anna.postJSON(base+"/api/signup", credentials)
	w.wantWay(t, "201 POST "+base+"/api/signup")
	v := wantCookie(t, w.last(), w.last().SetCookies, sessionCookie, "stored")
	if c := v.Cookie; !c.Secure || !c.HTTPOnly || !c.HostOnly || c.SameSite != http.SameSiteLaxMode || c.Persistent || c.Path != "/" || len(c.Value) != 43 {
		t.Errorf("the session cookie is %+v", c)
	}

	// The cookie goes along by itself, and opens the page.
	w = anna.get(base + "/account")
	w.wantWay(t, "200 GET "+base+"/account")
	wantCookie(t, w[0], w[0].Cookies, sessionCookie, "sent")
	wantCookie(t, w[0], w[0].Cookies, visitCookie, "sent")
	w.wantText(t, email, "This session", "you are no longer signed in")
	for _, name := range []string{"cookie", "session", "guard", "handler"} {
		if !slices.ContainsFunc(w[0].Response.Timing, func(e trace.Timing) bool { return e.Name == name }) {
			t.Errorf("the server's own times lack %s: %v", name, w[0].Response.Timing)
		}
	}
	w = anna.get(base + "/account/sessions")
	w.wantWay(t, "200 GET "+base+"/account/sessions")
	w.wantText(t, "Your devices", "this one")

	// Another device signs in by the form: the answer to it is two redirects, and the cookie of the first is sent to the second.
	other := anna.another()
	w = other.get(base + "/account")
	w.wantWay(t, "303 GET "+base+"/account", signIn)
	w = other.signIn(w.last().Page, email)
	w.wantWay(t,
		"303 POST "+base+"/signin",
		"303 GET "+base+"/signin?done=1&return_to=%2Faccount",
		"200 GET "+base+"/account")
	wantCookie(t, w[0], w[0].SetCookies, sessionCookie, "stored")
	wantCookie(t, w[1], w[1].Cookies, sessionCookie, "sent")
	if w[1].Request.BodyBytes != 0 || len(valuesOf(w[1].Request, "Content-Type")) != 0 {
		t.Errorf("the form went on with the redirect: %+v", w[1].Request)
	}
	w.wantText(t, email)

	// It ends the first session, which hears why: a program in the answer, a person on the page.
	w = other.do("DELETE", base+"/api/sessions", "", "")
	if w.last().Status/100 != 2 {
		t.Fatalf("%d %s", w.last().Status, text(w.last()))
	}
	w = anna.get(base + "/api/me")
	w.wantWay(t, "401 GET "+base+"/api/me")
	wantCookie(t, w[0], w[0].Cookies, sessionCookie, "sent")
	w.wantText(t, `"reason": "signed-out-elsewhere"`)
	w = anna.get(base + "/account")
	w.wantWay(t, "303 GET "+base+"/account", signIn)
	w.wantText(t, "Your last session has ended.", "You signed this device out from another one.")
	wantCookie(t, w[1], w[1].SetCookies, sessionCookie, "stored DeletedByMaxAge")
	w = anna.get(base + "/account")
	if v := verdictOn(w[0].Cookies, sessionCookie); v.Name != "" {
		t.Errorf("the dead cookie is still in the jar: %+v", v)
	}

	w = anna.postJSON(base+"/api/signin", credentials)
	w.wantWay(t, "200 POST "+base+"/api/signin")
	wantCookie(t, w[0], w[0].SetCookies, sessionCookie, "stored")
	anna.get(base+"/account").wantText(t, email)
}

// wantSignInForm: the form can be filled in from what the trace shows.
func wantSignInForm(t *testing.T, p *trace.Page, base string) {
	t.Helper()
	for _, f := range p.Forms {
		types := map[string]string{}
		for _, in := range f.Inputs {
			types[in.Name] = in.Type
		}
		if types["password"] != "password" {
			continue
		}
		if f.Method != "POST" || f.Action != base+"/signin" || types["email"] != "email" || types["form_token"] != "hidden" || types["return_to"] != "hidden" || !strings.HasPrefix(types["remember"], "checkbox") {
			t.Errorf("the form is %+v", f)
		}
		return
	}
	t.Errorf("no form asks for a password: %+v", p.Forms)
}
