package session_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

// The classic race of a cache, forced: a reader has fetched the live record and is held up on its way back; the
// session ends; the reader goes on. It may answer what it read, but it must not leave
// the dead record in the cache.
func TestFillIsOvertakenByAnEnding(t *testing.T) {
	ways := map[string]func(m *session.Manager, other session.Store, s *session.Session) error{
		"ended by this manager": func(m *session.Manager, _ session.Store, s *session.Session) error {
			_, err := m.EndHandle(t.Context(), nil, s.Handle(), session.EndedByAdmin)
			return err
		},
		"ended elsewhere, then observed": func(m *session.Manager, other session.Store, s *session.Session) error {
			rec := s.Record()
			e := rec.Ending(session.EndedByAdmin, time.Now())
			if err := other.Commit(t.Context(), session.Change{End: []session.Ending{e}}); err != nil {
				return err
			}
			m.Observe(e)
			return nil
		},
		"ended elsewhere, then caught up": func(m *session.Manager, other session.Store, s *session.Session) error {
			rec := s.Record()
			e := rec.Ending(session.EndedByAdmin, time.Now())
			if err := other.Commit(t.Context(), session.Change{End: []session.Ending{e}}); err != nil {
				return err
			}
			return m.CatchUp(t.Context())
		},
		"ended while the watch is lost": func(m *session.Manager, other session.Store, s *session.Session) error {
			m.SetStale(true)
			rec := s.Record()
			e := rec.Ending(session.EndedByAdmin, time.Now())
			if err := other.Commit(t.Context(), session.Change{End: []session.Ending{e}}); err != nil {
				return err
			}
			m.SetStale(false)
			return nil
		},
	}
	for story, end := range ways {
		t.Run(story, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mem := memstore.New()
				b := &browser{t: t, m: newManager(t, mem, session.Options{})}
				b.signIn("alice")

				hold, held := make(chan struct{}), false
				store := &follower{spy: &spy{Store: mem}, Follower: mem}
				store.after = func(name string) {
					if name == "load" && !held {
						held = true
						<-hold
					}
				}
				m := newManager(t, store, session.Options{})
				go func() {
					s, err := m.LoadKey(t.Context(), b.cookie)
					if err != nil || s.Subject() != "alice" {
						t.Errorf("the reader got %v", err)
					}
				}()
				synctest.Wait() // the reader holds the live record
				var s *session.Session
				b.must(func(of *session.Session) error { s = of; return nil })
				if err := end(m, mem, s); err != nil {
					t.Fatal(err)
				}
				close(hold)
				synctest.Wait() // the reader is through
				b.m = m
				b.wantWho("ended-by-admin")
				if st := m.Stats(); st.Sessions != 0 {
					t.Errorf("%d sessions in the cache, want none", st.Sessions)
				}
			})
		})
	}
}

// The same for a save: it has committed and is held up, the session ends, the save goes on.
func TestSaveIsOvertakenByAnEnding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold, commits := make(chan struct{}), 0
		store := &spy{Store: memstore.New()}
		m := newManager(t, store, session.Options{})
		b := &browser{t: t, m: m}
		b.signIn("alice")
		store.after = func(name string) {
			if name == "commit" {
				if commits++; commits == 1 {
					<-hold
				}
			}
		}
		late := &browser{t: t, m: m, cookie: b.cookie}
		go late.must(func(s *session.Session) error { return session.Set(s, "x", 1) })
		synctest.Wait()
		b.must(func(s *session.Session) error { return s.End(t.Context(), session.SignedOut) })
		close(hold)
		synctest.Wait()
		late.wantWho("signed-out")
	})
}

// A reader that fetched an older version does not put it over a newer one.
func TestFillIsOvertakenByASave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := memstore.New()
		b := &browser{t: t, m: newManager(t, mem, session.Options{})}
		b.signIn("alice")
		hold, held := make(chan struct{}), false
		store := &spy{Store: mem}
		store.after = func(name string) {
			if name == "load" && !held {
				held = true
				<-hold
			}
		}
		b.m = newManager(t, store, session.Options{})
		go b.who()
		synctest.Wait()
		other := &browser{t: t, m: b.m, cookie: b.cookie}
		other.must(func(s *session.Session) error { return session.Set(s, "x", 1) })
		close(hold)
		synctest.Wait()
		other.must(func(s *session.Session) error {
			if _, ok := session.Get[int](s, "x"); !ok {
				t.Error("the older version is back")
			}
			return nil
		})
	})
}

// Nor over one that another reader fetched meanwhile, after another process had changed the session.
func TestFillIsOvertakenByANewerFill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := memstore.New()
		b := &browser{t: t, m: newManager(t, mem, session.Options{})}
		b.signIn("alice")
		hold, held := make(chan struct{}), false
		store := &spy{Store: mem}
		store.after = func(name string) {
			if name == "load" && !held {
				held = true
				<-hold
			}
		}
		m := newManager(t, store, session.Options{})
		slow, quick := &browser{t: t, m: m, cookie: b.cookie}, &browser{t: t, m: m, cookie: b.cookie}
		go slow.who()
		synctest.Wait()
		b.must(func(s *session.Session) error { return session.Set(s, "x", 1) }) // the other process
		quick.who()
		close(hold)
		synctest.Wait()
		quick.must(func(s *session.Session) error {
			if _, ok := session.Get[int](s, "x"); !ok {
				t.Error("the older version is back")
			}
			return nil
		})
	})
}

type follower struct {
	*spy
	session.Follower
}

// When End has returned, none of 1,000 requests at once is accepted (ASVS 7.4.1), although all were before
// and more keep coming while it ends.
func TestAfterEndNobodyIsAccepted_V7_4_1(t *testing.T) {
	for range 20 {
		b := &browser{t: t, m: newManager(t, nil, session.Options{})}
		b.signIn("alice")
		var ended atomic.Bool
		var wrong atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 250 {
					after := ended.Load()
					s, err := b.m.LoadKey(t.Context(), b.cookie)
					if err != nil {
						t.Error(err)
					} else if after && !s.New() {
						wrong.Add(1)
					}
				}
			})
		}
		b2 := &browser{t: t, m: b.m, cookie: b.cookie}
		b2.must(func(s *session.Session) error { return s.End(t.Context(), session.SignedOut) })
		ended.Store(true)
		wg.Wait()
		parallel(1000, func(int) {
			if s, err := b.m.LoadKey(t.Context(), b.cookie); err != nil || !s.New() {
				wrong.Add(1)
			}
		})
		if n := wrong.Load(); n != 0 {
			t.Fatalf("%d requests accepted after the end", n)
		}
	}
}

// 200 people, 500 requests each, all at once: every answer names its own (T6, CV-33).
func TestNoMixUp_T6_CV33(t *testing.T) {
	const people, requests = 200, 500
	m := newManager(t, nil, session.Options{CacheBytes: 32 << 10}) // room for about half of them
	h := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := session.FromContext(r.Context())
		name, _ := session.Get[string](s, "name")
		if r.URL.Path == "/change" {
			if err := session.Update(s, "n", func(n int) int { return n + 1 }); err != nil {
				t.Error(err)
			}
		}
		_, _ = fmt.Fprint(w, s.Subject(), " ", name)
	}))
	parallel(people, func(i int) {
		me := fmt.Sprint("account", i)
		b := &browser{t: t, m: m}
		b.must(func(s *session.Session) error {
			if err := s.SignIn(t.Context(), session.SignIn{Subject: me}); err != nil {
				return err
			}
			return session.Set(s, "name", me)
		})
		for n := range requests {
			target := "/"
			if n%10 == 0 {
				target = "/change"
			}
			if n == requests/2 {
				b.must(func(s *session.Session) error { return s.Renew(t.Context()) })
			}
			r := httptest.NewRequest("GET", target, nil)
			r.Header.Set("Cookie", "__Host-session="+b.cookie)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 200 || w.Body.String() != me+" "+me {
				t.Errorf("%s got %d %q", me, w.Code, w.Body)
				return
			}
		}
		b.must(func(s *session.Session) error {
			if n, _ := session.Get[int](s, "n"); n != requests/10 {
				t.Errorf("%s: %d changes, want %d", me, n, requests/10)
			}
			return nil
		})
	})
	if st := m.Stats(); st.Bytes > 80<<10 || st.Evictions == 0 {
		t.Errorf("cache: %+v", st)
	}
}

// The cache stays within its bytes, and what it throws out loses no last-seen time.
func TestCacheIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 1 << 20
		store := memstore.New()
		m := newManager(t, store, session.Options{CacheBytes: limit})
		var bs []*browser
		for i := range 8000 {
			p, err := m.SignIn(t.Context(), session.SignIn{Subject: fmt.Sprint("account", i)})
			if err != nil {
				t.Fatal(err)
			}
			bs = append(bs, &browser{t: t, m: m, cookie: m.Cookie(p).Value})
			if b := m.Stats().Bytes; b > limit {
				t.Fatalf("%d bytes, limit %d", b, limit)
			}
		}
		if st := m.Stats(); st.Sessions < 1000 || st.Evictions < 1000 {
			t.Errorf("%+v", st)
		}
		time.Sleep(time.Hour)
		for _, b := range bs {
			if s, err := m.LoadKey(t.Context(), b.cookie); err != nil || s.New() {
				t.Fatal("refused", err)
			}
		}
		synctest.Wait()
		if st := m.Stats(); st.Touches > st.Sessions {
			t.Errorf("%d last-seen times wait, want only those of the %d sessions in memory", st.Touches, st.Sessions)
		}
		time.Sleep(time.Hour)
		for _, b := range bs {
			if s, err := m.LoadKey(t.Context(), b.cookie); err != nil || s.New() {
				t.Fatal("the last use was lost", err)
			}
		}
	})
}

// While the watch is lost every read goes to the store.
func TestStale(t *testing.T) {
	store := &spy{Store: memstore.New()}
	m := newManager(t, store, session.Options{})
	b := &browser{t: t, m: m}
	b.signIn("alice")
	loads := func(n int) {
		t.Helper()
		before := store.called("load")
		b.wantWho("alice")
		b.wantWho("alice")
		if got := store.called("load") - before; got != n {
			t.Errorf("%d reads of the store for two requests, want %d", got, n)
		}
	}
	loads(0)
	m.SetStale(true)
	loads(2)
	m.SetStale(false)
	loads(1)
	if st := m.Stats(); st.Hits == 0 || st.Misses == 0 {
		t.Errorf("%+v", st)
	}
	if err := m.CatchUp(t.Context()); err == nil {
		t.Error("CatchUp on a store that cannot be followed: no error")
	}
}

// A live session takes at most 200 bytes of memory, its last use that waits to be written included, and the cache's own account is not below the truth.
func TestMemoryOf10000Sessions(t *testing.T) {
	heap := func() int {
		runtime.GC()
		runtime.GC()
		var ms runtime.MemStats
		runtime.ReadMemStats(&ms)
		return int(ms.HeapAlloc)
	}
	const n, each = 10_000, 200
	ids := make([]string, 0, n)
	before := heap()
	m := newManager(t, nopStore{}, session.Options{})
	for i := range n {
		p, err := m.SignIn(t.Context(), session.SignIn{Subject: fmt.Sprintf("account%015d", i), AMR: []string{"pwd"}, Device: "Firefox on Linux"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.Cookie(p).Value)
	}
	for _, id := range ids {
		if s, err := m.LoadKey(t.Context(), id); err != nil || s.New() {
			t.Fatal("refused", err)
		}
	}
	used := heap() - before - n*(16+48) // the ids
	st := m.Stats()
	t.Logf("%d sessions: %d bytes each on the heap, %d by the cache's own account", st.Sessions, used/n, st.Bytes/n)
	if st.Sessions != n || st.Touches != n {
		t.Fatalf("%+v, want %d of each", st, n)
	}
	if used > n*each || st.Bytes < used || st.Bytes > 2*used {
		t.Errorf("%d bytes each on the heap, limit %d; %d by the cache's own account", used/n, each, st.Bytes/n)
	}
	runtime.KeepAlive(ids)
}
