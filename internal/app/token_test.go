package app

import (
	"errors"
	"testing"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

// TestThreeLocksOnARefresh_TK35: a session and its refresh tokens end together, in one transaction. Should one day something
// end only one of them, or disable an account and nothing else, each of the three is enough to refuse.
func TestThreeLocksOnARefresh_TK35(t *testing.T) {
	tests := []struct {
		what   string
		change func(t *testing.T, a *App, tx *db.Conn, f grant.Family) error
		reason session.Reason
	}{
		{"only the account is disabled", func(t *testing.T, a *App, tx *db.Conn, f grant.Family) error {
			return a.accounts.SetDisabled(t.Context(), tx, f.Subject, true)
		}, session.AccountDisabled},
		{"only the account is gone", func(t *testing.T, a *App, tx *db.Conn, f grant.Family) error {
			return a.accounts.Delete(t.Context(), tx, f.Subject)
		}, session.AccountDisabled},
		{"only the session ended", func(t *testing.T, a *App, tx *db.Conn, f grant.Family) error {
			store := a.store.In(tx.SQLTx())
			rec, _, err := store.Find(t.Context(), f.SessionHandle)
			if err != nil {
				return err
			}
			return store.Commit(t.Context(), session.Change{End: []session.Ending{rec.Ending(session.EndedByAdmin, now())}})
		}, session.EndedByAdmin},
		{"only the family ended", func(t *testing.T, a *App, tx *db.Conn, f grant.Family) error {
			_, err := a.families.EndFamily(t.Context(), tx, f.ID, string(session.Evicted))
			return err
		}, session.Evicted},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			a := open(t, t.TempDir(), nil)
			signUp(t, a, anna)
			tok, err := a.IssueTokens(t.Context(), Credentials{Email: anna, Password: password}, Client{})
			if err != nil {
				t.Fatal(err)
			}
			f, err := a.families.Find(t.Context(), a.db.View(), tok.Refresh)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.db.Update(t.Context(), func(tx *db.Conn) error { return tt.change(t, a, tx, f) }); err != nil {
				t.Fatal(err)
			}
			_, err = a.Refresh(t.Context(), tok.Refresh, "", "", Client{})
			var refused *grant.RefreshError
			if !errors.As(err, &refused) || refused.Reason != grant.Ended || refused.Family.EndReason != string(tt.reason) {
				t.Errorf("got %v, want %s", err, tt.reason)
			}
		})
	}
}

// TestASessionTakesItsRefreshTokensWithIt: whichever way it ends.
func TestASessionTakesItsRefreshTokensWithIt(t *testing.T) {
	tests := []struct {
		what string
		end  func(a *App, f grant.Family) error
	}{
		{"one is ended", func(a *App, f grant.Family) error {
			return a.EndSession(t.Context(), f.Subject, f.SessionHandle, session.SignedOutElsewhere, f.Subject, Client{})
		}},
		{"all others are ended", func(a *App, f grant.Family) error {
			_, err := a.EndOthers(t.Context(), f.Subject, "", session.SignedOutElsewhere, f.Subject, Client{})
			return err
		}},
		{"everybody's are ended", func(a *App, f grant.Family) error {
			_, err := a.EndEverybody(t.Context(), ActorCommand)
			return err
		}},
		{"the account is disabled", func(a *App, f grant.Family) error {
			_, err := a.DisableUser(t.Context(), anna, ActorCommand)
			return err
		}},
		{"it is evicted by a sign-in", func(a *App, f grant.Family) error {
			_, err := a.SignIn(t.Context(), browser(t, a), Credentials{Email: anna, Password: password}, Client{})
			return err
		}},
		{"it is evicted by another program", func(a *App, f grant.Family) error {
			_, err := a.IssueTokens(t.Context(), Credentials{Email: anna, Password: password}, Client{})
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			a := open(t, t.TempDir(), nil, func(c *Config) { c.MaxSessions = 1 })
			signUp(t, a, anna)
			tok, err := a.IssueTokens(t.Context(), Credentials{Email: anna, Password: password}, Client{})
			if err != nil {
				t.Fatal(err)
			}
			f, err := a.families.Find(t.Context(), a.db.View(), tok.Refresh)
			if err != nil || !f.EndedAt.IsZero() {
				t.Fatal(f, err)
			}
			if err := tt.end(a, f); err != nil {
				t.Fatal(err)
			}
			if f, err = a.families.Find(t.Context(), a.db.View(), tok.Refresh); err != nil || f.EndedAt.IsZero() {
				t.Errorf("the family lives on: %+v %v", f, err)
			}
		})
	}
}
