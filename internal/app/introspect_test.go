package app

import (
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

// TestIntrospectionDoesNotTrustOneLock_TK33: session and account are looked at each by itself, in the database; and while another process cannot be followed, the
// keys too.
func TestIntrospectionDoesNotTrustOneLock_TK33(t *testing.T) {
	tests := []struct {
		what   string
		change func(t *testing.T, a *App, tx *db.Conn, f grant.Family) error
	}{
		{"only the account is disabled", func(t *testing.T, a *App, tx *db.Conn, f grant.Family) error {
			return a.accounts.SetDisabled(t.Context(), tx, f.Subject, true)
		}},
		{"only the account is gone", func(t *testing.T, a *App, tx *db.Conn, f grant.Family) error {
			return a.accounts.Delete(t.Context(), tx, f.Subject)
		}},
		{"only the session is past its limit", func(t *testing.T, _ *App, tx *db.Conn, f grant.Family) error {
			_, err := tx.Exec(t.Context(), "UPDATE sessions SET expires = $1 WHERE handle = $2", now().Add(-time.Nanosecond).UnixNano(), f.SessionHandle)
			return err
		}},
		{"only the session ended", func(t *testing.T, a *App, tx *db.Conn, f grant.Family) error {
			store := a.store.In(tx.SQLTx())
			rec, _, err := store.Find(t.Context(), f.SessionHandle)
			if err != nil {
				return err
			}
			return store.Commit(t.Context(), session.Change{End: []session.Ending{rec.Ending(session.EndedByAdmin, now())}})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			a := open(t, t.TempDir(), nil)
			signUp(t, a, anna)
			tok := issueTo(t, a, grant.Client{ID: grant.BuiltinClient})
			if i, err := a.Introspect(t.Context(), tok.Access); err != nil || i == nil || i.Email != anna {
				t.Fatalf("before: %+v, %v", i, err)
			}
			f, err := a.families.Find(t.Context(), a.db.View(), tok.Refresh)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.db.Update(t.Context(), func(tx *db.Conn) error { return tt.change(t, a, tx, f) }); err != nil {
				t.Fatal(err)
			}
			if i, err := a.Introspect(t.Context(), tok.Access); err != nil || i != nil {
				t.Errorf("got %+v, %v", i, err)
			}
		})
	}
	t.Run("a token of one account that names the session of another", func(t *testing.T) {
		a := open(t, t.TempDir(), nil)
		ben := signUp(t, a, "ben@example.org")
		signUp(t, a, anna)
		f, err := a.families.Find(t.Context(), a.db.View(), issueTo(t, a, grant.Client{ID: grant.BuiltinClient}).Refresh)
		if err != nil {
			t.Fatal(err)
		}
		rec, _, err := a.store.Find(t.Context(), f.SessionHandle)
		if err != nil {
			t.Fatal(err)
		}
		rec.Subject = ben.ID
		tok, err := a.sign(rec, a.validity(rec), grant.BuiltinClient, ScopeAccount, "")
		if err != nil {
			t.Fatal(err)
		}
		if i, err := a.Introspect(t.Context(), tok.Access); err != nil || i != nil {
			t.Errorf("got %+v, %v", i, err)
		}
	})
	t.Run("only its key is retired, elsewhere, while nothing is heard of it", func(t *testing.T) {
		dir := t.TempDir()
		a := open(t, dir, nil)
		signUp(t, a, anna)
		tok := issueTo(t, a, grant.Client{ID: grant.BuiltinClient})
		command := open(t, dir, nil)
		if _, err := command.RetireKey(t.Context(), a.keys.Signer().ID(), ActorCommand); err != nil {
			t.Fatal(err)
		}
		a.follower.lost.Store(true)
		if i, err := a.Introspect(t.Context(), tok.Access); err != nil || i != nil {
			t.Errorf("got %+v, %v", i, err)
		}
	})
}
