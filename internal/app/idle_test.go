package app

import (
	"crypto/sha256"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

// usedLately is a house in which somebody signed in 61 minutes ago, and did something two minutes ago: the session lives, and the store does not know it yet.
func usedLately(t *testing.T) (server *App, dir, handle string) {
	t.Helper()
	dir = t.TempDir()
	server = open(t, dir, nil)
	acct := signUp(t, server, anna)
	p, err := server.sessions.SignIn(t.Context(), session.SignIn{Subject: acct.ID})
	if err != nil {
		t.Fatal(err)
	}
	handle = p.Record.Handle
	time.Sleep(59 * time.Minute)
	if s, err := server.sessions.LoadHandle(t.Context(), handle); err != nil || s.New() {
		t.Fatal("the session is gone: ", err)
	}
	time.Sleep(2 * time.Minute)
	rec, _, err := server.store.Find(t.Context(), handle)
	if _, over := rec.ExpiredAt(now()); err != nil || !over {
		t.Fatalf("the store knows already: seen %v ago, %v", time.Since(rec.Seen), err)
	}
	return server, dir, handle
}

// TestUsesThatAreNotWrittenYetCount_SE07: last-seen times are written in batches. Until then the store takes a session for idle that is not.
func TestUsesThatAreNotWrittenYetCount_SE07(t *testing.T) {
	t.Run("somebody opens an app", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, _, handle := usedLately(t)
			s, err := server.sessions.LoadHandle(session.Unattended(t.Context()), handle)
			if err != nil {
				t.Fatal(err)
			}
			code, err := server.HandOver(t.Context(), s, "wiki.example", "/", sha256.Sum256([]byte("visit")))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := server.EnterApp(t.Context(), code, "wiki.example", "visit", Client{}); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	})
	t.Run("somebody looks at their session", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, _, handle := usedLately(t)
			rec, ending, err := server.SessionByHandle(t.Context(), handle)
			if err != nil || ending != nil || time.Since(rec.Seen) != 2*time.Minute {
				t.Errorf("%+v %+v %v, want live and seen two minutes ago", rec, ending, err)
			}
			if all, err := server.AllSessions(t.Context(), ""); err != nil || len(all) != 1 {
				t.Errorf("%d sessions, %v; want one", len(all), err)
			}
		})
	})
	t.Run("an administrator ends everything, in another process", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, dir, handle := usedLately(t)
			command := open(t, dir, nil)
			n, err := command.EndEverybody(t.Context(), ActorCommand)
			if err != nil || n != 2 { // that of the sign-up too, of which this process cannot know that nobody used it
				t.Errorf("ended %d, %v; want 2", n, err)
			}
			_, ending, err := command.store.Find(t.Context(), handle)
			if err != nil || ending == nil || ending.Reason != session.EndedByAdmin {
				t.Errorf("it is %+v, %v; want ended by an administrator", ending, err)
			}
		})
	})
	t.Run("an administrator ends everything, also what was idle before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, _, handle := usedLately(t)
			time.Sleep(2 * time.Hour)
			n, err := server.EndEverybody(t.Context(), ActorCommand)
			if err != nil || n != 0 {
				t.Errorf("ended %d, %v; want none that lived", n, err)
			}
			_, ending, err := server.store.Find(t.Context(), handle)
			if err != nil || ending == nil || ending.Reason != session.Idle {
				t.Errorf("it is %+v, %v; want over as idle", ending, err)
			}
		})
	})
}
