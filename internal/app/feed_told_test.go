package app

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/session"
)

// entries is the whole feed, as "kind SID reason" and so on.
func entries(t *testing.T, a *App) (out []string) {
	t.Helper()
	es, err := a.feed.Entries(t.Context(), a.db.View(), 0, 1<<62, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range es {
		if e.Seq != int64(i+1) {
			t.Errorf("number %d at %d", e.Seq, i+1)
		}
		who := e.Session
		switch e.Kind {
		case grant.AccountEntry:
			who = e.Subject
		case grant.KeyEntry:
			who = e.Key
		}
		out = append(out, fmt.Sprint(e.Kind, " ", who, " ", e.Reason))
	}
	return out
}

// program signs a program in and returns its tokens and the handle of its session.
func program(t *testing.T, a *App, email string) (Tokens, string) {
	t.Helper()
	tok, err := a.IssueTokens(t.Context(), Credentials{Email: email, Password: password}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	return tok, handle(t, tok)
}

func handle(t *testing.T, tok Tokens) string {
	t.Helper()
	info, err := jwt.Inspect(tok.Access)
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Session string `json:"sid"`
	}
	if err := json.Unmarshal(info.Payload, &c); err != nil {
		t.Fatal(err)
	}
	return c.Session
}

// TestWhateverEndsASessionIsTold_TK34: each use case that ends a session of which an access token lives appends to the feed; the browser's session, of
// which there is none, is nobody's affair.
func TestWhateverEndsASessionIsTold_TK34(t *testing.T) {
	type house struct {
		a       *App
		browser *session.Session
		tok     Tokens // of the session "1"
		one     string
		acct    string
	}
	for _, c := range []struct {
		what string
		do   func(t *testing.T, h house) error
		want []string // 1 and 2 are the programs' sessions, A the account
	}{
		{"a browser signs out", func(t *testing.T, h house) error { return h.a.SignOut(t.Context(), h.browser, Client{}) }, nil},
		{"a program signs out by its access token", func(t *testing.T, h house) error {
			return h.a.EndSession(t.Context(), h.acct, h.one, session.SignedOut, h.acct, Client{})
		}, []string{"session 1 signed-out"}},
		{"a program revokes its refresh token", func(t *testing.T, h house) error {
			return h.a.Revoke(t.Context(), h.tok.Refresh, "", Client{})
		}, []string{"session 1 signed-out"}},
		{"a program revokes its access token", func(t *testing.T, h house) error {
			return h.a.Revoke(t.Context(), h.tok.Access, "", Client{})
		}, []string{"session 1 signed-out"}},
		{"the devices page ends one", func(t *testing.T, h house) error {
			return h.a.EndSession(t.Context(), h.acct, h.one, session.SignedOutElsewhere, h.acct, Client{})
		}, []string{"session 1 signed-out-elsewhere"}},
		{"a browser ends all others", func(t *testing.T, h house) error {
			_, err := h.a.EndOthers(t.Context(), h.acct, h.browser.Handle(), session.SignedOutElsewhere, h.acct, Client{})
			return err
		}, []string{"account A signed-out-elsewhere", "session 1 signed-out-elsewhere", "session 2 signed-out-elsewhere"}},
		{"a program ends all others and goes on", func(t *testing.T, h house) error {
			_, err := h.a.EndOthers(t.Context(), h.acct, h.one, session.SignedOutElsewhere, h.acct, Client{})
			return err
		}, []string{"session 2 signed-out-elsewhere"}},
		{"the password is changed", func(t *testing.T, h house) error {
			return h.a.ChangePassword(t.Context(), h.browser, password, "another plum gravel 48", Client{})
		}, []string{"account A password-changed", "session 1 password-changed", "session 2 password-changed"}},
		{"the password is reset", func(t *testing.T, h house) error {
			link, err := h.a.ResetLink(t.Context(), anna, ActorCommand, Client{})
			if err != nil {
				return err
			}
			_, token, _ := strings.Cut(link, "link=")
			return h.a.ResetPassword(t.Context(), token, "another plum gravel 48", Client{})
		}, []string{"account A password-changed", "session 1 password-changed", "session 2 password-changed"}},
		{"the account is disabled", func(t *testing.T, h house) error {
			_, err := h.a.DisableUser(t.Context(), anna, ActorCommand)
			return err
		}, []string{"account A account-disabled", "session 1 account-disabled", "session 2 account-disabled"}},
		{"the account is deleted", func(t *testing.T, h house) error {
			_, err := h.a.DeleteUser(t.Context(), anna, ActorCommand)
			return err
		}, []string{"account A account-disabled", "session 1 account-disabled", "session 2 account-disabled"}},
		{"an administrator ends all of hers", func(t *testing.T, h house) error {
			_, err := h.a.EndOthers(t.Context(), h.acct, "", session.EndedByAdmin, ActorCommand, Client{})
			return err
		}, []string{"account A ended-by-admin", "session 1 ended-by-admin", "session 2 ended-by-admin"}},
		{"everybody's sessions are ended", func(t *testing.T, h house) error {
			_, err := h.a.EndEverybody(t.Context(), ActorCommand)
			return err
		}, []string{"account A ended-by-admin", "session 1 ended-by-admin", "session 2 ended-by-admin"}},
		{"a program is one too many", func(t *testing.T, h house) error {
			if err := h.a.SignOut(t.Context(), h.browser, Client{}); err != nil { // the oldest
				return err
			}
			program(t, h.a, anna)
			program(t, h.a, anna)
			return nil
		}, []string{"session 1 evicted"}},
		{"an old refresh token is used again", func(t *testing.T, h house) error {
			old := h.tok.Refresh
			for tok, n := h.tok, 0; n < 3; n++ {
				var err error
				if tok, err = h.a.Refresh(t.Context(), tok.Refresh, "", "", Client{}); err != nil {
					return err
				}
			}
			_, err := h.a.Refresh(t.Context(), old, "", "", Client{})
			if refused, ok := err.(*grant.RefreshError); !ok || refused.Reason != grant.Reused {
				return fmt.Errorf("got %w", err)
			}
			return nil
		}, []string{"session 1 token-reuse"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			a := open(t, t.TempDir(), nil, func(c *Config) { c.MaxSessions = 3 })
			s := browser(t, a)
			acct, err := a.SignUp(t.Context(), s, SignUp{Email: anna, Password: password}, Client{})
			if err != nil {
				t.Fatal(err)
			}
			tok, one := program(t, a, anna)
			_, two := program(t, a, anna)
			if err := c.do(t, house{a, s, tok, one, acct.ID}); err != nil {
				t.Fatal(err)
			}
			got := entries(t, a)
			for i := range got {
				got[i] = strings.NewReplacer(one, "1", two, "2", acct.ID, "A").Replace(got[i])
			}
			slices.Sort(got) // everybody's sessions end in no order
			if !slices.Equal(got, c.want) {
				t.Errorf("the feed has %q, want %q", got, c.want)
			}
			r := follow(t, a, 0, false)
			for range c.want {
				happens(t, a, r)
			}
			told := slices.ContainsFunc(c.want, func(w string) bool { return strings.HasPrefix(w, "session 1 ") })
			if bearer(t, a, tok.Access).Allowed() == told {
				t.Errorf("told %v, and on this node its access token is otherwise", told)
			}
		})
	}
}

// TestOnlyLivingTokensAreTold: an entry is written while a token lives, and for the leeway of verifiers, and leaves the feed then.
func TestOnlyLivingTokensAreTold(t *testing.T) {
	for _, c := range []struct {
		what    string
		refresh time.Duration // when the token is refreshed; 0 = never
		end     time.Duration // when the session ends
		want    time.Duration // until when it is told; 0 = never
	}{
		{"at once", 0, 0, 11 * time.Minute},
		{"at the last moment", 0, 11*time.Minute - time.Nanosecond, 11 * time.Minute},
		{"when no verifier accepts the token any more", 0, 11 * time.Minute, 0},
		{"the refreshed token lives longer", 5 * time.Minute, 15 * time.Minute, 16 * time.Minute},
		{"the refreshed token has expired too", 5 * time.Minute, 16 * time.Minute, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := open(t, t.TempDir(), nil)
				signUp(t, a, anna)
				tok, sid := program(t, a, anna)
				start := time.Now()
				if c.refresh > 0 {
					time.Sleep(c.refresh)
					again := tok.Refresh
					for range 2 { // and the lost answer again
						var err error
						if tok, err = a.Refresh(t.Context(), again, "", "", Client{}); err != nil {
							t.Fatal(err)
						}
					}
				}
				time.Sleep(time.Until(start.Add(c.end)))
				if err := a.EndSession(t.Context(), "", sid, session.EndedByAdmin, ActorCommand, Client{}); err != nil {
					t.Fatal(err)
				}
				es, err := a.feed.Living(t.Context(), a.db.View(), 0, 1<<62, 10, time.Now())
				if err != nil || len(es) > 0 != (c.want > 0) {
					t.Fatalf("%d entries, %v", len(es), err)
				}
				if c.want == 0 {
					return
				}
				if until := es[0].Until.Sub(start); until.Round(time.Second) != c.want {
					t.Errorf("told until %v, want %v", until, c.want)
				}
				time.Sleep(time.Until(es[0].Until) - 1)
				a.sweep(t.Context())
				if n, err := a.feed.Count(t.Context(), a.db.View()); n != 1 || err != nil {
					t.Errorf("%d entries, %v, a nanosecond before the end", n, err)
				}
				time.Sleep(time.Nanosecond)
				a.sweep(t.Context())
				if n, err := a.feed.Count(t.Context(), a.db.View()); n != 0 || err != nil {
					t.Errorf("%d entries, %v, at the end", n, err)
				}
			})
		})
	}
}

// TestARepeatedAnswerCounts: the access token that comes with the successor a second time is as alive as any.
func TestARepeatedAnswerCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := open(t, t.TempDir(), nil)
		signUp(t, a, anna)
		tok, sid := program(t, a, anna)
		for range 2 {
			if _, err := a.Refresh(t.Context(), tok.Refresh, "", "", Client{}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(9 * time.Minute)
		}
		// The first successor's token has expired by now, the repeated one's has not.
		if err := a.EndSession(t.Context(), "", sid, session.EndedByAdmin, ActorCommand, Client{}); err != nil {
			t.Fatal(err)
		}
		if got := entries(t, a); len(got) != 1 {
			t.Errorf("the feed has %q", got)
		}
	})
}

// TestAShorterLifetimeRevivesNothing: a token of the longer lifetime that was set before a restart stays dead after it.
func TestAShorterLifetimeRevivesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		first := open(t, dir, nil, func(c *Config) { c.TokenLifetime = time.Hour })
		signUp(t, first, anna)
		tok, _ := program(t, first, anna)
		if err := first.Revoke(t.Context(), tok.Refresh, "", Client{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Minute)
		second := open(t, dir, nil, func(c *Config) { c.TokenLifetime = time.Minute })
		for range 2 {
			if got := bearer(t, second, tok.Access).Reason(); got != session.SignedOut {
				t.Errorf("got %q", got)
			}
			second.sweep(t.Context())
			time.Sleep(29 * time.Minute)
		}
	})
}
