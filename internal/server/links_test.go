package server_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// administrator sets a house up by the one-time link and returns the first administrator's browser.
func administrator(t testing.TB, h *servertest.House) *servertest.Client {
	t.Helper()
	link, err := h.App.SetupLink(t.Context())
	if err != nil || link == "" {
		t.Fatalf("no set-up link: %v", err)
	}
	c := h.Client()
	a := follow(t, h, c, link, url.Values{"email": {"root@example.org"}, "name": {"Root"}, "password": {servertest.Password}})
	want(t, a, 303, "")
	if me := c.Get("/api/me"); !strings.Contains(me.Body, `"admin":true`) {
		t.Fatalf("not an administrator: %s", me.Body)
	}
	return c
}

// follow opens a one-time link and sends its form; the token of the link goes on in the form.
func follow(t testing.TB, h *servertest.House, c *servertest.Client, link string, fields url.Values) servertest.Answer {
	t.Helper()
	path, ok := strings.CutPrefix(link, h.URL)
	if !ok {
		t.Fatalf("the link %s is not ours", link)
	}
	u, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	fields.Set("form_token", c.FormToken("/signin"))
	if a := c.Get(path); a.StatusCode == 200 && strings.Contains(a.Body, `name="form_token"`) {
		fields.Set("form_token", between(a.Body, `name="form_token" value="`, `"`))
	}
	token := u.Query().Get("link") + u.Query().Get("invitation")
	fields.Set("link", token)
	return c.Form(u.Path, fields)
}

func between(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, after)
	return s
}

var invitationLink = regexp.MustCompile(`https?://[^\s<"]+/signup\?invitation=[A-Za-z0-9_-]{43}`)

// invite has an administrator make an invitation.
func invite(t testing.TB, admin *servertest.Client, email, groups string, header ...string) string {
	t.Helper()
	a := admin.Form("/admin/invite", url.Values{"email": {email}, "groups": {groups}}, header...)
	want(t, a, 200, "")
	link := invitationLink.FindString(html.UnescapeString(a.Body))
	if link == "" {
		t.Fatalf("no link on the page: %s", words(a.Body))
	}
	return link
}

// TestTheFirstAdministrator_AU06: by the link alone, once, within an hour.
func TestTheFirstAdministrator_AU06(t *testing.T) {
	h := servertest.Start(t, nil)
	if all, err := h.App.Users(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("a fresh house has %d accounts, %v", len(all), err)
	}
	// Open sign-up works before set-up and makes no administrator.
	early := h.Client()
	early.SignUp("early@example.org")
	if a := early.Get("/api/me"); !strings.Contains(a.Body, `"admin":false`) {
		t.Error(a.Body)
	}
	want(t, early.Get("/admin/invite"), 403, "")
	old, err := h.App.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	link, err := h.App.SetupLink(t.Context()) // the server was started again
	if err != nil {
		t.Fatal(err)
	}
	fields := func() url.Values {
		return url.Values{"email": {"root@example.org"}, "name": {"Root"}, "password": {servertest.Password}}
	}
	a := follow(t, h, h.Client(), old, fields())
	want(t, a, 410, "")
	wantText(t, a, "This link does not work")
	c := h.Client()
	a = follow(t, h, c, link, url.Values{"email": {"root"}, "password": {servertest.Password}})
	want(t, a, 400, "")
	wantText(t, a, "This does not look like an e-mail address") // and the link is still good
	a = follow(t, h, c, link, url.Values{"email": {"root@example.org"}, "name": {"Root"}, "password": {"short"}})
	want(t, a, 400, "")
	wantText(t, a, `value="root@example.org"`, `value="Root"`)
	want(t, follow(t, h, c, link, fields()), 303, "")
	want(t, c.Get("/admin/invite"), 200, "")
	// Used up: another one hears that it is done.
	other := h.Client()
	a = follow(t, h, other, link, url.Values{"email": {"second@example.org"}, "password": {servertest.Password}})
	want(t, a, 410, "")
	wantText(t, a, "Set up already")
	wantText(t, other.Get(strings.TrimPrefix(link, h.URL)), "Set up already")
	if again, err := h.App.SetupLink(t.Context()); err != nil || again != "" {
		t.Errorf("a second set-up link: %q %v", again, err)
	}
}

// TestLinksEndWithTheirTime: valid at the hour, not after.
func TestLinksEndWithTheirTime(t *testing.T) {
	for _, late := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			h := servertest.StartStill(t, nil)
			link, err := h.App.SetupLink(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			wait, status := time.Hour, 303
			if late {
				wait, status = time.Hour+time.Nanosecond, 410
			}
			time.Sleep(wait)
			a := follow(t, h, h.Client(), link, url.Values{"email": {"root@example.org"}, "password": {servertest.Password}})
			want(t, a, status, "")
			if late {
				wantText(t, a, "that time is over")
			}
		})
	}
}

func TestInvitations(t *testing.T) {
	h := servertest.Start(t, func(c *app.Config) { c.Signup = app.SignupInvite })
	admin := administrator(t, h)
	wantText(t, h.Client().Get("/signup"), "By invitation")
	link := invite(t, admin, "Anna@Example.org", "staff, readers")
	wantText(t, h.Client().Get(strings.TrimPrefix(link, h.URL)), "You have been invited.", `value="anna@example.org"`, "The invitation was made for this address.")

	// For this address alone, also where the form was altered, and over the API.
	a := follow(t, h, h.Client(), link, url.Values{"email": {"ben@example.org"}, "password": {servertest.Password}})
	want(t, a, 400, "")
	wantText(t, a, "The invitation was made for another address.")
	token := between(link+"&", "invitation=", "&")
	want(t, h.Client().JSON("/api/signup", map[string]string{"email": "ben@example.org", "password": servertest.Password, "invitation": token}), 400, "invalid-input")
	c := h.Client()
	a = c.JSON("/api/signup", map[string]string{"email": anna, "password": servertest.Password, "invitation": token})
	want(t, a, 201, "")
	if !strings.Contains(a.Body, `"groups":["readers","staff"]`) || !strings.Contains(a.Body, `"admin":false`) {
		t.Error(a.Body)
	}
	// Once.
	want(t, h.Client().JSON("/api/signup", map[string]string{"email": anna, "password": servertest.Password, "invitation": token}), 410, "invalid-link")
	wantText(t, h.Client().Get(strings.TrimPrefix(link, h.URL)), "This invitation does not work", "may have been used already")

	// For whoever has it; of two at once one gets it.
	free := invite(t, admin, "", "")
	first, second := h.Client(), h.Client()
	want(t, follow(t, h, first, free, url.Values{"email": {"c@example.org"}, "password": {servertest.Password}}), 303, "")
	want(t, follow(t, h, second, free, url.Values{"email": {"d@example.org"}, "password": {servertest.Password}}), 410, "")

	for what, form := range map[string]struct {
		fields url.Values
		status int
		text   string
	}{
		"a taken address": {url.Values{"email": {anna}}, 409, "There is an account with this e-mail address already."},
		"no address":      {url.Values{"email": {"anna"}}, 400, "This does not look like an e-mail address"},
		"a bad group":     {url.Values{"groups": {"Staff!"}}, 400, "only a-z, 0-9"},
	} {
		t.Run(what, func(t *testing.T) {
			a := admin.Form("/admin/invite", form.fields)
			want(t, a, form.status, "")
			wantText(t, a, form.text)
		})
	}
	want(t, c.Get("/admin/invite"), 403, "")
	wantText(t, c.Get("/admin/invite"), "only an administrator")
	want(t, h.Client().JSON("/api/signup", map[string]string{"email": "e@example.org", "password": servertest.Password, "invitation": ""}), 403, "signup-closed")
	want(t, h.Client().JSON("/api/signup", map[string]string{"email": "e@example.org", "password": servertest.Password, "invitation": strings.Repeat("A", 43)}), 410, "invalid-link")
}

// TestInvitingNeedsAFreshPassword_ASVS751: ten minutes after signing in, an administrator proves again who they are.
func TestInvitingNeedsAFreshPassword_ASVS751(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := servertest.StartStill(t, nil)
		admin := administrator(t, h)
		time.Sleep(10 * time.Minute)
		want(t, admin.Get("/admin/invite"), 200, "")
		time.Sleep(time.Second)
		a := admin.Form("/admin/invite", url.Values{"email": {anna}, "form_token": {admin.FormToken("/account")}})
		want(t, a, 303, "")
		if to := a.Header.Get("Location"); to != "/confirm?return_to=%2Fadmin%2Finvite" {
			t.Errorf("sent to %s", to)
		}
		wantText(t, admin.Get("/confirm?return_to=/admin/invite"), "Is it still you?")
		a = admin.Form("/confirm", url.Values{"password": {"wrong"}, "return_to": {"/admin/invite"}})
		want(t, a, 401, "")
		wantText(t, a, "This is not the password of your account.")
		want(t, admin.Get("/admin/invite"), 303, "")
		want(t, admin.Form("/confirm", url.Values{"password": {servertest.Password}, "return_to": {"/admin/invite"}}), 303, "")
		want(t, admin.Get("/admin/invite"), 200, "")
	})
}

// TestResetLinks: the administrator hands over a link and never learns the password (AU-06); it ends every session.
func TestResetLinks(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	tok := program(t, h, anna)
	link, err := h.App.ResetLink(t.Context(), anna, "test", app.Client{})
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(link, h.URL)
	wantText(t, h.Client().Get(path), "Choose a new password", anna)
	const next = "another plum gravel 48"
	other := h.Client()
	a := follow(t, h, other, link, url.Values{"new_password": {"short"}})
	want(t, a, 400, "")
	a = follow(t, h, other, link, url.Values{"new_password": {next}})
	want(t, a, 200, "")
	wantText(t, a, "Your new password is set.", "Sign in")
	if other.Cookie(sessionCookie) != "" {
		t.Error("a reset link signs nobody in: somebody else has handed it over")
	}
	want(t, c.Get("/api/me"), 401, "password-changed")
	wantRefused(t, refresh(h.Client(), tok.Refresh), "ended", "password-changed")
	want(t, h.Client().JSON("/api/signin", map[string]string{"email": anna, "password": servertest.Password}), 401, "wrong-credentials")
	want(t, h.Client().JSON("/api/signin", map[string]string{"email": anna, "password": next}), 200, "")
	a = follow(t, h, h.Client(), link, url.Values{"new_password": {"a third plum gravel 49"}})
	want(t, a, 410, "")
	wantText(t, a, "This link does not work")
	// A reset link is not an invitation, nor the other way about.
	token := between(path+"&", "link=", "&")
	want(t, h.Client().JSON("/api/signup", map[string]string{"email": "x@example.org", "password": servertest.Password, "invitation": token}), 410, "invalid-link")
	wantText(t, h.Client().Get("/setup?link="+token), "This link does not work")
}
