package session_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

// Whoever knew the id before a change of privilege has nothing with it afterwards (T7, CV-27, CV-29 to
// CV-33, ASVS 7.2.4): eight flows, each ends with the old id refused for a stated reason.
func TestNewIDAtEveryChangeOfPrivilege_T7_V7_2_4(t *testing.T) {
	type B = *browser
	signIn := func(subject string) func(B) { return func(b B) { b.signIn(subject) } }
	remember := func(b B) {
		b.must(func(s *session.Session) error {
			return s.SignIn(t.Context(), session.SignIn{Subject: "alice", Remember: true})
		})
	}
	put := func(b B) {
		b.must(func(s *session.Session) error { return session.Set(s, "cart", []string{"tea"}) })
	}
	renew := func(b B) { b.must(func(s *session.Session) error { return s.Renew(t.Context()) }) }
	end := func(why session.Reason) func(B) {
		return func(b B) { b.must(func(s *session.Session) error { return s.End(t.Context(), why) }) }
	}
	rows := []struct {
		story          string
		before, change func(B)
		victim         string // after the change
		attacker       string // with the id from before
	}{
		{"an anonymous session signs in", put, signIn("alice"), "alice", "renewed"},
		{"the same person signs in again", signIn("alice"), signIn("alice"), "alice", "renewed"},
		{"another person signs in at the same browser", signIn("bob"), signIn("alice"), "alice", "renewed"},
		{"a plain session becomes a remembered one", signIn("alice"), remember, "alice", "renewed"},
		{"re-authentication", signIn("alice"), renew, "alice", "renewed"},
		{"an anonymous session is renewed", put, renew, "", "renewed"},
		{"sign-out", signIn("alice"), end(session.SignedOut), "no-credentials", "signed-out"},
		{"a change of password", signIn("alice"), end(session.PasswordChanged), "no-credentials", "password-changed"},
	}
	for _, row := range rows {
		t.Run(row.story, func(t *testing.T) {
			b := &browser{t: t, m: newManager(t, nil, session.Options{})}
			row.before(b)
			attacker := &browser{t: t, m: b.m, cookie: b.cookie}
			attacker.who() // it is in memory
			row.change(b)
			if b.cookie == attacker.cookie {
				t.Error("the id is the same as before")
			}
			b.wantWho(row.victim)
			attacker.wantWho(row.attacker)
		})
	}
}

func TestDataGoesOverToTheSamePersonOnly(t *testing.T) {
	for _, row := range []struct{ before, after, want string }{
		{"", "alice", "tea"},
		{"alice", "alice", "tea"},
		{"bob", "alice", ""},
	} {
		b := &browser{t: t, m: newManager(t, nil, session.Options{})}
		if row.before != "" {
			b.signIn(row.before)
		}
		b.must(func(s *session.Session) error { return session.Set(s, "cart", "tea") })
		b.must(func(s *session.Session) error {
			if err := session.Set(s, "late", 1); err != nil {
				return err
			}
			if err := s.SignIn(t.Context(), session.SignIn{Subject: row.after}); err != nil {
				return err
			}
			return session.Set(s, "later", 2)
		})
		b.must(func(s *session.Session) error {
			cart, _ := session.Get[string](s, "cart")
			late, _ := session.Get[int](s, "late")
			later, _ := session.Get[int](s, "later")
			if cart != row.want || (late == 1) != (row.want != "") || later != 2 {
				t.Errorf("%q then %q: cart %q, late %d, later %d", row.before, row.after, cart, late, later)
			}
			return nil
		})
	}
}

// A change that another request makes between the read and the renewal is in the new session.
func TestRenewLosesNoUpdate(t *testing.T) {
	b := &browser{t: t, m: newManager(t, nil, session.Options{})}
	b.signIn("alice")
	other := &browser{t: t, m: b.m, cookie: b.cookie}
	b.must(func(s *session.Session) error {
		if err := session.Set(s, "mine", 1); err != nil {
			return err
		}
		other.must(func(s *session.Session) error { return session.Set(s, "other", 2) })
		return s.Renew(t.Context())
	})
	b.must(func(s *session.Session) error {
		mine, _ := session.Get[int](s, "mine")
		if other, _ := session.Get[int](s, "other"); mine != 1 || other != 2 {
			t.Errorf("mine %d, other %d; want 1 and 2", mine, other)
		}
		return nil
	})
}

// Sign-in n+1 ends the oldest, for any limit and any order of sign-ins and sign-outs (ASVS 7.1.2).
func TestSignInOverTheLimitEndsTheOldest_V7_1_2(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.IntRange(1, 5).Draw(rt, "limit")
		m := newManager(t, nil, session.Options{MaxPerSubject: limit})
		var live, gone []*browser
		for i := range rapid.IntRange(1, 20).Draw(rt, "steps") {
			if len(live) > 0 && rapid.IntRange(0, 3).Draw(rt, "sign out") == 0 {
				n := rapid.IntRange(0, len(live)-1).Draw(rt, "which")
				b := live[n]
				b.must(func(s *session.Session) error { return s.End(t.Context(), session.SignedOut) })
				live = append(live[:n:n], live[n+1:]...)
				continue
			}
			b := &browser{t: t, m: m}
			b.signIn("alice")
			if live = append(live, b); len(live) > limit {
				gone = append(gone, live[0])
				live = live[1:]
			}
			other := &browser{t: t, m: m}
			other.signIn(fmt.Sprint("bob", i))
			other.wantWho(fmt.Sprint("bob", i))
		}
		for _, b := range live {
			b.wantWho("alice")
		}
		for _, b := range gone {
			b.wantWho("evicted")
		}
	})
}

// Sign-ins at once do not get past the limit together.
func TestParallelSignInsKeepTheLimit_V7_1_2(t *testing.T) {
	m := newManager(t, nil, session.Options{MaxPerSubject: 5})
	parallel(50, func(int) {
		if _, err := m.SignIn(t.Context(), session.SignIn{Subject: "alice"}); err != nil {
			t.Error(err)
		}
	})
	if list, err := m.List(t.Context(), "alice"); len(list) != 5 || err != nil {
		t.Errorf("%d sessions, %v; want 5", len(list), err)
	}
}

// One call ends all sessions of a person, or all but this one (ASVS 7.4.2, 7.4.3, 7.4.5, 7.5.2).
func TestEndAll_V7_4_2_V7_4_3_V7_4_5_V7_5_2(t *testing.T) {
	m := newManager(t, nil, session.Options{})
	var bs []*browser
	for range 5 {
		b := &browser{t: t, m: m}
		b.signIn("alice")
		bs = append(bs, b)
	}
	bob := &browser{t: t, m: m}
	bob.signIn("bob")
	var this string
	bs[2].must(func(s *session.Session) error { this = s.Handle(); return nil })

	if _, err := m.EndHandle(t.Context(), nil, this[:21]+"!", session.SignedOutElsewhere); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("EndHandle of an unknown handle: %v", err)
	}
	bs[4].must(func(s *session.Session) error {
		_, err := m.EndHandle(t.Context(), nil, s.Handle(), session.SignedOutElsewhere)
		return err
	})
	bs[4].wantWho("signed-out-elsewhere")

	es, err := m.EndAll(t.Context(), nil, "alice", this, session.PasswordChanged)
	if len(es) != 3 || err != nil {
		t.Errorf("EndAll: %d endings, %v; want 3", len(es), err)
	}
	for i, b := range bs[:4] {
		if i != 2 {
			b.wantWho("password-changed")
		}
	}
	bs[2].wantWho("alice")
	if _, err := m.EndAll(t.Context(), nil, "alice", "", session.AccountDisabled); err != nil {
		t.Error(err)
	}
	bs[2].wantWho("account-disabled")
	bs[4].wantWho("signed-out-elsewhere") // the first reason stays
	bob.wantWho("bob")

	if e, err := m.EndHandle(t.Context(), nil, this, session.SignedOut); err != nil || e.Reason != session.AccountDisabled {
		t.Errorf("EndHandle of an ended session: %v, %v; want its first ending", e.Reason, err)
	}
}

// The plan changes nothing until it is committed and adopted; one that is thrown away has not happened.
func TestPlanIsOnlyAPlan(t *testing.T) {
	store := memstore.New()
	b := &browser{t: t, m: newManager(t, store, session.Options{})}
	b.signIn("alice")
	b.must(func(s *session.Session) error {
		p, err := s.PlanSignIn(t.Context(), store, session.SignIn{Subject: "bob"})
		if err != nil {
			return err
		}
		if len(p.Change.Put) != 1 || len(p.Change.End) != 1 || p.Record.Subject != "bob" {
			t.Errorf("plan %+v", p.Change)
		}
		s.PlanEnd(session.SignedOut)
		_, err = s.PlanRenew(t.Context(), store)
		return err
	})
	b.wantWho("alice")
}

// What is set between plan and adoption is kept; and nothing waits to be written of what ended.
func TestAdoptKeepsLaterChanges(t *testing.T) {
	store := memstore.New()
	b := &browser{t: t, m: newManager(t, store, session.Options{})}
	b.signIn("alice")
	b.wantWho("alice")
	b.must(func(s *session.Session) error {
		if err := session.Set(s, "before", 1); err != nil {
			return err
		}
		p, err := s.PlanSignIn(t.Context(), store, session.SignIn{Subject: "alice"})
		if err != nil {
			return err
		}
		if err := session.Set(s, "between", 2); err != nil {
			return err
		}
		if err := store.Commit(t.Context(), p.Change); err != nil {
			return err
		}
		s.Adopt(p)
		if n := b.m.Stats().Touches; n != 0 {
			t.Errorf("%d last-seen times of ended sessions wait", n)
		}
		return session.Set(s, "after", 3)
	})
	fresh := newManager(t, store, session.Options{})
	s, err := fresh.LoadKey(t.Context(), b.cookie)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"before", "between", "after"} {
		if n, _ := session.Get[int](s, name); n != i+1 {
			t.Errorf("%s: %d, want %d", name, n, i+1)
		}
	}
}

// Between the commit of a sign-in in the program's transaction and its Adopt, an administrator
// ends all sessions: Adopt does not bring the new one back to life.
func TestAdoptDoesNotReviveWhatEnded(t *testing.T) {
	store := memstore.New()
	b := &browser{t: t, m: newManager(t, store, session.Options{})}
	b.must(func(s *session.Session) error {
		p, err := s.PlanSignIn(t.Context(), store, session.SignIn{Subject: "alice"})
		if err != nil {
			return err
		}
		if err := store.Commit(t.Context(), p.Change); err != nil {
			return err
		}
		if _, err := b.m.EndAll(t.Context(), nil, "alice", "", session.EndedByAdmin); err != nil {
			return err
		}
		s.Adopt(p)
		return nil
	})
	b.wantWho("ended-by-admin")
}

func TestSignInRefuses(t *testing.T) {
	m := newManager(t, nil, session.Options{})
	for story, in := range map[string]session.SignIn{
		"nobody":                      {},
		"a lifetime for a browser":    {Subject: "alice", Lifetime: time.Hour},
		"a remembered token session":  {Subject: "alice", Kind: session.Token, Remember: true},
		"a negative lifetime":         {Subject: "alice", Kind: session.Token, Lifetime: -1},
		"a lifetime beyond all times": {Subject: "alice", Kind: session.Token, Lifetime: 1 << 62},
		"a kind that there is not":    {Subject: "alice", Kind: 7},
	} {
		if _, err := m.PlanSignIn(t.Context(), m.Store(), in); !errors.Is(err, session.ErrSignIn) {
			t.Errorf("%s: %v, want ErrSignIn", story, err)
		}
	}
	b := &browser{t: t, m: m}
	b.must(func(s *session.Session) error {
		if err := s.SignIn(t.Context(), session.SignIn{Subject: "alice", Kind: session.Token}); !errors.Is(err, session.ErrSignIn) {
			t.Errorf("a token session in a cookie: %v, want ErrSignIn", err)
		}
		if err := s.Renew(t.Context()); !errors.Is(err, session.ErrNoSession) {
			t.Errorf("Renew of a new session: %v, want ErrNoSession", err)
		}
		return s.End(t.Context(), session.SignedOut) // nothing to end is no error
	})
}

// WhyNew keeps the whole ending, for the sign-in page; which alone has the dead cookie deleted.
func TestWhyNewAndDropCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &browser{t: t, m: newManager(t, nil, session.Options{})}
		b.signIn("alice")
		handle, start := "", time.Now()
		b.must(func(s *session.Session) error {
			handle = s.Handle()
			if why, e := s.WhyNew(); why != "" || e != nil {
				t.Errorf("of a live session: %q, %v; want nothing", why, e)
			}
			return nil
		})
		time.Sleep(2 * time.Hour)
		for range 2 {
			b.must(func(s *session.Session) error {
				why, e := s.WhyNew()
				if why != session.Idle || e == nil || e.Handle != handle || e.Subject != "alice" ||
					!e.Created.Equal(start) || !e.Seen.Equal(start) || !e.At.Equal(start.Add(time.Hour)) {
					t.Errorf("WhyNew: %q, %+v", why, e)
				}
				return nil
			})
		}
		b.must(func(s *session.Session) error { s.DropCookie(); return nil })
		if b.cookie != "" || b.last.MaxAge >= 0 {
			t.Error("DropCookie did not delete the cookie")
		}
		b.last = nil
		b.must(func(s *session.Session) error { s.DropCookie(); return nil })
		if b.last != nil {
			t.Error("DropCookie deletes a cookie that did not come")
		}
		b.signIn("alice")
		b.must(func(s *session.Session) error { s.DropCookie(); return nil })
		b.wantWho("alice")
	})
}
