package session_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

// A session is valid at its limit and over one nanosecond later, and the reason is known from
// then on; whether it was in memory, or has to be read from the store (ASVS 7.3.1, 7.3.2, SE-07).
func TestLimitsToTheNanosecond_V7_3_1_V7_3_2_SE07(t *testing.T) {
	const hour = time.Hour
	rows := []struct {
		story    string
		remember bool
		uses     []time.Duration // after sign-in
		limit    time.Duration   // after sign-in
		want     session.Reason
	}{
		{"never used again: over an hour after sign-in", false, nil, hour, session.Idle},
		{"used once, at the very limit: one more hour", false, []time.Duration{hour}, 2 * hour, session.Idle},
		{"used every 50 minutes for a day: the lifetime counts", false, every(50*time.Minute, 24*hour), 24 * hour, session.Lifetime},
		{"remembered, never used again", true, nil, 720 * hour, session.Lifetime},
		{"remembered, used every day: 30 days are the end all the same", true, every(24*hour, 720*hour), 720 * hour, session.Lifetime},
	}
	for _, row := range rows {
		for _, cache := range []int{0, -1} {
			for _, late := range []time.Duration{0, 1} {
				t.Run(row.story, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						store := memstore.New()
						m := newManager(t, store, session.Options{CacheBytes: cache})
						b := &browser{t: t, m: m}
						b.must(func(s *session.Session) error {
							return s.SignIn(t.Context(), session.SignIn{Subject: "alice", Remember: row.remember})
						})
						start, cookie := time.Now(), b.cookie
						for _, use := range row.uses {
							time.Sleep(time.Until(start.Add(use)))
							b.wantWho("alice")
						}
						time.Sleep(time.Until(start.Add(row.limit + late)))
						if late == 0 {
							b.wantWho("alice")
							return
						}
						b.wantWho(string(row.want))
						if b.cookie != cookie {
							t.Error("the middleware changed a dead cookie")
						}
						key, _ := session.KeyOf(cookie)
						_, err := store.Load(t.Context(), key)
						ended, ok := err.(*session.EndedError)
						if !ok || ended.Reason != row.want || !ended.At.Equal(start.Add(row.limit)) {
							t.Errorf("the store says %v, want ended as %s at the limit", err, row.want)
						}
					})
				})
			}
		}
	}
}

// every returns the multiples of step below end.
func every(step, end time.Duration) (uses []time.Duration) {
	for at := step; at < end; at += step {
		uses = append(uses, at)
	}
	return uses
}

func TestActivityEveryMinuteNeverPassesTheLifetime_V7_3_2_SE18(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &browser{t: t, m: newManager(t, nil, session.Options{})}
		b.signIn("alice")
		start := time.Now()
		for time.Since(start) < 24*time.Hour {
			b.wantWho("alice")
			time.Sleep(time.Minute)
		}
		b.wantWho("alice") // at the limit
		time.Sleep(time.Nanosecond)
		b.wantWho("lifetime")
	})
}

// Renewal after re-authentication begins both limits anew; activity only the idle one (SE-18).
func TestRenewBeginsBothLimitsAnew_SE18(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &browser{t: t, m: newManager(t, nil, session.Options{})}
		b.signIn("alice")
		for range 23 {
			time.Sleep(time.Hour)
			b.wantWho("alice")
		}
		var auth time.Time
		b.must(func(s *session.Session) error {
			if err := s.Renew(t.Context()); err != nil {
				return err
			}
			auth = s.AuthTime()
			if want := time.Now().Add(24 * time.Hour); !s.ExpiresAt().Equal(want) {
				t.Errorf("ExpiresAt %v, want %v", s.ExpiresAt(), want)
			}
			return nil
		})
		if !auth.Equal(time.Now()) {
			t.Errorf("AuthTime %v, want now", auth)
		}
		for range 24 {
			time.Sleep(time.Hour)
			b.wantWho("alice")
		}
		time.Sleep(time.Nanosecond)
		b.wantWho("lifetime")
	})
}

// Nobody sweeps, and no expired session is accepted, listed or counted (SE-22, CV-53).
func TestWithoutSweepExpiredSessionsNeverCount_SE22_CV53(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManager(t, nil, session.Options{MaxPerSubject: 3})
		var old []*browser
		for range 3 {
			b := &browser{t: t, m: m}
			b.signIn("alice")
			old = append(old, b)
		}
		time.Sleep(time.Hour + 1)
		if list, err := m.List(t.Context(), "alice"); len(list) != 0 || err != nil {
			t.Errorf("List: %d sessions, %v; want none", len(list), err)
		}
		fresh := &browser{t: t, m: m}
		fresh.signIn("alice")
		for _, b := range old {
			b.wantWho("idle") // and not evicted: it took nobody's place
		}
		fresh.wantWho("alice")
	})
}

func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		m := newManager(t, store, session.Options{})
		used, unused := &browser{t: t, m: m}, &browser{t: t, m: m}
		used.signIn("alice")
		unused.signIn("bob")
		time.Sleep(time.Hour)
		used.wantWho("alice") // known only in memory until Sweep writes it
		sweep := func(want int) {
			t.Helper()
			if n, err := m.Sweep(t.Context()); n != want || err != nil {
				t.Errorf("Sweep: %d, %v; want %d", n, err, want)
			}
		}
		sweep(0) // at the limit
		time.Sleep(time.Nanosecond)
		sweep(1)
		sweep(0)
		used.wantWho("alice")
		unused.wantWho("idle")

		time.Sleep(session.KeepEndings - 1)
		sweep(1) // alice; bob's ending is 30 days old and still there
		unused.wantWho("idle")
		time.Sleep(time.Nanosecond)
		sweep(0)
		unused.wantWho("unknown-session")
	})
}

// Last-seen times are written at most once in a tenth of the idle limit, and none is lost by a proper stop.
func TestTouchesAreWrittenInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &spy{Store: memstore.New()}
		m := newManager(t, store, session.Options{})
		b := &browser{t: t, m: m}
		b.signIn("alice")
		start := time.Now()
		for range 60 {
			time.Sleep(time.Minute)
			b.wantWho("alice")
			synctest.Wait()
		}
		if n := store.called("touch"); n < 8 || n > 10 {
			t.Errorf("%d writes in an hour of one request a minute, want about 9", n)
		}
		if n := store.called("load"); n != 0 {
			t.Errorf("%d reads of a session in memory, want none", n)
		}
		key, _ := session.KeyOf(b.cookie)
		seen := func() time.Duration {
			rec, err := store.Load(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			return rec.Seen.Sub(start)
		}
		if got := seen(); got < 54*time.Minute {
			t.Errorf("the store's last-seen is %v old, want at most a tenth of an hour", time.Hour-got)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if got := seen(); got != time.Hour {
			t.Errorf("after Close the store's last-seen is at %v, want 1h", got)
		}
		// The next process goes on where this one stopped.
		time.Sleep(time.Hour)
		b.m = newManager(t, store, session.Options{})
		b.wantWho("alice")
	})
}

// A store that cannot write last-seen times delays them; they are neither lost nor do they trouble anybody.
func TestTouchesSurviveAFailingStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &spy{Store: memstore.New()}
		m := newManager(t, store, session.Options{})
		b := &browser{t: t, m: m}
		b.signIn("alice")
		time.Sleep(50 * time.Minute)
		b.wantWho("alice")
		store.all.Store(true)
		if err := m.Flush(t.Context()); err == nil {
			t.Error("Flush: no error of a failing store")
		}
		time.Sleep(7 * time.Minute)
		store.all.Store(false)
		time.Sleep(7 * time.Minute)
		synctest.Wait()
		key, _ := session.KeyOf(b.cookie)
		rec, err := store.Load(t.Context(), key)
		if err != nil || time.Since(rec.Seen) != 14*time.Minute {
			t.Errorf("last seen %v ago, %v; want 14m", time.Since(rec.Seen), err)
		}
	})
}

// Two processes on one store: what one has seen the other learns before it calls a session idle. It
// ends between T and 1.1 T and never early.
func TestSharedStoreNeverEndsEarly(t *testing.T) {
	for _, last := range []time.Duration{0, 1, 6 * time.Minute, 30 * time.Minute, 59 * time.Minute, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			store := memstore.New()
			o := session.Options{Shared: true}
			one, two := newManager(t, store, o), newManager(t, store, o)
			b := &browser{t: t, m: one}
			b.signIn("alice")
			start := time.Now()
			b.m = two
			b.wantWho("alice") // both have it in memory
			time.Sleep(last)
			b.m = one
			b.wantWho("alice")
			time.Sleep(time.Until(start.Add(last + time.Hour)))
			b.m = two
			b.wantWho("alice")
			time.Sleep(66*time.Minute + 1)
			if _, err := two.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.wantWho("idle")
		})
	}
}

// A use that another process has not written yet is not overlooked: the limit waits for it.
func TestSharedStoreWaitsForUnwrittenUses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		o := session.Options{Shared: true}
		one, two := newManager(t, store, o), newManager(t, store, o)
		b := &browser{t: t, m: two}
		b.signIn("alice")
		b.wantWho("alice")
		time.Sleep(59 * time.Minute)
		b.m = one
		b.wantWho("alice") // written in six minutes
		time.Sleep(2 * time.Minute)
		if n, err := two.Sweep(t.Context()); n != 0 || err != nil {
			t.Errorf("Sweep: %d, %v; want 0", n, err)
		}
		b.m = two
		b.wantWho("alice")
	})
}

// The list of devices, a sign-in at the limit and the end of all know of uses that are not written yet.
func TestListsKnowOfUnwrittenUses(t *testing.T) {
	for _, cache := range []int{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			m := newManager(t, nil, session.Options{CacheBytes: cache, MaxPerSubject: 1})
			b := &browser{t: t, m: m}
			b.signIn("alice")
			time.Sleep(59 * time.Minute)
			b.wantWho("alice")
			used := time.Now()
			time.Sleep(2 * time.Minute)
			list, err := m.List(t.Context(), "alice")
			if err != nil || len(list) != 1 || !list[0].Seen.Equal(used) {
				t.Errorf("List: %v, %v; want one session, last seen 2m ago", list, err)
			}
			p, err := m.PlanSignIn(t.Context(), m.Store(), session.SignIn{Subject: "alice"})
			if err != nil || len(p.Change.End) != 1 || p.Change.End[0].Reason != session.Evicted || !p.Change.End[0].Seen.Equal(used) {
				t.Errorf("PlanSignIn: %+v, %v; want one evicted, last seen 2m ago", p, err)
			}
			es, err := m.EndAll(t.Context(), nil, "alice", "", session.EndedByAdmin)
			if err != nil || len(es) != 1 || es[0].Reason != session.EndedByAdmin || !es[0].Seen.Equal(used) {
				t.Errorf("EndAll: %+v, %v; want ended-by-admin, last seen 2m ago", es, err)
			}
		})
	}
}

// Sessions of Kind Token have a lifetime of their own and no idle limit.
func TestTokenSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManager(t, nil, session.Options{})
		p, err := m.SignIn(t.Context(), session.SignIn{Subject: "alice", Kind: session.Token, Lifetime: 720 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if m.Cookie(p) != nil {
			t.Error("a token session has a cookie")
		}
		live := func() bool {
			list, err := m.List(t.Context(), "alice")
			if err != nil {
				t.Fatal(err)
			}
			return len(list) == 1 && list[0].Handle == p.Record.Handle
		}
		time.Sleep(720 * time.Hour)
		if !live() {
			t.Error("over at its lifetime, want live")
		}
		time.Sleep(time.Nanosecond)
		if live() {
			t.Error("live after its lifetime")
		}
	})
}

// The default cookie ends with the browser; a remembered one says how long it is good for (SE-13).
func TestCookieLifetime_SE13(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, row := range []struct {
			remember time.Duration
			want     int
		}{{0, 720 * 3600}, {-1, 0}, {48 * time.Hour, 48 * 3600}} {
			b := &browser{t: t, m: newManager(t, nil, session.Options{Remember: row.remember})}
			b.signIn("alice")
			if b.last.MaxAge != 0 || !b.last.Expires.IsZero() {
				t.Errorf("not remembered: Max-Age %d, Expires %v; want none", b.last.MaxAge, b.last.Expires)
			}
			if !b.last.Secure || !b.last.HttpOnly || b.last.SameSite != http.SameSiteLaxMode || b.last.Path != "/" || b.last.Domain != "" {
				t.Errorf("attributes of %v", b.last)
			}
			b.must(func(s *session.Session) error {
				return s.SignIn(t.Context(), session.SignIn{Subject: "alice", Remember: true})
			})
			if b.last.MaxAge != row.want {
				t.Errorf("remembered: Max-Age %d, want %d", b.last.MaxAge, row.want)
			}
		}
	})
}
