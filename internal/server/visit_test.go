package server_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestTheVisitCookie: 400 days, sealed, without power; it is read, changed and set again, and survives the session.
func TestTheVisitCookie(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	a := c.Get("/signin")
	for _, k := range a.Cookies() {
		if k.Name != visitCookie || k.MaxAge != 400*24*3600 {
			t.Errorf("%v", k)
		}
	}
	if a := c.Get("/signin"); len(a.Header["Set-Cookie"]) > 0 {
		t.Error("a visit that is known is set again")
	}
	c.SignUp(anna)
	visit := c.Cookie(visitCookie)
	for _, secret := range []string{"anna", handleOf(t, c)} {
		if strings.Contains(visit, secret) {
			t.Errorf("%q can be read in it", secret)
		}
	}
	// It opens nothing.
	thief := h.Client()
	thief.SetCookie(visitCookie, visit)
	want(t, thief.Get("/api/me"), 401, "no-credentials")
	thief.SetCookie(sessionCookie, visit)
	want(t, thief.Get("/api/me"), 401, "unknown-session")
	want(t, c.Do("POST", "/api/signout", ""), 204, "")
	if c.Cookie(visitCookie) == "" {
		t.Error("signing out takes the visit away")
	}
	// One that was altered counts as none, and a new one is given.
	c.SetCookie(visitCookie, visit[:20]+"AAAA"+visit[24:])
	a = c.Get("/signin")
	want(t, a, 200, "")
	if strings.Contains(a.Body, "signed out") || c.Cookie(visitCookie)[20:24] == "AAAA" {
		t.Error("an altered visit was believed")
	}
	want(t, h.Client().Get("/signin", "Cookie: __Host-visit=a; __Host-visit=b"), 200, "")
}

// TestTheTheme is kept by the visit, in all its pages, and brings one back to where one was.
func TestTheTheme(t *testing.T) {
	h := servertest.Start(t, nil)
	link, err := h.App.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(link, h.URL)
	c := h.Client()
	a := c.Get(path)
	if strings.Contains(a.Body, "data-theme") {
		t.Error("a theme before one was chosen")
	}
	back := strings.ReplaceAll(between(a.Body, `name="return_to" value="`, `"`), "&amp;", "&")
	a = c.Form("/theme", url.Values{"theme": {"dark"}, "return_to": {back}, "form_token": {between(a.Body, `name="form_token" value="`, `"`)}})
	want(t, a, 303, "")
	if got := a.Header.Get("Location"); got != path {
		t.Errorf("back to %q, want %q", got, path)
	}
	wantText(t, c.Get(path), `data-theme="dark"`, "Welcome")
	c.SignUp(anna)
	wantText(t, c.Get("/account"), `data-theme="dark"`)
	want(t, c.Form("/theme", url.Values{"theme": {""}, "form_token": {c.FormToken("/account")}}), 303, "")
	if strings.Contains(c.Get("/account").Body, "data-theme") {
		t.Error("the theme cannot be given up")
	}
	want(t, c.Form("/theme", url.Values{"theme": {"pink"}, "form_token": {c.FormToken("/account")}}), 400, "")
}
