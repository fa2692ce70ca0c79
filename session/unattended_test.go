package session_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/db/dbtest"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
	"github.com/cloakroom/cloakroom/session/sqlstore"
)

// stores are opened anew for each test, in its bubble.
var stores = map[string]func(t *testing.T) session.Store{
	"memstore": func(*testing.T) session.Store { return memstore.New() },
	"sqlstore": func(t *testing.T) session.Store {
		d := dbtest.Open(t, sqlstore.Migrations)
		s, err := sqlstore.New(d.Writer(), &sqlstore.Options{Reader: d.Reader()})
		if err != nil {
			t.Fatal(err)
		}
		return s
	},
}

// loaders are the ways to a session. Each returns whom it is of, or why there is none.
var loaders = map[string]func(ctx context.Context, b *browser, handle string) (*session.Session, error){
	"Load": func(ctx context.Context, b *browser, _ string) (*session.Session, error) {
		r := httptest.NewRequestWithContext(ctx, "GET", "https://example.test/", nil)
		r.Header.Set("Cookie", "__Host-session="+b.cookie)
		return b.m.Load(r)
	},
	"LoadKey": func(ctx context.Context, b *browser, _ string) (*session.Session, error) {
		return b.m.LoadKey(ctx, b.cookie)
	},
	"LoadHandle": func(ctx context.Context, b *browser, handle string) (*session.Session, error) {
		return b.m.LoadHandle(ctx, handle)
	},
	"Handler": func(ctx context.Context, b *browser, _ string) (found *session.Session, _ error) {
		r := httptest.NewRequestWithContext(ctx, "GET", "https://example.test/", nil)
		r.Header.Set("Cookie", "__Host-session="+b.cookie)
		b.m.Handler(handler(b.m, func(s *session.Session, _ http.ResponseWriter, _ *http.Request) error {
			found = s
			return nil
		})).ServeHTTP(httptest.NewRecorder(), r)
		return found, nil
	},
}

// Who polls sees a session as it is and never keeps it: it is over an hour after a person last used it, to the nanosecond, however it is
// found, wherever it is kept, and whatever of the last use is written yet (SE-07).
func TestUnattendedNeverExtends_SE07(t *testing.T) {
	const (
		hour = time.Hour
		used = 20 * time.Minute // after sign-in, by a person
	)
	caches := map[string]session.Options{
		"in memory": {}, "hardly any memory": {CacheBytes: 400}, "no memory": {CacheBytes: -1}, "shared": {Shared: true},
	}
	for storeName, open := range stores {
		for memory, o := range caches {
			for way, load := range loaders {
				t.Run(storeName+", "+memory+", "+way, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						store := open(t)
						m := newManager(t, store, o)
						b := &browser{t: t, m: m}
						b.signIn("alice")
						handle := handleOf(b)
						limit := hour
						if o.Shared {
							limit += hour / 10 // which another process may still know better
						}
						time.Sleep(used)
						b.wantWho("alice")
						last := time.Now()
						poll := func() *session.Session {
							t.Helper()
							s, err := load(session.Unattended(t.Context()), b, handle)
							if err != nil {
								t.Fatal(err)
							}
							return s
						}
						for at := time.Minute; at < limit; at += time.Minute {
							time.Sleep(time.Until(last.Add(at)))
							if s := poll(); s.Subject() != "alice" || !s.IdleAt().Equal(last.Add(hour)) || !s.Record().Seen.Equal(last) {
								t.Fatalf("%v after the last use: %q, idle at %v, want at %v", at, s.Subject(), s.IdleAt(), last.Add(hour))
							}
							switch at {
							case 10 * time.Minute:
								if err := m.Flush(t.Context()); err != nil {
									t.Fatal(err)
								}
							case 20 * time.Minute:
								m.SetStale(true) // from here on the store is asked
							case 40 * time.Minute:
								m.SetStale(false)
							}
						}
						time.Sleep(time.Until(last.Add(limit)))
						if s := poll(); s.Subject() != "alice" {
							why, _ := s.WhyNew()
							t.Fatalf("at its limit it is over: %q", why)
						}
						time.Sleep(time.Nanosecond)
						s := poll()
						why, ending := s.WhyNew()
						if why != session.Idle || !ending.At.Equal(last.Add(hour)) || !ending.Seen.Equal(last) {
							t.Errorf("a nanosecond later: %q %+v, want over as idle since %v", why, ending, last.Add(hour))
						}
						if err := m.Flush(t.Context()); err != nil {
							t.Fatal(err)
						}
						b.wantWho("idle") // a person comes too late
					})
				})
			}
		}
	}
}

// handleOf returns the public handle without counting as use.
func handleOf(b *browser) string {
	b.t.Helper()
	s, err := b.m.LoadKey(session.Unattended(b.t.Context()), b.cookie)
	if err != nil || s.New() {
		b.t.Fatal("no session: ", err)
	}
	return s.Handle()
}

// The same dashboard, and somebody who does something now and then: it is their use that counts, on each path.
func TestAttendedLoadsCount_SE07(t *testing.T) {
	for way, load := range loaders {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &browser{t: t, m: newManager(t, nil, session.Options{})}
				b.signIn("alice")
				handle := handleOf(b)
				for range 20 {
					time.Sleep(time.Hour)
					if s, err := load(session.Unattended(t.Context()), b, handle); err != nil || !s.IdleAt().Equal(time.Now()) {
						t.Fatalf("a poll at the limit: %v", err)
					}
					if s, err := load(t.Context(), b, handle); err != nil || !s.IdleAt().Equal(time.Now().Add(time.Hour)) {
						t.Fatalf("a use at the limit: %v", err)
					}
				}
			})
		})
	}
}

// Polling writes nothing: no last-seen time waits for the next batch.
func TestUnattendedWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &spy{Store: memstore.New()}
		b := &browser{t: t, m: newManager(t, store, session.Options{})}
		b.signIn("alice")
		b.away = true
		for range 50 {
			time.Sleep(time.Minute)
			b.wantWho("alice")
		}
		if err := b.m.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := store.called("touch"); n != 0 {
			t.Errorf("%d writes of last-seen times, want none", n)
		}
	})
}

// A poll may change the session, and still it is no use of it.
func TestUnattendedChangeIsSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		b := &browser{t: t, m: newManager(t, store, session.Options{})}
		b.signIn("alice")
		last := time.Now()
		b.away = true
		time.Sleep(50 * time.Minute)
		b.must(func(s *session.Session) error { return session.Set(s, "news", 3) })
		b.must(func(s *session.Session) error {
			if n, _ := session.Get[int](s, "news"); n != 3 || !s.IdleAt().Equal(last.Add(time.Hour)) {
				t.Errorf("news %d, idle at %v; want 3, an hour after the sign-in", n, s.IdleAt())
			}
			return nil
		})
		key, _ := session.KeyOf(b.cookie)
		if rec, err := store.Load(t.Context(), key); err != nil || !rec.Seen.Equal(last) {
			t.Errorf("the store says last seen %v, %v; want at sign-in", rec.Seen, err)
		}
		time.Sleep(10*time.Minute + 1)
		b.wantWho("idle")
	})
}

// Latest knows of a use that is not written yet, and is none.
func TestLatest(t *testing.T) {
	for _, cache := range []int{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			store := memstore.New()
			b := &browser{t: t, m: newManager(t, store, session.Options{CacheBytes: cache})}
			b.signIn("alice")
			time.Sleep(59 * time.Minute)
			b.wantWho("alice")
			used := time.Now()
			time.Sleep(2 * time.Minute)
			key, _ := session.KeyOf(b.cookie)
			rec, err := store.Load(t.Context(), key)
			if _, over := rec.ExpiredAt(time.Now()); err != nil || !over {
				t.Fatalf("the store knows already: %v, %v", rec.Seen, err)
			}
			want := rec
			want.Seen = used
			if got := b.m.Latest(rec); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			time.Sleep(58*time.Minute + 1)
			b.wantWho("idle")
		})
	}
}
