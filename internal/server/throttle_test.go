package server_test

import (
	"fmt"
	"net/url"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestEveryRouteThatChecksAPasswordIsThrottled_AU11_AU12 (CVE-2025-24806, CVE-2026-47203): five failures are free, the sixth
// try is 429 with Retry-After, by whichever door and however the address is spelt: there is one count. Waiting helps.
func TestEveryRouteThatChecksAPasswordIsThrottled_AU11_AU12(t *testing.T) {
	const wrong = "not the right password"
	spellings := []string{"anna@example.org", "ANNA@example.org", "anna@EXAMPLE.ORG", " anna@example.org ", "Anna@Example.Org", "anna@example.org"}
	doors := map[string]func(c *servertest.Client, email, password string) servertest.Answer{
		"POST /signin": func(c *servertest.Client, email, password string) servertest.Answer {
			return c.Form("/signin", url.Values{"email": {email}, "password": {password}})
		},
		"POST /api/signin": func(c *servertest.Client, email, password string) servertest.Answer {
			return c.JSON("/api/signin", map[string]string{"email": email, "password": password})
		},
		"POST /api/token": func(c *servertest.Client, email, password string) servertest.Answer {
			return c.JSON("/api/token", map[string]string{"email": email, "password": password})
		},
		"POST /account/security": func(c *servertest.Client, _, password string) servertest.Answer {
			return c.Form("/account/security", url.Values{"current_password": {password}, "new_password": {"another plum gravel 48"}})
		},
		"POST /confirm": func(c *servertest.Client, _, password string) servertest.Answer {
			return c.Form("/confirm", url.Values{"password": {password}})
		},
	}
	inside := map[string]bool{"POST /account/security": true, "POST /confirm": true}
	for door, knock := range doors {
		t.Run(door, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := servertest.StartStill(t, nil)
				owner := h.Client()
				owner.SignUp(anna)
				if !inside[door] {
					want(t, owner.Do("POST", "/api/signout", ""), 204, "")
				}
				for i, email := range spellings {
					c := h.Client() // somebody else's browser
					if inside[door] {
						c = owner
					}
					a := knock(c, email, wrong)
					if i < 5 {
						want(t, a, 401, "")
						continue
					}
					want(t, a, 429, "")
					if s, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || s < 1 || s > 60 {
						t.Errorf("Retry-After: %q", a.Header.Get("Retry-After"))
					}
					if a.Header.Get("Content-Type") == "text/html; charset=utf-8" {
						wantText(t, a, "Please try again in")
					}
					// The right password is not looked at either, while the pause lasts; the one who guesses learns nothing.
					want(t, knock(c, email, servertest.Password), 429, "")
				}
				if inside[door] {
					want(t, owner.Get("/api/me"), 200, "") // still signed in
				} else {
					// ASVS 6.1.1: the owner's own browser is not locked out.
					if a := knock(owner, anna, servertest.Password); a.StatusCode >= 400 {
						t.Errorf("the owner: %d %s", a.StatusCode, a.Body)
					}
				}
				time.Sleep(time.Minute)
				c := h.Client()
				if inside[door] {
					c = owner
				}
				if a := knock(c, anna, servertest.Password); a.StatusCode >= 400 {
					t.Errorf("after the pause: %d %s", a.StatusCode, a.Body)
				}
			})
		})
	}
}

// TestOneCountForAllDoors: who is turned away at one is not let in at the next. The pause is of a second: in real time a slow machine would be past it.
func TestOneCountForAllDoors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := servertest.StartStill(t, nil)
		h.Client().SignUp(anna)
		try := func(path string) servertest.Answer {
			return h.Client().JSON(path, map[string]string{"email": anna, "password": "not the right password"})
		}
		for i := range 5 {
			want(t, try([]string{"/api/signin", "/api/token"}[i%2]), 401, "wrong-credentials")
		}
		want(t, try("/api/token"), 429, "throttled")
		want(t, try("/api/signin"), 429, "throttled")
		want(t, h.Client().Form("/signin", url.Values{"email": {anna}, "password": {"x"}}), 429, "")
		before := h.App.Stats().PasswordsHashed
		for range 20 {
			try("/api/signin")
		}
		if n := h.App.Stats().PasswordsHashed - before; n > 0 {
			t.Errorf("%d hashes for who is turned away", n)
		}
	})
}

// TestAnAddressIsThrottled: who tries one password on many accounts is slowed down, whether the accounts exist or not.
func TestAnAddressIsThrottled(t *testing.T) {
	h := servertest.Start(t, nil)
	owner := h.Client()
	owner.SignUp(anna)
	for i := range 60 {
		a := h.Client().JSON("/api/signin", map[string]string{"email": fmt.Sprintf("p%d@example.org", i), "password": "not the right password"})
		want(t, a, 401, "wrong-credentials")
	}
	// A try every four seconds is given back, so on a slow machine it takes some more than sixty.
	tries, turnedAway := 0, false
	for ; tries < 60 && !turnedAway; tries++ {
		a := h.Client().JSON("/api/signin", map[string]string{"email": fmt.Sprintf("q%d@example.org", tries), "password": "x"})
		if turnedAway = a.StatusCode == 429; turnedAway {
			want(t, a, 429, "throttled")
		}
	}
	if !turnedAway {
		t.Errorf("nobody was turned away after %d tries", 60+tries)
	}
	// Only failures are throttled, and a browser that is known here goes through.
	want(t, owner.JSON("/api/signin", map[string]string{"email": anna, "password": servertest.Password}), 200, "")
}
