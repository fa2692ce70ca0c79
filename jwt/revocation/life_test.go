package revocation

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

func TestRefuseAfterAtItsEdge(t *testing.T) {
	story(t, Options{RefuseAfter: LeastRefuseAfter}, func(t *testing.T, i *issuer, f *Feed) {
		i.cut(status(noAnswer).on(i))
		tok := verified(t, i, "here", "alice")
		time.Sleep(LeastRefuseAfter - 1)
		if err := f.Revoked(tok); err != nil {
			t.Errorf("a nanosecond early: %v", err)
		}
		time.Sleep(time.Nanosecond)
		err := f.Revoked(tok)
		if !errors.Is(err, ErrStale) || !errors.Is(err, ErrConnection) || errors.Is(err, jwt.ErrRevoked) || jwt.Reason(err) != "" {
			t.Errorf("got %v", err)
		}
	})
}

func TestBeforeTheFirstSnapshot(t *testing.T) {
	for _, accept := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			i := newIssuer(t)
			i.end("gone", "idle")
			i.fault = status(noAnswer).on(i)
			f := i.follow(Options{AcceptWhenLost: accept})
			want := map[bool]string{false: "stale", true: "accepted"}[accept]
			i.want(f, "here", "alice", want)
			i.want(f, "gone", "alice", want)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := f.Wait(ctx); !errors.Is(err, ErrStale) || !errors.Is(err, ErrConnection) {
				t.Errorf("got %v", err)
			}
			if s := f.Status(); s.Age != 0 || s.StaleSince.IsZero() || s.Refusing == accept {
				t.Errorf("status %+v", s)
			}
			i.cut(nil)
			if err := f.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			i.want(f, "here", "alice", "accepted")
			i.want(f, "gone", "alice", "revoked idle")
		})
	}
}

// A heartbeat says that nothing happened since the snapshot: without one it says nothing.
func TestHeartbeatsAloneAreNoView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t)
		beats := stays(func(i *issuer) []string { return []string{i.heartbeat(0, nil)} })
		i.fault = beats.on(i)
		f := i.follow(Options{})
		time.Sleep(time.Minute)
		i.want(f, "here", "alice", "stale")
		if s := f.Status(); !errors.Is(s.Err, ErrGap) || s.Connected {
			t.Errorf("status %+v", s)
		}
	})
}

// The machine sleeps for two minutes, and its clock with it. The first look afterwards sees it on the wall.
func TestSleeperRefuses(t *testing.T) {
	f, i := filled(t, 1)
	f.limits = usualLimits
	tok := verified(t, i, "here", "alice")
	if err := f.Revoked(tok); err != nil {
		t.Fatal(err)
	}
	if is := f.look(followed, 0, time.Now().Round(0).Add(2*time.Minute)); is != refusing {
		t.Errorf("says %d", is)
	}
	if err := f.Revoked(tok); !errors.Is(err, ErrStale) {
		t.Errorf("got %v", err)
	}
}

func TestClose(t *testing.T) {
	story(t, Options{}, func(t *testing.T, i *issuer, f *Feed) {
		for range 2 {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
		i.want(f, "first", "alice", "revoked idle")
		i.want(f, "here", "alice", "accepted")
		if s := f.Status(); s.Connected || !errors.Is(s.Err, ErrClosed) {
			t.Errorf("status %+v", s)
		}
		time.Sleep(time.Minute)
		i.want(f, "here", "alice", "stale")
	})
	// One that never had anything. A goroutine that is left would end the bubble with a panic.
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t)
		i.fault = status(noAnswer).on(i)
		f := i.follow(Options{})
		time.Sleep(time.Hour)
		f.Close()
		if err := f.Wait(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

func TestZeroFeed(t *testing.T) {
	var f Feed
	i := newIssuer(t)
	if err := f.Revoked(verified(t, i, "here", "alice")); !errors.Is(err, ErrStale) {
		t.Errorf("got %v", err)
	}
	if err := f.Wait(t.Context()); !errors.Is(err, ErrOption) {
		t.Errorf("got %v", err)
	}
	if s := f.Status(); !s.Refusing || f.Close() != nil {
		t.Errorf("status %+v", s)
	}
}
