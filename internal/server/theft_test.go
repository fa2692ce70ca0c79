package server_test

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

const theftHeading = "may have been copied"

// stolen signs a program of anna in, and plays the thief who comes with its first token when three others had replaced it.
// The result is the access token that the program had at the end.
func stolen(t *testing.T, h *servertest.House, device string) tokens {
	t.Helper()
	c := h.Client()
	c.Header.Set("User-Agent", device)
	var first, tok tokens
	c.JSON("/api/token", map[string]string{"email": anna, "password": servertest.Password}).Decode(t, &first)
	tok = first
	for range 3 {
		refresh(c, tok.Refresh).Decode(t, &tok)
	}
	want(t, refresh(h.Client(), first.Refresh), 400, "reused")
	return tok
}

// TestTheftIsToldToItsOwner_TK36: on the pages that they see after signing in, in every browser until it is put away there, for 30
// days; to the program that asks; in the account's history; and in the log, without the token.
func TestTheftIsToldToItsOwner_TK36(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := servertest.StartStill(t, nil)
		at, home, stranger := h.Client(), h.Client(), h.Client()
		at.SignUp(anna)
		home.SignIn(anna)
		stranger.SignUp("ben@example.org")
		told := func(c *servertest.Client, wanted ...string) {
			t.Helper()
			for _, path := range []string{"/account/sessions", "/account"} {
				a := c.Get(path)
				want(t, a, 200, "")
				if got := strings.Contains(a.Body, theftHeading); got != (len(wanted) > 0) {
					t.Errorf("%s: the notice is there: %v", path, got)
				}
				wantText(t, a, wanted...)
			}
		}
		told(at)
		tok := stolen(t, h, "backup/1.2")
		want(t, h.Client().Get("/api/me", bearer(tok.Access)), 401, "token-reuse")
		want(t, refresh(h.Client(), tok.Refresh), 400, "ended")
		wantText(t, at.Get("/account/security"), "A stolen token was used; the program was signed out", "backup/1.2")
		wantText(t, at.Get("/account/sessions"), "used twice, as happens when somebody copied it")
		told(stranger)
		told(home, "A sign-in of yours", "backup/1.2", "change your password")
		told(at, "A sign-in of yours", "backup/1.2")

		away := func(c *servertest.Client, handle string) {
			t.Helper()
			a := c.Form("/account/sessions", url.Values{"action": {"seen"}, "session": {handle}})
			want(t, a, 303, "")
			if got := a.Header.Get("Location"); got != "/account/sessions" {
				t.Errorf("sent to %q", got)
			}
		}
		_, form, _ := strings.Cut(at.Get("/account").Body, `value="seen"`)
		_, form, _ = strings.Cut(form, `name="session" value="`)
		first, _, _ := strings.Cut(form, `"`)
		away(at, "another")
		told(at, "backup/1.2")
		away(at, first)
		told(at)
		away(at, first) // from a second tab
		told(at)
		told(home, "backup/1.2")

		time.Sleep(20 * time.Hour)
		at.SignIn(anna) // the browser remembers what was put away
		stolen(t, h, "sync/3")
		told(at, "A sign-in of yours", "sync/3")
		if strings.Contains(at.Get("/account").Body, "backup/1.2") {
			t.Error("what was put away is told again")
		}
		home.SignIn(anna)
		told(home, "Sign-ins of yours", "sync/3", "backup/1.2")

		time.Sleep(29*24*time.Hour + 5*time.Hour)
		home.SignIn(anna)
		told(home, "A sign-in of yours", "sync/3")
		time.Sleep(20 * time.Hour)
		home.SignIn(anna)
		told(home)

		log := h.Logs.String()
		if n := strings.Count(log, "msg=token-reuse"); n != 2 || strings.Contains(log, tok.Refresh) || !strings.Contains(log, "session="+first) {
			t.Errorf("%d thefts are in the log, want 2 with their sessions and no token", n)
		}
	})
}
