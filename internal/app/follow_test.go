package app

import (
	"context"
	"errors"
	"log/slog"

	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

const (
	anna     = "anna@example.org"
	password = "plum gravel 47 orbit"
)

func open(t testing.TB, dir string, faults *db.Faults, change ...func(*Config)) *App {
	t.Helper()
	cfg := Config{Data: filepath.Join(dir, "data"), Signup: SignupOpen, Fast: true, Faults: faults}
	for _, f := range change {
		f(&cfg)
	}
	a, err := OpenServer(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return a
}

// browser is the session of a request without a cookie.
func browser(t *testing.T, a *App) *session.Session {
	t.Helper()
	s, err := a.Sessions().Load(httptest.NewRequest("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signUp(t *testing.T, a *App, email string) account.Account {
	t.Helper()
	acct, err := a.SignUp(t.Context(), browser(t, a), SignUp{Email: email, Password: password}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	return acct
}

func bearer(t *testing.T, a *App, token string) guard.Decision {
	t.Helper()
	g, err := a.Guard()
	if err != nil {
		t.Fatal(err)
	}
	return checkBearer(g, token)
}

func checkBearer(g *guard.Guard, token string) guard.Decision {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return g.Check(r)
}

// TestAnotherProcessIsFollowed: what a command does takes effect in the running server within a second; so does a new
// signing key.
func TestAnotherProcessIsFollowed(t *testing.T) {
	dir := t.TempDir()
	server := open(t, dir, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { server.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	acct := signUp(t, server, anna)
	tok, err := server.IssueTokens(t.Context(), Credentials{Email: anna, Password: password}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	if d := bearer(t, server, tok.Access); !d.Allowed() {
		t.Fatal(d.Err)
	}
	command := open(t, dir, nil)
	if _, err := command.ChangeGroups(t.Context(), anna, []string{"staff"}, nil, ActorCommand); err != nil {
		t.Fatal(err)
	}
	soon(t, "the group is not known", func() bool {
		now, err := server.Account(t.Context(), acct.ID)
		return err == nil && len(now.Groups) == 1
	})
	if _, err := command.PublishKey(t.Context(), grant.TokenKey, "EdDSA", ActorCommand); err != nil {
		t.Fatal(err)
	}
	if _, err := command.RotateKey(t.Context(), grant.TokenKey, true, ActorCommand); err != nil {
		t.Fatal(err)
	}
	soon(t, "the new key is not published", func() bool { return server.keys.Signer().Algorithm() == "EdDSA" })
	if d := bearer(t, server, tok.Access); !d.Allowed() {
		t.Errorf("what the old key signed is refused: %v", d.Err)
	}
	if n, err := command.DisableUser(t.Context(), anna, ActorCommand); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	soon(t, "the token is still accepted", func() bool { return bearer(t, server, tok.Access).Reason() == session.AccountDisabled })
}

func soon(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// TestWhileTheWatchIsLostTheStoreIsAsked: slower, and never wrong.
func TestWhileTheWatchIsLostTheStoreIsAsked(t *testing.T) {
	dir := t.TempDir()
	var faults db.Faults
	server := open(t, dir, &faults)
	signUp(t, server, anna)
	tok, err := server.IssueTokens(t.Context(), Credentials{Email: anna, Password: password}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	server.follower.loseSight(errors.New("the watch is lost"))
	if !server.Stats().WatchLost {
		t.Error("the metrics do not show it")
	}
	if d := bearer(t, server, tok.Access); !d.Allowed() {
		t.Fatal(d.Err)
	}
	command := open(t, dir, nil)
	if _, err := command.EndEverybody(t.Context(), ActorCommand); err != nil {
		t.Fatal(err)
	}
	if got := bearer(t, server, tok.Access).Reason(); got != session.EndedByAdmin {
		t.Errorf("got %q", got) // at once: nothing was followed
	}
	faults.Set(func(db.Op) error { return errors.New("disk gone") })
	if got := bearer(t, server, tok.Access).Reason(); got != guard.StoreUnavailable {
		t.Errorf("got %q", got)
	}
	faults.Set(nil)
}

// TestAStartKnowsThePast: an access token of a session that ended before the start is refused, although nobody was there to
// follow.
func TestAStartKnowsThePast(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, nil)
	signUp(t, first, anna)
	tok, err := first.IssueTokens(t.Context(), Credentials{Email: anna, Password: password}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.DisableUser(t.Context(), anna, ActorCommand); err != nil {
		t.Fatal(err)
	}
	if err := first.EnableUser(t.Context(), anna, ActorCommand); err != nil {
		t.Fatal(err)
	}
	second := open(t, dir, nil)
	if got := bearer(t, second, tok.Access).Reason(); got != session.AccountDisabled {
		t.Errorf("got %q", got)
	}
}

// TestWhileAPasswordIsCompared the account can change: the answer is of the moment in which the session is made (CV-52).
func TestWhileAPasswordIsCompared(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	acct := signUp(t, a, anna)
	compared, err := a.authenticate(t.Context(), Credentials{Email: anna, Password: password}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	welcome := func() error {
		return a.db.Update(t.Context(), func(tx *db.Conn) error {
			_, err := a.stillWelcome(t.Context(), tx, compared)
			return err
		})
	}
	if err := welcome(); err != nil {
		t.Fatal(err)
	}
	s := browser(t, a)
	if _, err := a.SignIn(t.Context(), s, Credentials{Email: anna, Password: password}, Client{}); err != nil {
		t.Fatal(err)
	}
	if err := a.ChangePassword(t.Context(), s, password, "another plum gravel 48", Client{}); err != nil {
		t.Fatal(err)
	}
	if err := welcome(); !errors.Is(err, account.ErrWrongCredentials) {
		t.Errorf("the old password signs in after it was changed: %v", err)
	}
	compared, err = a.authenticate(t.Context(), Credentials{Email: anna, Password: "another plum gravel 48"}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.DisableUser(t.Context(), anna, ActorCommand); err != nil {
		t.Fatal(err)
	}
	if err := welcome(); !errors.Is(err, account.ErrWrongCredentials) {
		t.Errorf("a disabled account signs in: %v", err)
	}
	if _, err := a.DeleteUser(t.Context(), anna, ActorCommand); err != nil {
		t.Fatal(err)
	}
	if err := welcome(); !errors.Is(err, account.ErrWrongCredentials) {
		t.Errorf("a deleted account signs in: %v", err)
	}
	if d, err := a.bySubject(t.Context(), acct.ID); err == nil {
		t.Errorf("a deleted account is somebody: %+v", d)
	}
}

// TestASessionThatEndsMeanwhile is told by its reason, not as a fault of the server.
func TestASessionThatEndsMeanwhile(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	s := browser(t, a)
	if _, err := a.SignUp(t.Context(), s, SignUp{Email: anna, Password: password}, Client{}); err != nil {
		t.Fatal(err)
	}
	if err := a.EndSession(t.Context(), "", s.Handle(), session.EndedByAdmin, "test", Client{}); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"confirm": a.Reauthenticate(t.Context(), s, password, Client{}),
		"change":  a.ChangePassword(t.Context(), s, password, "another plum gravel 48", Client{}),
	} {
		var refused *Error
		if !errors.As(err, &refused) || refused.Reason != session.EndedByAdmin {
			t.Errorf("%s: %v", what, err)
		}
	}
	// And the password was not changed by it.
	if _, err := a.SignIn(t.Context(), browser(t, a), Credentials{Email: anna, Password: password}, Client{}); err != nil {
		t.Error(err)
	}
}
