package server_test

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/session"
)

// TestTheSignInPageSaysWhyTheLastSessionEnded: each reason, with the dead cookie and with the visit cookie alone. The
// cookie is taken away by this page, having said so, and by nothing else.
func TestTheSignInPageSaysWhyTheLastSessionEnded(t *testing.T) {
	end := func(reason session.Reason) func(t *testing.T, h *servertest.House, c *servertest.Client) {
		return func(t *testing.T, h *servertest.House, c *servertest.Client) {
			if err := h.App.EndSession(t.Context(), "", handleOf(t, c), reason, "test", app.Client{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		reason session.Reason
		end    func(t *testing.T, h *servertest.House, c *servertest.Client)
		says   string
	}{
		{session.SignedOut, end(session.SignedOut), "You are signed out."},
		{session.SignedOutElsewhere, end(session.SignedOutElsewhere), "You signed this device out from another one."},
		{session.Idle, func(*testing.T, *servertest.House, *servertest.Client) { time.Sleep(time.Hour + time.Minute) }, "It had not been used for a while"},
		{session.Lifetime, func(t *testing.T, h *servertest.House, c *servertest.Client) {
			for range 48 {
				time.Sleep(30 * time.Minute)
				want(t, c.Get("/api/me"), 200, "")
			}
			time.Sleep(time.Second)
		}, "It had reached its time limit."},
		{session.Renewed, func(t *testing.T, h *servertest.House, c *servertest.Client) {
			id, visit := c.Cookie(sessionCookie), c.Cookie(visitCookie)
			c.SignIn(anna)
			c.SetCookie(sessionCookie, id)
			c.SetCookie(visitCookie, visit)
		}, "a new session took its place"},
		{session.PasswordChanged, func(t *testing.T, h *servertest.House, c *servertest.Client) {
			other := h.Client()
			other.SignIn(anna)
			want(t, other.Form("/account/security", url.Values{"current_password": {servertest.Password}, "new_password": {"another plum gravel 48"}}), 200, "")
		}, "Your password was changed"},
		{session.AccountDisabled, func(t *testing.T, h *servertest.House, c *servertest.Client) {
			if _, err := h.App.DisableUser(t.Context(), anna, "test"); err != nil {
				t.Fatal(err)
			}
		}, "Your account was disabled."},
		{session.EndedByAdmin, func(t *testing.T, h *servertest.House, c *servertest.Client) {
			if _, err := h.App.EndEverybody(t.Context(), "test"); err != nil {
				t.Fatal(err)
			}
		}, "An administrator ended it."},
		{session.TokenReuse, end(session.TokenReuse), "used twice"},
		{session.Evicted, func(t *testing.T, h *servertest.House, c *servertest.Client) {
			for range 3 {
				h.Client().SignIn(anna)
			}
		}, "more devices than are allowed"},
		{session.BindingFailed, end(session.BindingFailed), "a place where it did not belong"},
	}
	seen := map[session.Reason]bool{}
	for _, tt := range tests {
		seen[tt.reason] = true
		t.Run(string(tt.reason), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := servertest.StartStill(t, func(c *app.Config) { c.MaxSessions = 3 })
				c := h.Client()
				c.SignUp(anna)
				tt.end(t, h, c)
				want(t, c.Get("/api/me"), 401, string(tt.reason))
				want(t, c.Get("/account"), 303, "")
				want(t, c.Do("POST", "/api/signout", ""), 204, "")
				if c.Cookie(sessionCookie) == "" {
					t.Error("the dead cookie was taken away before anything was said")
				}
				a := c.Get("/signin?return_to=/account")
				want(t, a, 200, "")
				wantText(t, a, tt.says)
				if c.Cookie(sessionCookie) != "" || c.Cookie(visitCookie) == "" {
					t.Error("the page did not take the dead cookie away, or the visit too")
				}
				a = c.Get("/signin")
				wantText(t, a, tt.says) // from the visit cookie
			})
		})
	}
	for _, reason := range guard.Reasons() {
		if reason == session.NoCredentials {
			break // the reasons for which a session ends come first
		}
		if !seen[reason] {
			t.Errorf("no test of %s", reason)
		}
	}
}

// TestTheSignInPageKnowsAClosedBrowser: an unremembered cookie is gone with the browser, the visit stays.
func TestTheSignInPageKnowsAClosedBrowser(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	c.SetCookie(sessionCookie, "")
	wantText(t, c.Get("/signin"), "Your browser was closed, or its cookies were deleted")
	c.SetCookie(visitCookie, "")
	if a := c.Get("/signin"); strings.Contains(a.Body, "Your last session") {
		t.Error("a new browser is told of a last session")
	}
	// An id that was never ours.
	c.SetCookie(sessionCookie, strings.Repeat("A", 43))
	wantText(t, c.Get("/signin"), "It is not known here any more.")
}

// TestSigningInByThePage: what was typed stays, but for the password; the way goes on where it was meant to.
func TestSigningInByThePage(t *testing.T) {
	h := servertest.Start(t, func(c *app.Config) { c.Apps = []string{"https://app.example"} })
	c := h.Client()
	c.SignUp(anna)
	want(t, c.Do("POST", "/api/signout", ""), 204, "")
	tests := []struct {
		what   string
		fields url.Values
		status int
		texts  []string
	}{
		{"a wrong password", url.Values{"email": {anna}, "password": {"wrong password 12345"}, "remember": {"1"}}, 401,
			[]string{"do not go together", `value="anna@example.org"`, "checked", `name="return_to" value="/account/security"`}},
		{"no password", url.Values{"email": {anna}, "password": {""}}, 400, []string{"Please fill this in.", `value="anna@example.org"`}},
		{"nothing", url.Values{"email": {""}, "password": {""}}, 400, []string{"Please fill this in."}},
		{"the password shown (AU-05)", url.Values{"email": {anna}, "password": {"wrong password 12345"}, "reveal": {"1"}}, 200,
			[]string{`name="password" type="text"`, "Hide the password", `value="anna@example.org"`}},
		{"markup", url.Values{"email": {`"><script>alert(1)</script>`}, "password": {"wrong password 12345"}}, 401, []string{"&lt;script&gt;"}},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			tt.fields.Set("return_to", "/account/security")
			a := c.Form("/signin", tt.fields)
			want(t, a, tt.status, "")
			wantText(t, a, tt.texts...)
			if strings.Contains(a.Body, "wrong password 12345") {
				t.Error("the password is sent back")
			}
		})
	}
	a := c.Form("/signin", url.Values{"email": {" ANNA@example.org "}, "password": {servertest.Password}, "return_to": {"/account/security"}})
	want(t, a, 303, "")
	if a.Header.Get("Location") != "/signin?done=1&return_to=%2Faccount%2Fsecurity" {
		t.Errorf("sent to %s", a.Header.Get("Location"))
	}
	if to := c.Get(a.Header.Get("Location")).Header.Get("Location"); to != "/account/security" {
		t.Errorf("sent to %s", to)
	}
	// A browser that keeps no cookie of ours is told so, instead of being asked for the password again and again.
	c.SetCookie(sessionCookie, "")
	wantText(t, c.Get(a.Header.Get("Location")), "Your browser did not send our cookie back")

	// On to an app: it is named, and the form may be redirected there.
	app := c.Get("/signin?return_to=https%3A%2F%2Fapp.example%2Fx")
	wantText(t, app, "to continue to", "app.example")
	if csp := app.Header.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "form-action 'self' https://app.example") {
		t.Error(csp)
	}
	evil := c.Get("/signin?return_to=https%3A%2F%2Fevil.example%2Fx")
	if strings.Contains(words(evil.Body), "evil.example") || strings.Contains(evil.Body, `value="https://evil`) || strings.Contains(evil.Header.Get("Content-Security-Policy"), "evil") {
		t.Error("another site is named on the sign-in page")
	}
}

// TestRememberMe_SE13 is opt-in; both limits are then the longer one.
func TestRememberMe_SE13(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	c := h.Client()
	a := c.JSON("/api/signin", map[string]any{"email": anna, "password": servertest.Password, "remember": true})
	want(t, a, 200, "")
	for _, k := range a.Cookies() {
		if k.Name == sessionCookie && k.MaxAge != 720*3600 && k.MaxAge != 720*3600-1 {
			t.Errorf("Max-Age %d", k.MaxAge)
		}
	}
	c = h.Client()
	a = c.JSON("/api/signin", map[string]any{"email": anna, "password": servertest.Password})
	for _, k := range a.Cookies() {
		if k.Name == sessionCookie && (k.MaxAge != 0 || !k.Expires.IsZero()) {
			t.Errorf("an unremembered session is kept: %v", k)
		}
	}
}

// TestAPostAfterTheEnd: what was in the form cannot be done any more; the person hears why, and nothing else is asked of them.
func TestAPostAfterTheEnd(t *testing.T) {
	h := servertest.Start(t, nil)
	for _, path := range []string{"/account", "/account/sessions", "/account/security", "/confirm", "/signout", "/theme"} {
		c := h.Client()
		c.SetCookie(visitCookie, "")
		email := strings.ReplaceAll(path[1:], "/", "-") + "@example.org"
		c.SignUp(email)
		token := c.FormToken("/account")
		if err := h.App.EndSession(t.Context(), "", handleOf(t, c), session.SignedOutElsewhere, "test", app.Client{}); err != nil {
			t.Fatal(err)
		}
		a := c.Form(path, url.Values{"name": {"x"}, "theme": {"dark"}, "action": {"end-others"}, "form_token": {token}})
		want(t, a, 401, "")
		wantText(t, a, "You signed this device out from another one.", "Sign in")
	}
	// The browser was closed while the page was open: its form is of a session that it no longer has.
	closed := h.Client()
	closed.SignUp("closed@example.org")
	token := closed.FormToken("/account")
	closed.SetCookie(sessionCookie, "")
	closed.Get("/signin")
	old := closed.Form("/account", url.Values{"name": {"x"}, "form_token": {token}})
	want(t, old, 401, "")
	wantText(t, old, "Your browser was closed", "Sign in")
	// Nobody was signed in at all.
	c := h.Client()
	a := c.Form("/account", url.Values{"name": {"x"}, "form_token": {c.FormToken("/signin")}})
	want(t, a, 401, "")
	wantText(t, a, "Sign in")
}
