package server_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestChosenIdsAreNeverAdopted_SE03 (CVE-2024-38513, CVE-2022-25896): the server alone names sessions.
func TestChosenIdsAreNeverAdopted_SE03(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	chosen := func(i int) string {
		switch i % 5 {
		case 0:
			return strings.Repeat(string(rune('a'+i%26)), 43)
		case 1:
			return fmt.Sprintf("%043d", i)
		case 2:
			return strings.Repeat("x", i%80)
		}
		var b [32]byte
		rand.Read(b[:])
		return base64.RawURLEncoding.EncodeToString(b[:])
	}
	c := h.Client()
	for i := range 1000 {
		id := chosen(i)
		c.SetCookie(sessionCookie, id)
		a := c.Get("/api/me")
		if a.StatusCode != 401 || len(a.Header["Set-Cookie"]) > 0 {
			t.Fatalf("%q: %d %v", id, a.StatusCode, a.Header["Set-Cookie"])
		}
	}
	// Signing in with a chosen id gives another one, and the chosen one opens nothing (T7).
	for i := range 8 {
		id := chosen(3)
		c := h.Client()
		c.SetCookie(sessionCookie, id)
		if i%2 == 0 {
			c.SignIn(anna)
		} else {
			want(t, c.Form("/signin", url.Values{"email": {anna}, "password": {servertest.Password}}), 303, "")
		}
		if got := c.Cookie(sessionCookie); got == id || len(got) != 43 {
			t.Fatalf("signed in under %q", got)
		}
		thief := h.Client()
		thief.SetCookie(sessionCookie, id)
		want(t, thief.Get("/api/me"), 401, "unknown-session")
	}
}

// TestTheIdIsReadFromOneChannel_SE04: of five, one is accepted.
func TestTheIdIsReadFromOneChannel_SE04(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	id := c.Cookie(sessionCookie)
	tests := []struct {
		what, path, body string
		headers          []string
		status           int
	}{
		{"the cookie", "/api/me", "", []string{"Cookie: __Host-session=" + id}, 200},
		{"the query", "/api/me?__Host-session=" + id + "&session=" + id, "", nil, 401},
		{"the path", "/api/me;__Host-session=" + id, "", nil, 404},
		{"a header of the cookie's name", "/api/me", "", []string{"__Host-session: " + id, "X-Session: " + id}, 401},
		{"a bearer token", "/api/me", "", []string{bearer(id)}, 401},
		{"the body", "/api/me", `{"__Host-session":"` + id + `"}`, []string{"Content-Type: application/json"}, 401},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) { want(t, h.Client().Do("GET", tt.path, tt.body, tt.headers...), tt.status, "") })
	}
}

// TestCookiesOfOurNameInOddSpellings: CK-S1, CK-S3 to CK-S5, T10.
func TestCookiesOfOurNameInOddSpellings(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	id := c.Cookie(sessionCookie)
	other := h.Client()
	other.SignUp("ben@example.org")
	evil := other.Cookie(sessionCookie)
	tests := []struct {
		what    string
		headers []string
		status  int
		reason  string
	}{
		{"alone", []string{"Cookie: __Host-session=" + id}, 200, ""},
		{"CK-S1: spread over several fields", []string{"Cookie: a=1", "Cookie: __Host-session=" + id, "Cookie: b=2"}, 200, ""},
		{"CK-S4: twice", []string{"Cookie: __Host-session=" + id + "; __Host-session=" + evil}, 400, "duplicate-cookie"},
		{"CK-S4: twice, the other way", []string{"Cookie: __Host-session=" + evil + "; __Host-session=" + id}, 400, "duplicate-cookie"},
		{"CK-S4: twice the same", []string{"Cookie: __Host-session=" + id + "; __Host-session=" + id}, 400, "duplicate-cookie"},
		{"CK-S4: in two fields", []string{"Cookie: __Host-session=" + id, "Cookie: __Host-session=" + evil}, 400, "duplicate-cookie"},
		{"CK-S4: once empty", []string{"Cookie: __Host-session=; __Host-session=" + id}, 400, "duplicate-cookie"},
		{"CK-S5: in small letters beside it", []string{"Cookie: __Host-session=" + id + "; __host-session=" + evil}, 400, "duplicate-cookie"},
		{"CK-S5: in small letters alone", []string{"Cookie: __host-session=" + id}, 400, "duplicate-cookie"},
		{"CK-S5: in capitals alone", []string{"Cookie: __HOST-SESSION=" + id}, 400, "duplicate-cookie"},
		{"CK-S3: a space before the sign (net/http reads it as ours)", []string{"Cookie: __Host-session =" + id}, 401, "no-credentials"},
		{"CK-S3: a tab before the name", []string{"Cookie: a=1;\t__Host-session=" + id}, 401, "no-credentials"},
		{"CK-S3: two spaces before the name", []string{"Cookie: a=1;  __Host-session=" + id}, 401, "no-credentials"},
		{"CK-S3: percent-encoded", []string{"Cookie: __Host-sess%69on=" + id}, 401, "no-credentials"},
		{"CK-S3: quoted", []string{`Cookie: __Host-session="` + id + `"`}, 401, "unknown-session"},
		{"CK-S3: inside the quotes of another", []string{`Cookie: a="x; __Host-session=` + id + `"`}, 401, "unknown-session"},
		{"CK-S3: $Version mode", []string{`Cookie: $Version=1, __Host-session=` + id}, 401, "no-credentials"},
		{"CK-S3: U+2000 before the name", []string{"Cookie: \u2000__Host-session=" + id}, 401, "no-credentials"},
		{"a nameless cookie that looks like ours", []string{"Cookie: =__Host-session=" + id}, 401, "no-credentials"},
		{"without the prefix", []string{"Cookie: session=" + id}, 401, "no-credentials"},
		{"CK-S6: too short", []string{"Cookie: __Host-session=" + id[:42]}, 401, "unknown-session"},
		{"CK-S6: with a tail", []string{"Cookie: __Host-session=" + id + "A"}, 401, "unknown-session"},
		{"CK-S6: another alphabet", []string{"Cookie: __Host-session=" + strings.Repeat("+", 43)}, 401, "unknown-session"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			want(t, h.Client().Get("/api/me", tt.headers...), tt.status, tt.reason)
			page := h.Client().Get("/account", tt.headers...)
			if (page.StatusCode == 200) != (tt.status == 200) {
				t.Errorf("the page says %d", page.StatusCode)
			}
			if tt.status == 200 {
				return
			}
			// There is a way out for a person: the sign-in page explains, and takes our cookie away.
			if page.StatusCode != http.StatusSeeOther || !strings.HasPrefix(page.Header.Get("Location"), "/signin?") {
				t.Fatalf("the page says %d %s", page.StatusCode, page.Header.Get("Location"))
			}
			in := h.Client().Get(page.Header.Get("Location"), tt.headers...)
			want(t, in, 200, "")
			if tt.reason == "duplicate-cookie" {
				wantText(t, in, "two session cookies")
				if !strings.Contains(strings.Join(in.Header["Set-Cookie"], "\n"), "__Host-session=; ") {
					t.Errorf("the cookie is not taken away: %q", in.Header["Set-Cookie"])
				}
			}
		})
	}
	if got := strings.Count(h.Logs.String(), "cookie.duplicate"); got < 10 {
		t.Errorf("CK-S4: logged %d times", got)
	}
}

// TestTooManyCookies_CKS2: 431 with a page that helps, wherever one goes, and never a redirect: that would go on for ever.
func TestTooManyCookies_CKS2(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	for _, bomb := range []string{strings.Repeat("a=b; ", 3001), "a=" + strings.Repeat("x", 70<<10), strings.Repeat("a=;", 30_000)} {
		for _, path := range []string{"/", "/signin", "/account", "/account/security", "/admin/invite", "/nothing"} {
			a := c.Get(path, "Cookie: "+bomb)
			if a.StatusCode != 431 || a.Header.Get("Location") != "" || len(a.Header["Set-Cookie"]) > 0 {
				t.Errorf("%s: %d, Location %q, Set-Cookie %q", path, a.StatusCode, a.Header.Get("Location"), a.Header["Set-Cookie"])
			}
			wantText(t, a, "Too many cookies", "Deleting the cookies of this site helps")
		}
		want(t, c.Get("/api/me", "Cookie: "+bomb), 431, "too-large")
		want(t, c.Do("POST", "/api/signout", "", "Cookie: "+bomb), 431, "too-large")
	}
	// A browser that is merely full of other cookies is not locked out.
	full := "Cookie: " + strings.Repeat("a=b; ", 590)
	want(t, h.Client().Get("/signin", full), 200, "")
	want(t, c.Get("/api/me", full), 200, "")
}

// TestAfterSignOutNothingIsAccepted_ASVS741: requests in flight are not counted; those that begin afterwards are.
func TestAfterSignOutNothingIsAccepted_ASVS741(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	id := c.Cookie(sessionCookie)
	tok := program(t, h, anna)
	var running sync.WaitGroup
	var ended atomic.Bool
	var accepted, asked atomic.Int64
	for i := range 8 {
		running.Go(func() {
			thief := h.Client()
			thief.SetCookie(sessionCookie, id)
			for asked.Load() < 1000 {
				after := ended.Load()
				var a servertest.Answer
				if i%2 == 0 {
					a = thief.Get("/api/me")
				} else {
					a = h.Client().Get("/api/me", bearer(tok.Access))
				}
				if !after {
					continue
				}
				asked.Add(1)
				if a.StatusCode != 401 {
					accepted.Add(1)
				}
			}
		})
	}
	want(t, c.Do("DELETE", "/api/sessions", ""), 200, "") // the program's
	want(t, c.Do("POST", "/api/signout", ""), 204, "")
	ended.Store(true)
	running.Wait()
	if accepted.Load() > 0 {
		t.Errorf("%d of %d requests were accepted after the sign-out was answered", accepted.Load(), asked.Load())
	}
}

// TestOldIdsAreDead_ASVS724: whatever proves the password gives a new id, and the old one opens nothing.
func TestOldIdsAreDead_ASVS724(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	next := "another plum gravel 48"
	tests := []struct {
		what   string
		do     func() servertest.Answer
		reason string
	}{
		{"signing in again", func() servertest.Answer {
			return c.JSON("/api/signin", map[string]string{"email": anna, "password": servertest.Password})
		}, "renewed"},
		{"confirming the password", func() servertest.Answer {
			return c.Form("/confirm", url.Values{"password": {servertest.Password}})
		}, "renewed"},
		{"changing the password", func() servertest.Answer {
			return c.Form("/account/security", url.Values{"current_password": {servertest.Password}, "new_password": {next}})
		}, "renewed"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			old := c.Cookie(sessionCookie)
			if a := tt.do(); a.StatusCode >= 400 {
				t.Fatalf("%d %s", a.StatusCode, a.Body)
			}
			if c.Cookie(sessionCookie) == old {
				t.Error("the id is the same")
			}
			want(t, c.Get("/api/me"), 200, "")
			thief := h.Client()
			thief.SetCookie(sessionCookie, old)
			want(t, thief.Get("/api/me"), 401, tt.reason)
			want(t, thief.Get("/account"), 303, "")
		})
	}
}

// TestSigningInAsSomebodyElse: the browser changes hands; nothing of the first account is left in it.
func TestSigningInAsSomebodyElse(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	h.Client().SignUp("ben@example.org")
	first := c.Cookie(sessionCookie)
	c.SignIn("ben@example.org")
	a := c.Get("/api/me")
	if !strings.Contains(a.Body, "ben@example.org") || strings.Contains(a.Body, anna) {
		t.Error(a.Body)
	}
	thief := h.Client()
	thief.SetCookie(sessionCookie, first)
	want(t, thief.Get("/api/me"), 401, "renewed")
	// The sign-in page sends somebody who is signed in on.
	want(t, c.Get("/signin"), 303, "")
	if to := c.Get("/signin?return_to=/account/security").Header.Get("Location"); to != "/account/security" {
		t.Errorf("sent to %q", to)
	}
}

// TestSessionsSurviveARestart: the same house again, with the same data.
func TestSessionsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	h := servertest.StartIn(t, dir, nil)
	c, out := h.Client(), h.Client()
	c.SignUp(anna)
	out.SignIn(anna)
	dead := out.Cookie(sessionCookie)
	want(t, out.Do("POST", "/api/signout", ""), 204, "")
	tok, revoked := program(t, h, anna), program(t, h, anna)
	want(t, post(c, "/oauth/revoke", url.Values{"token": {revoked.Refresh}}), 200, "")
	form := c.FormToken("/account")
	id, visit := c.Cookie(sessionCookie), c.Cookie(visitCookie)
	h.Stop()

	again := servertest.StartIn(t, dir, func(cfg *app.Config) { cfg.URL, cfg.Data = h.URL, filepath.Join(dir, "data") })
	c = again.Client()
	c.SetCookie(sessionCookie, id)
	c.SetCookie(visitCookie, visit)
	want(t, c.Get("/api/me"), 200, "")
	want(t, again.Client().Get("/api/me", bearer(tok.Access)), 200, "")
	want(t, refresh(again.Client(), tok.Refresh), 200, "")
	want(t, c.Form("/account", url.Values{"name": {"Anna"}, "form_token": {form}}), 200, "") // a page that was open meanwhile
	want(t, again.Client().Get("/api/me", bearer(revoked.Access)), 401, "signed-out")
	wantRefused(t, refresh(again.Client(), revoked.Refresh), "ended", "signed-out")
	late := again.Client()
	late.SetCookie(sessionCookie, dead)
	want(t, late.Get("/api/me"), 401, "signed-out")
}

// TestNobodyIsMixedUp_T6: many people at once, and each sees only themselves.
func TestNobodyIsMixedUp_T6(t *testing.T) {
	h := servertest.Start(t, nil)
	const people, requests = 12, 60 // fewer than may wait for a password: on a slow disk nobody is turned away
	var running sync.WaitGroup
	for i := range people {
		running.Go(func() {
			email := fmt.Sprintf("p%d@example.org", i)
			c := h.Client()
			c.SignUp(email)
			for n := range requests {
				var a servertest.Answer
				switch n % 10 {
				case 0, 4, 8:
					a = c.Get("/account")
				case 5:
					a = c.JSON("/api/signin", map[string]string{"email": email, "password": servertest.Password})
				default:
					a = c.Get("/api/me")
				}
				if a.StatusCode != 200 || !strings.Contains(a.Body, email) {
					t.Errorf("%s: %d %s", email, a.StatusCode, a.Body)
					return
				}
				for j := range people {
					if other := fmt.Sprintf("p%d@example.org", j); j != i && strings.Contains(a.Body, `"`+other+`"`) {
						t.Errorf("%s sees %s", email, other)
						return
					}
				}
			}
		})
	}
	running.Wait()
}

// TestDevices_ASVS752: a person sees their sessions, ends one, and ends all others; each is told why.
func TestDevices_ASVS752(t *testing.T) {
	h := servertest.Start(t, nil)
	c, phone, laptop := h.Client(), h.Client(), h.Client()
	c.SignUp(anna)
	phone.Header.Set("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1")
	phone.SignIn(anna)
	laptop.SignIn(anna)
	tok := program(t, h, anna)
	devices := c.Get("/account/sessions")
	wantText(t, devices, "Safari on iPhone", "Sign out all others")
	a := c.Form("/account/sessions", url.Values{"action": {"end"}, "session": {handleOf(t, phone)}})
	want(t, a, 200, "")
	wantText(t, a, "That device is signed out.")
	want(t, phone.Get("/api/me"), 401, "signed-out-elsewhere")
	wantText(t, phone.Get("/signin"), "You signed this device out from another one.")
	want(t, laptop.Get("/api/me"), 200, "")
	a = c.Form("/account/sessions", url.Values{"action": {"end-others"}})
	want(t, a, 200, "")
	wantText(t, a, "All other devices are signed out.")
	want(t, laptop.Get("/api/me"), 401, "signed-out-elsewhere")
	want(t, h.Client().Get("/api/me", bearer(tok.Access)), 401, "signed-out-elsewhere")
	want(t, c.Get("/api/me"), 200, "")
	want(t, c.Form("/account/sessions", url.Values{"action": {"dance"}}), 400, "")
	want(t, c.Form("/account/sessions", url.Values{"action": {"end"}, "session": {"nothing"}}), 404, "")
	// One's own, which is signing out.
	want(t, c.Form("/account/sessions", url.Values{"action": {"end"}, "session": {handleOf(t, c)}}), 303, "")
	want(t, c.Get("/api/me"), 401, "")
}

// TestEndingsByAnAdministrator_ASVS742_ASVS745.
func TestEndingsByAnAdministrator_ASVS742_ASVS745(t *testing.T) {
	h := servertest.Start(t, nil)
	c, ben := h.Client(), h.Client()
	c.SignUp(anna)
	ben.SignUp("ben@example.org")
	if _, err := h.App.DisableUser(t.Context(), anna, "test"); err != nil {
		t.Fatal(err)
	}
	want(t, c.Get("/api/me"), 401, "account-disabled")
	want(t, c.JSON("/api/signin", map[string]string{"email": anna, "password": servertest.Password}), 401, "wrong-credentials")
	want(t, ben.Get("/api/me"), 200, "")
	if err := h.App.EnableUser(t.Context(), anna, "test"); err != nil {
		t.Fatal(err)
	}
	want(t, c.Get("/api/me"), 401, "account-disabled") // opening the account brings no session back
	c.SignIn(anna)
	if n, err := h.App.EndEverybody(t.Context(), "test"); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	want(t, c.Get("/api/me"), 401, "ended-by-admin")
	want(t, ben.Get("/api/me"), 401, "ended-by-admin")
}
