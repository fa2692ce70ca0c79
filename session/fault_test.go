package session_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

// nopStore takes everything and keeps nothing.
type nopStore struct{ session.Store }

func (nopStore) Commit(context.Context, session.Change) error           { return nil }
func (nopStore) List(context.Context, string) ([]session.Record, error) { return nil, nil }
func (nopStore) Touch(context.Context, []session.Touch) error           { return nil }

// The store fails at its n-th call, for every n, in every flow: never a 2xx for what was not done, and never
// a session for somebody who has none (T17).
func TestStoreFailsAtEveryCall_T17(t *testing.T) {
	type flow struct {
		story string
		f     func(t *testing.T, b *browser) bool // false: the client was told of an error
		check func(t *testing.T, b *browser, old string, done bool)
	}
	ok := func(b *browser, f func(*session.Session) error) bool { return b.do(f).Code == 200 }
	refused := func(t *testing.T, m *session.Manager, id string) {
		t.Helper()
		if s, err := m.LoadKey(t.Context(), id); err == nil && !s.New() {
			t.Errorf("id of an ended session accepted as %q", s.Subject())
		}
	}
	flows := []flow{
		{"read", func(_ *testing.T, b *browser) bool { return ok(b, nil) }, func(*testing.T, *browser, string, bool) {}},
		{"change", func(_ *testing.T, b *browser) bool {
			return ok(b, func(s *session.Session) error { return session.Update(s, "n", func(n int) int { return n + 1 }) })
		}, func(t *testing.T, b *browser, _ string, done bool) {
			b.must(func(s *session.Session) error {
				if n, _ := session.Get[int](s, "n"); done && n != 2 || !done && n != 1 {
					t.Errorf("n is %d, done %v", n, done)
				}
				return nil
			})
		}},
		{"sign-out", func(_ *testing.T, b *browser) bool {
			return ok(b, func(s *session.Session) error { return s.End(context.Background(), session.SignedOut) })
		}, func(t *testing.T, b *browser, old string, done bool) {
			if done {
				refused(t, b.m, old)
			}
		}},
		{"sign-in of another", func(_ *testing.T, b *browser) bool {
			return ok(b, func(s *session.Session) error {
				return s.SignIn(context.Background(), session.SignIn{Subject: "bob"})
			})
		}, func(t *testing.T, b *browser, old string, done bool) {
			if done {
				refused(t, b.m, old)
				b.wantWho("bob")
			} else {
				b.wantWho("alice")
			}
		}},
		{"renewal", func(_ *testing.T, b *browser) bool {
			return ok(b, func(s *session.Session) error { return s.Renew(context.Background()) })
		}, func(t *testing.T, b *browser, old string, done bool) {
			if done {
				refused(t, b.m, old)
			}
			b.wantWho("alice")
		}},
		{"end all", func(t *testing.T, b *browser) bool {
			_, err := b.m.EndAll(context.Background(), nil, "alice", "", session.AccountDisabled)
			return err == nil
		}, func(t *testing.T, b *browser, old string, done bool) {
			if done {
				refused(t, b.m, old)
			}
		}},
		{"end by handle", func(t *testing.T, b *browser) bool {
			s, err := b.m.LoadKey(context.Background(), b.cookie)
			if err != nil {
				return false
			}
			_, err = b.m.EndHandle(context.Background(), nil, s.Handle(), session.EndedByAdmin)
			return err == nil
		}, func(t *testing.T, b *browser, old string, done bool) {
			if done {
				refused(t, b.m, old)
			}
		}},
		{"idle", func(_ *testing.T, b *browser) bool {
			time.Sleep(2 * time.Hour)
			return ok(b, func(s *session.Session) error {
				if !s.New() {
					return errors.New("an idle session was accepted")
				}
				return nil
			})
		}, func(t *testing.T, b *browser, old string, _ bool) { refused(t, b.m, old) }},
	}
	for _, f := range flows {
		for _, cache := range []int{0, -1} {
			for n := int64(0); ; n++ {
				reached := false
				synctest.Test(t, func(t *testing.T) {
					store := &spy{Store: memstore.New()}
					b := &browser{t: t, m: newManager(t, store, session.Options{CacheBytes: cache})}
					b.signIn("alice")
					b.must(func(s *session.Session) error { return session.Set(s, "n", 1) })
					old := b.cookie
					store.calls.Store(0)
					store.failAt.Store(n)
					done := f.f(t, b)
					reached = n == 0 || store.calls.Load() >= n
					store.failAt.Store(0)
					if n == 0 && !done {
						t.Errorf("%s: refused without a fault", f.story)
					}
					if t.Failed() {
						return
					}
					f.check(t, b, old, done)
					if t.Failed() {
						t.Logf("%s, call %d fails, cache %d, done %v: %v", f.story, n, cache, done, store.names)
					}
				})
				if !reached {
					break
				}
			}
		}
	}
}

// A store that is down answers nobody, but for sessions in memory, and nothing is written to the client's cookie.
func TestStoreIsDown_T17(t *testing.T) {
	store := &spy{Store: memstore.New()}
	b := &browser{t: t, m: newManager(t, store, session.Options{CacheBytes: -1})}
	b.signIn("alice")
	cookie := b.cookie
	store.all.Store(true)
	for range 3 {
		if w := b.do(nil); w.Code != 503 || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	}
	if _, err := b.m.List(t.Context(), "alice"); !errors.Is(err, errStore) {
		t.Errorf("List: %v", err)
	}
	if _, err := b.m.Sweep(t.Context()); err == nil {
		t.Error("Sweep: no error")
	}
	store.all.Store(false)
	if b.cookie != cookie {
		t.Error("the cookie changed")
	}
	b.wantWho("alice")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := b.m.LoadKey(ctx, cookie); s != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, %v", s, err)
	}
}

// A store that always reports a conflict is given up on.
func TestConflictForEver(t *testing.T) {
	store := &stubborn{Store: memstore.New()}
	b := &browser{t: t, m: newManager(t, store, session.Options{})}
	b.signIn("alice")
	store.on = true
	s, err := b.m.LoadKey(t.Context(), b.cookie)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Set(s, "x", 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context()); !errors.Is(err, session.ErrConflict) {
		t.Errorf("%v, want ErrConflict", err)
	}
}

type stubborn struct {
	session.Store
	on bool
}

func (s *stubborn) Commit(ctx context.Context, c session.Change) error {
	if s.on {
		return session.ErrConflict
	}
	return s.Store.Commit(ctx, c)
}
