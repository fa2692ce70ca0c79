package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

// TestEndingsAreTold: those of this process before they are answered, those of another within a second.
func TestEndingsAreTold(t *testing.T) {
	dir := t.TempDir()
	server, command := open(t, dir, nil), open(t, dir, nil)
	var (
		mu   sync.Mutex
		told []session.Ending
	)
	server.OnEnding(func(es []session.Ending) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, es...)
	})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { server.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	knows := func(handle string, why session.Reason) bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.ContainsFunc(told, func(e session.Ending) bool { return e.Handle == handle && e.Reason == why })
	}

	here := browser(t, server)
	if _, err := server.SignUp(t.Context(), here, SignUp{Email: anna, Password: password}, Client{}); err != nil {
		t.Fatal(err)
	}
	handle := here.Handle()
	if err := server.SignOut(t.Context(), here, Client{}); err != nil {
		t.Fatal(err)
	}
	if !knows(handle, session.SignedOut) {
		t.Errorf("told %v when it was answered", told)
	}

	elsewhere := browser(t, server)
	acct, err := server.SignIn(t.Context(), elsewhere, Credentials{Email: anna, Password: password}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	if err := command.EndSession(t.Context(), acct.ID, elsewhere.Handle(), session.EndedByAdmin, ActorCommand, Client{}); err != nil {
		t.Fatal(err)
	}
	soon(t, "the ending in another process is not told", func() bool { return knows(elsewhere.Handle(), session.EndedByAdmin) })
}

// TestSessionLimit: it moves with use, to ask is none, and of what ended there is none.
func TestSessionLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := open(t, t.TempDir(), nil)
		s := browser(t, a)
		if _, err := a.SignUp(t.Context(), s, SignUp{Email: anna, Password: password}, Client{}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		limit := func() time.Duration {
			at, err := a.SessionLimit(t.Context(), s.Handle())
			if err != nil {
				t.Fatal(err)
			}
			return at.Sub(start)
		}
		if got := limit(); got != time.Hour {
			t.Errorf("at first %v", got)
		}
		time.Sleep(time.Minute)
		if got := limit(); got != time.Hour {
			t.Errorf("after a minute without use %v", got)
		}
		if _, err := a.sessions.LoadHandle(t.Context(), s.Handle()); err != nil {
			t.Fatal(err)
		}
		if got := limit(); got != time.Hour+time.Minute {
			t.Errorf("after use %v", got)
		}
		time.Sleep(time.Hour + 1)
		_, err := a.SessionLimit(t.Context(), s.Handle())
		var ended *session.EndedError
		if !errors.As(err, &ended) || ended.Reason != session.Idle {
			t.Errorf("after its end: %v", err)
		}
		if _, err := a.SessionLimit(t.Context(), "never-was"); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("of none: %v", err)
		}
	})
}
