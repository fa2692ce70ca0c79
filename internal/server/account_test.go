package server_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestEveryPageOfAMemberHasASignOut_ASVS744, and says who is signed in.
func TestEveryPageOfAMemberHasASignOut_ASVS744(t *testing.T) {
	h := servertest.Start(t, nil)
	admin := administrator(t, h)
	pages := 0
	for _, r := range h.Server.Routes() {
		if r.Zone != "page" || r.Method != "GET" {
			continue
		}
		a := admin.Get(r.Path)
		if a.StatusCode != 200 {
			continue
		}
		pages++
		wantText(t, a, `<form class="signout" method="post" action="/signout"`, "Root")
	}
	if pages < 7 {
		t.Errorf("only %d pages", pages)
	}
}

// TestChangingThePassword_ASVS724_ASVS743_AU06: with the present one; it ends every other session, and this one gets a new id.
func TestChangingThePassword_ASVS724_ASVS743_AU06(t *testing.T) {
	h := servertest.Start(t, nil)
	c, other := h.Client(), h.Client()
	c.SignUp(anna)
	other.SignIn(anna)
	const next = "another plum gravel 48"
	tests := []struct {
		what, current, next string
		status              int
		text                string
	}{
		{"without the present one", "", next, 400, "Please fill this in."},
		{"with a wrong one", "not the right password", next, 401, "This is not the password of your account."},
		{"to a weak one", servertest.Password, "short", 400, "it takes at least 15"},
		{"to the same", servertest.Password, servertest.Password, 400, "This is the password that you have now."},
		{"as it should be", servertest.Password, next, 200, "Your password is changed, and every other device is signed out."},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			a := c.Form("/account/security", url.Values{"current_password": {tt.current}, "new_password": {tt.next}})
			want(t, a, tt.status, "")
			wantText(t, a, tt.text)
			if got := other.Get("/api/me").StatusCode; (got == 401) != (tt.status == 200) {
				t.Errorf("the other device: %d", got)
			}
			want(t, c.Get("/api/me"), 200, "")
		})
	}
	want(t, other.Get("/api/me"), 401, "password-changed")
	wantText(t, c.Get("/account/security"), "Password changed")
	want(t, h.Client().JSON("/api/signin", map[string]string{"email": anna, "password": next}), 200, "")
}

// TestRenaming: the name is shown as text, whatever it is (CV-49).
func TestRenaming(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	for _, name := range []string{"Anna", `<script>alert("x")</script>`, `" onmouseover="x`, "안나", ""} {
		a := c.Form("/account", url.Values{"name": {name}})
		want(t, a, 200, "")
		wantText(t, a, "Your name was changed.")
		var me struct{ Account struct{ Name string } }
		c.Get("/api/me").Decode(t, &me)
		if me.Account.Name != name {
			t.Errorf("got %q, want %q", me.Account.Name, name)
		}
	}
	a := c.Form("/account", url.Values{"name": {strings.Repeat("n", 200)}})
	want(t, a, 400, "")
	wantText(t, a, "A name has at most 100 characters")
}

// TestSignUpByThePage in each of its modes.
func TestSignUpByThePage(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	a := c.Form("/signup", url.Values{"email": {"anna"}, "name": {"Anna"}, "password": {servertest.Password}})
	want(t, a, 400, "")
	wantText(t, a, "This does not look like an e-mail address", `value="anna"`, `value="Anna"`)
	a = c.Form("/signup", url.Values{"email": {anna}, "name": {"Anna"}, "password": {servertest.Password}, "return_to": {"/account/security"}})
	want(t, a, 303, "")
	if to := c.Get(a.Header.Get("Location")).Header.Get("Location"); to != "/account/security" {
		t.Errorf("sent to %s", to)
	}
	a = h.Client().Form("/signup", url.Values{"email": {anna}, "password": {servertest.Password}})
	want(t, a, 409, "")
	wantText(t, a, "There is an account with this e-mail address already.")
	for mode, text := range map[app.SignupMode]string{app.SignupInvite: "By invitation", app.SignupClosed: "No sign-up here"} {
		h := servertest.Start(t, func(c *app.Config) { c.Signup = mode })
		c := h.Client()
		wantText(t, c.Get("/signup"), text)
		a := c.Form("/signup", url.Values{"email": {anna}, "password": {servertest.Password}, "form_token": {c.FormToken("/signin")}})
		want(t, a, 403, "")
		wantText(t, a, text)
		if all, err := h.App.Users(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("%s: %d accounts, %v", mode, len(all), err)
		}
	}
}
