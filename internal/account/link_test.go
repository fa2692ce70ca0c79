package account

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/account/password"
	"github.com/cloakroom/cloakroom/internal/db"
)

// newLinkAt makes a link at a moment.
func (r *rig) newLinkAt(l Link, lifetime time.Duration, now time.Time) (token string) {
	r.t.Helper()
	r.update(func(tx *db.Conn) (err error) {
		token, err = r.newLink(r.t.Context(), tx, l, lifetime, now)
		return err
	})
	return token
}

func (r *rig) use(kind LinkKind, token string) (l Link, err error) {
	err = r.d.Update(r.t.Context(), func(tx *db.Conn) (err error) {
		l, err = r.UseLink(r.t.Context(), tx, kind, token)
		return err
	})
	return l, err
}

func TestOneOf64UsesTheLink_CV_65_AU_06(t *testing.T) {
	r := newRig(t, nil)
	token := r.newLinkAt(Link{Kind: LinkInvitation, Email: "New@Example.com", Groups: []string{"staff"}, Admin: true}, 0, time.Now())
	var (
		wg        sync.WaitGroup
		won, lost atomic.Int64
	)
	for range 64 {
		wg.Go(func() {
			switch l, err := r.use(LinkInvitation, token); {
			case err == nil && l.Email == "new@example.com" && l.Admin && len(l.Groups) == 1:
				won.Add(1)
			case errors.Is(err, ErrLinkUnknown):
				lost.Add(1)
			default:
				t.Errorf("got %+v, %v", l, err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 63 {
		t.Errorf("%d won, %d lost", won.Load(), lost.Load())
	}
}

// A link expires at its time, not when somebody cleans up.
func TestLinkExpiry_CV_53_SE_22(t *testing.T) {
	r := newRig(t, nil)
	now := time.Unix(1.9e9, 0)
	for _, tt := range []struct {
		link     Link
		lifetime time.Duration
	}{
		{Link{Kind: LinkSetup, Admin: true}, time.Hour},
		{Link{Kind: LinkInvitation}, 7 * 24 * time.Hour},
		{Link{Kind: LinkReset, AccountID: r.lea.ID}, time.Hour},
	} {
		token := r.newLinkAt(tt.link, 0, now)
		if len(token) != 43 {
			t.Errorf("token %q", token)
		}
		end := now.Add(tt.lifetime)
		peek := func(at time.Time) error {
			l, err := r.peekLink(t.Context(), r.d.View(), tt.link.Kind, token, at)
			if err == nil && (!l.Expires.Equal(end) || l.Kind != tt.link.Kind || !l.Created.Equal(now)) {
				t.Errorf("got %+v", l)
			}
			return err
		}
		if err := peek(end); err != nil {
			t.Errorf("%s at its last nanosecond: %v", tt.link.Kind, err)
		}
		if err := peek(end.Add(1)); !errors.Is(err, ErrLinkExpired) {
			t.Errorf("%s a nanosecond late: %v", tt.link.Kind, err)
		}
		r.update(func(tx *db.Conn) error {
			if _, err := r.useLink(t.Context(), tx, tt.link.Kind, token, end.Add(1)); !errors.Is(err, ErrLinkExpired) {
				t.Errorf("%s used a nanosecond late: %v", tt.link.Kind, err)
			}
			return nil
		})
	}
}

func TestLinks(t *testing.T) {
	r := newRig(t, nil)
	now := time.Now()
	setup := r.newLinkAt(Link{Kind: LinkSetup, Admin: true}, 0, now)
	invite := r.newLinkAt(Link{Kind: LinkInvitation}, 0, now)
	reset := r.newLinkAt(Link{Kind: LinkReset, AccountID: r.lea.ID}, 0, now)
	for _, tt := range []struct {
		what  string
		kind  LinkKind
		token string
	}{
		{"an invitation does not set up", LinkSetup, invite},
		{"a reset link does not invite", LinkInvitation, reset},
		{"a set-up link does not reset", LinkReset, setup},
		{"another token", LinkSetup, strings.Repeat("A", 43)},
		{"no token", LinkSetup, ""},
		{"a long token", LinkSetup, strings.Repeat("A", 1<<20)},
		{"what is stored is not the token", LinkSetup, tokenHash(setup)},
	} {
		if _, err := r.PeekLink(t.Context(), r.d.View(), tt.kind, tt.token); !errors.Is(err, ErrLinkUnknown) {
			t.Errorf("%s: peek: %v", tt.what, err)
		}
		if _, err := r.use(tt.kind, tt.token); !errors.Is(err, ErrLinkUnknown) {
			t.Errorf("%s: use: %v", tt.what, err)
		}
	}

	undone := errors.New("undone")
	err := r.d.Update(t.Context(), func(tx *db.Conn) error {
		if _, err := r.UseLink(t.Context(), tx, LinkInvitation, invite); err != nil {
			t.Error(err)
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if _, err := r.use(LinkInvitation, invite); err != nil {
		t.Errorf("good again after its use was undone: %v", err)
	}

	newSetup := r.newLinkAt(Link{Kind: LinkSetup, Admin: true}, 0, now)
	if _, err := r.use(LinkSetup, setup); !errors.Is(err, ErrLinkUnknown) {
		t.Errorf("a set-up link that was replaced: %v", err)
	}
	r.update(func(tx *db.Conn) error { return r.DropLinks(t.Context(), tx, LinkSetup) })
	if _, err := r.use(LinkSetup, newSetup); !errors.Is(err, ErrLinkUnknown) {
		t.Errorf("a set-up link that was dropped: %v", err)
	}

	newReset := r.newLinkAt(Link{Kind: LinkReset, AccountID: r.lea.ID}, 0, now)
	if _, err := r.use(LinkReset, reset); !errors.Is(err, ErrLinkUnknown) {
		t.Errorf("a reset link that was replaced: %v", err)
	}
	r.update(func(tx *db.Conn) error {
		return r.SetPasswordHash(t.Context(), tx, r.lea.ID, hashOf(t, password.FastParams, "x"))
	})
	if _, err := r.use(LinkReset, newReset); !errors.Is(err, ErrLinkUnknown) {
		t.Errorf("a reset link after the password was changed: %v", err)
	}

	for what, l := range map[string]Link{
		"no kind":                   {},
		"reset of nobody":           {Kind: LinkReset},
		"reset that makes an admin": {Kind: LinkReset, AccountID: r.lea.ID, Admin: true},
		"invitation of an account":  {Kind: LinkInvitation, AccountID: r.lea.ID},
		"bad group":                 {Kind: LinkInvitation, Groups: []string{"A"}},
		"bad address":               {Kind: LinkInvitation, Email: "x"},
	} {
		err := r.d.Update(t.Context(), func(tx *db.Conn) error {
			_, err := r.NewLink(t.Context(), tx, l, 0)
			return err
		})
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	for _, lifetime := range []time.Duration{-1, maxLinkLifetime + 1} {
		err := r.d.Update(t.Context(), func(tx *db.Conn) error {
			_, err := r.NewLink(t.Context(), tx, Link{Kind: LinkInvitation}, lifetime)
			return err
		})
		if !errors.Is(err, ErrLink) {
			t.Errorf("lifetime %v: %v", lifetime, err)
		}
	}

	r.newLinkAt(Link{Kind: LinkInvitation}, time.Hour, now.Add(-keepLinks-time.Hour-1))
	kept := r.newLinkAt(Link{Kind: LinkInvitation}, time.Hour, now.Add(-keepLinks-time.Hour))
	r.update(func(tx *db.Conn) error {
		n, err := r.sweep(t.Context(), tx, now)
		if n != 1 {
			t.Errorf("swept %d, want 1", n)
		}
		return err
	})
	if _, err := r.use(LinkInvitation, kept); !errors.Is(err, ErrLinkExpired) {
		t.Errorf("expired, not yet swept: %v", err)
	}
}
