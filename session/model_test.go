package session_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

// The model: what a person would say that sessions are. No cache, no batches, no versions, no hashes.
type model struct {
	sessions map[string]*modelSession // by id, live and ended
	limit    int
}

type modelSession struct {
	subject       string
	created, seen time.Time
	idle          time.Duration
	expires       time.Time
	n             int            // the one value
	ended         session.Reason // "" is live
	at            time.Time      // when it ended
}

func (s *modelSession) end(why session.Reason, at time.Time) { s.ended, s.at = why, at }

func (m *model) use(id string, away bool, now time.Time) (*modelSession, session.Reason) {
	s := m.sessions[id]
	switch {
	case id == "":
		return nil, session.NoCredentials
	case s == nil:
		return nil, session.UnknownSession
	}
	m.expire(s, now)
	if s.ended != "" {
		return nil, s.ended
	}
	if !away {
		s.seen = now
	}
	return s, ""
}

func (m *model) expire(s *modelSession, now time.Time) {
	idleAt := s.seen.Add(s.idle)
	switch {
	case s.ended != "":
	case now.After(idleAt) && idleAt.Before(s.expires):
		s.end(session.Idle, idleAt)
	case now.After(s.expires):
		s.end(session.Lifetime, s.expires)
	}
}

func (m *model) open(id, subject string, remember bool, n int, now time.Time) {
	s := &modelSession{subject: subject, created: now, seen: now, n: n, idle: time.Hour, expires: now.Add(24 * time.Hour)}
	if remember {
		s.idle, s.expires = 720*time.Hour, now.Add(720*time.Hour)
	}
	m.sessions[id] = s
	if subject == "" {
		return
	}
	var live []*modelSession
	for _, s := range m.sessions {
		if m.expire(s, now); s.subject == subject && s.ended == "" {
			live = append(live, s)
		}
	}
	slices.SortFunc(live, func(a, b *modelSession) int { return a.created.Compare(b.created) })
	for len(live) > m.limit {
		live[0].end(session.Evicted, now)
		live = live[1:]
	}
}

// Any sequence of what people, browsers that were left alone, administrators, time and restarts do gives what the model says: who is signed in,
// why not, and what the session holds; with a cache, a tiny one, and none; with and without sweeps.
func TestAgainstTheModel_SE18(t *testing.T) {
	for _, cache := range []int{0, 2000, -1} {
		t.Run(fmt.Sprint("cache ", cache), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				var failure any // rapid wants to catch it in its own goroutine
				synctest.Test(t, func(t *testing.T) {
					defer func() { failure = recover() }()
					againstTheModel(t, rt, cache)
				})
				if failure != nil {
					panic(failure)
				}
			})
		})
	}
}

func againstTheModel(t *testing.T, rt *rapid.T, cache int) {
	store := memstore.New()
	options := session.Options{CacheBytes: cache, MaxPerSubject: 2}
	m := newManager(t, store, options)
	ref := &model{sessions: map[string]*modelSession{}, limit: 2}
	bs := make([]*browser, 4)
	old := []string{"", "junk", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} // ids to come back with
	for i := range bs {
		bs[i] = &browser{t: t, m: m}
	}
	// request sends one and compares what the session is before f changes it.
	request := func(b *browser, f func(s *session.Session, ms *modelSession) error) {
		ms, want := ref.use(b.cookie, b.away, time.Now())
		b.must(func(s *session.Session) error {
			why, _ := s.WhyNew()
			n, _ := session.Get[int](s, "n")
			if why != want || ms != nil && (s.Subject() != ms.subject || n != ms.n || !s.ExpiresAt().Equal(ms.expires) || !s.IdleAt().Equal(ms.seen.Add(ms.idle))) {
				rt.Fatalf("got %q %q n=%d, want %q %+v", why, s.Subject(), n, want, ms)
			}
			return f(s, ms)
		})
		if b.cookie != "" {
			old = append(old, b.cookie)
		}
	}
	pick := func() *browser {
		b := bs[rapid.IntRange(0, len(bs)-1).Draw(rt, "browser")]
		b.away = rapid.Bool().Draw(rt, "away")
		return b
	}
	rt.Repeat(map[string]func(*rapid.T){
		"look": func(*rapid.T) {
			request(pick(), func(*session.Session, *modelSession) error { return nil })
		},
		"change": func(*rapid.T) {
			b, fresh := pick(), false
			request(b, func(s *session.Session, ms *modelSession) error {
				if fresh = ms == nil; !fresh {
					ms.n++
				}
				return session.Update(s, "n", func(n int) int { return n + 1 })
			})
			if fresh {
				ref.open(b.cookie, "", false, 1, time.Now())
			}
		},
		"sign in": func(rt *rapid.T) {
			b := pick()
			in := session.SignIn{
				Subject:  rapid.SampledFrom([]string{"alice", "bob"}).Draw(rt, "subject"),
				Remember: rapid.Bool().Draw(rt, "remember"),
			}
			n := 0
			time.Sleep(time.Nanosecond) // so that the oldest is always one
			request(b, func(s *session.Session, ms *modelSession) error {
				if ms != nil {
					ms.end(session.Renewed, time.Now())
					if ms.subject == "" || ms.subject == in.Subject {
						n = ms.n
					}
				}
				return s.SignIn(t.Context(), in)
			})
			ref.open(b.cookie, in.Subject, in.Remember, n, time.Now())
		},
		"renew": func(*rapid.T) {
			b := pick()
			var was *modelSession
			time.Sleep(time.Nanosecond)
			request(b, func(s *session.Session, ms *modelSession) error {
				if was = ms; ms == nil {
					return nil
				}
				ms.end(session.Renewed, time.Now())
				return s.Renew(t.Context())
			})
			if was != nil {
				ref.open(b.cookie, was.subject, was.idle > time.Hour, was.n, time.Now())
			}
		},
		"sign out": func(*rapid.T) {
			request(pick(), func(s *session.Session, ms *modelSession) error {
				if ms != nil {
					ms.end(session.SignedOut, time.Now())
				}
				return s.End(t.Context(), session.SignedOut)
			})
		},
		"end all": func(rt *rapid.T) {
			subject := rapid.SampledFrom([]string{"alice", "bob"}).Draw(rt, "subject")
			for _, ms := range ref.sessions {
				if ref.expire(ms, time.Now()); ms.ended == "" && ms.subject == subject {
					ms.end(session.EndedByAdmin, time.Now())
				}
			}
			if _, err := m.EndAll(t.Context(), nil, subject, "", session.EndedByAdmin); err != nil {
				rt.Fatal(err)
			}
		},
		"come back with an old cookie": func(rt *rapid.T) {
			pick().cookie = rapid.SampledFrom(old).Draw(rt, "cookie")
		},
		"time passes": func(rt *rapid.T) {
			time.Sleep(rapid.SampledFrom([]time.Duration{1, time.Minute, 7 * time.Minute, 59 * time.Minute, time.Hour,
				time.Hour + 1, 24 * time.Hour, 24*time.Hour + 1, 200 * time.Hour}).Draw(rt, "time"))
			synctest.Wait()
		},
		"sweep": func(*rapid.T) {
			if _, err := m.Sweep(t.Context()); err != nil {
				rt.Fatal(err)
			}
			for id, ms := range ref.sessions {
				ref.expire(ms, time.Now())
				if ms.ended != "" && time.Since(ms.at) > session.KeepEndings {
					delete(ref.sessions, id) // nobody remembers
					continue
				}
				key, _ := session.KeyOf(id)
				_, err := store.Load(t.Context(), key)
				if _, ended := err.(*session.EndedError); ended != (ms.ended != "") {
					rt.Fatalf("after a sweep the store says %v, want %q", err, ms.ended)
				}
			}
		},
		"restart": func(*rapid.T) {
			if err := m.Close(); err != nil {
				rt.Fatal(err)
			}
			m = newManager(t, store, options)
			for _, b := range bs {
				b.m = m
			}
		},
		"": func(rt *rapid.T) {
			for _, subject := range []string{"alice", "bob"} {
				list, err := m.List(t.Context(), subject)
				if err != nil {
					rt.Fatal(err)
				}
				want := 0
				for _, ms := range ref.sessions {
					if ref.expire(ms, time.Now()); ms.subject == subject && ms.ended == "" {
						want++
					}
				}
				if len(list) != want {
					rt.Fatalf("%s has %d sessions, want %d", subject, len(list), want)
				}
			}
		},
	})
}
