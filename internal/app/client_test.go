package app

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

func addClient(t testing.TB, a *App, id string) (grant.Client, string) {
	t.Helper()
	c, secret, err := a.AddClient(t.Context(), id, "", ActorCommand)
	if err != nil {
		t.Fatal(err)
	}
	return c, secret
}

func issueTo(t testing.TB, a *App, c grant.Client) Tokens {
	t.Helper()
	tok, err := a.IssueTokensTo(t.Context(), c, Credentials{Email: anna, Password: password}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// TestAClientIsRemovedByAnotherProcess: its secret is nothing at once, and its tokens within a second.
func TestAClientIsRemovedByAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	server := open(t, dir, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { server.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	signUp(t, server, anna)
	command := open(t, dir, nil)

	billing, secret := addClient(t, command, "billing")
	if got, err := server.AuthenticateClient(t.Context(), "billing", secret, Client{}); err != nil || got != billing {
		t.Fatalf("%+v, %v", got, err)
	}
	tok := issueTo(t, server, billing)
	public := issueTo(t, server, grant.Client{ID: grant.BuiltinClient})
	if n, err := command.RemoveClient(t.Context(), "billing", ActorCommand); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	var refused *Error
	if _, err := server.AuthenticateClient(t.Context(), "billing", secret, Client{}); !errors.As(err, &refused) || refused.Reason != guard.InvalidClient {
		t.Errorf("its secret: %v", err)
	}
	if i, err := server.Introspect(t.Context(), tok.Access); i != nil || err != nil {
		t.Errorf("its token is said to be good: %+v, %v", i, err)
	}
	soon(t, "its token is still accepted", func() bool { return bearer(t, server, tok.Access).Reason() == session.EndedByAdmin })
	if d := bearer(t, server, public.Access); !d.Allowed() {
		t.Errorf("another's token: %v", d.Err)
	}

	entries, err := server.journal.List(t.Context(), server.db.View(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var did []string
	for _, e := range entries {
		if strings.HasPrefix(e.Action, "client.") || e.Action == "session.end" {
			did = append(did, e.Actor+" "+e.Action)
		}
		if strings.Contains(e.Detail, secret) {
			t.Errorf("the journal has the secret: %s", e.Detail)
		}
	}
	if got := strings.Join(did, ", "); got != "command session.end, command client.remove, command client.add" {
		t.Errorf("the journal: %s", got)
	}
}

// TestNothingIsIssuedToWhoWasRemovedMeanwhile: between the proof and the token, however short that is; also if another has its name by then.
func TestNothingIsIssuedToWhoWasRemovedMeanwhile(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	signUp(t, a, anna)
	billing, _ := addClient(t, a, "billing")
	for _, what := range []string{"removed", "another of that name"} {
		if what == "removed" {
			if _, err := a.RemoveClient(t.Context(), "billing", ActorCommand); err != nil {
				t.Fatal(err)
			}
		} else {
			addClient(t, a, "billing")
		}
		_, err := a.IssueTokensTo(t.Context(), billing, Credentials{Email: anna, Password: password}, Client{})
		var refused *Error
		if !errors.As(err, &refused) || refused.Reason != guard.InvalidClient {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestARemovalThatWasNotStoredIsNone: all of it or nothing.
func TestARemovalThatWasNotStoredIsNone(t *testing.T) {
	var faults db.Faults
	a := open(t, t.TempDir(), &faults)
	signUp(t, a, anna)
	billing, secret := addClient(t, a, "billing")
	tok := issueTo(t, a, billing)
	gone := errors.New("disk gone")
	for _, part := range []string{"DELETE FROM clients", "FROM refresh_families", "UPDATE refresh_families", "INSERT INTO journal", "feed_head", "commit"} {
		broke := false
		faults.Set(func(op db.Op) error {
			if op.Kind == part || op.Kind != "next" && strings.Contains(strings.ToLower(op.Query), strings.ToLower(part)) {
				broke = true
				return gone
			}
			return nil
		})
		n, err := a.RemoveClient(t.Context(), "billing", ActorCommand)
		faults.Set(nil)
		if !broke || err == nil {
			t.Errorf("%s fails: %d ended, %v (asked: %v)", part, n, err, broke)
		}
		if _, err := a.AuthenticateClient(t.Context(), "billing", secret, Client{}); err != nil {
			t.Errorf("%s fails: the client is gone: %v", part, err)
		}
		if d := bearer(t, a, tok.Access); !d.Allowed() {
			t.Errorf("%s fails: its token is dead: %v", part, d.Err)
		}
	}
	if n, err := a.RemoveClient(t.Context(), "billing", ActorCommand); err != nil || n != 1 {
		t.Errorf("mended: %d, %v", n, err)
	}
}
