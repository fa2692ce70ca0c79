package session_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

// quiet is a logger for who does not want to hear.
var quiet = slog.New(slog.DiscardHandler)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newManager returns a manager that is closed with the test. A nil store is a memstore.
func newManager(t testing.TB, store session.Store, o session.Options) *session.Manager {
	t.Helper()
	if store == nil {
		store = memstore.New()
	}
	if o.Logger == nil {
		o.Logger = quiet
	}
	m, err := session.New(store, &o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// handler runs f with the session of the request. An error is a 500.
func handler(m *session.Manager, f func(*session.Session, http.ResponseWriter, *http.Request) error) http.Handler {
	return m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := f(session.FromContext(r.Context()), w, r); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
}

// browser keeps the session cookie as a browser does, for ever and never asking about Max-Age.
type browser struct {
	t      testing.TB
	m      *session.Manager
	cookie string // the value; "" is none
	last   *http.Cookie
	away   bool // no person causes its requests
}

// do sends a request, and takes what cookie comes back.
func (b *browser) do(f func(*session.Session) error) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest("GET", "https://example.test/", nil)
	if b.cookie != "" {
		r.Header.Set("Cookie", "__Host-session="+b.cookie)
	}
	if b.away {
		r = r.WithContext(session.Unattended(r.Context()))
	}
	w := httptest.NewRecorder()
	handler(b.m, func(s *session.Session, _ http.ResponseWriter, _ *http.Request) error {
		if f == nil {
			return nil
		}
		return f(s)
	}).ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.last = c
		b.cookie = c.Value
		if c.MaxAge < 0 {
			b.cookie = ""
		}
	}
	return w
}

// must is do for a request that has to succeed.
func (b *browser) must(f func(*session.Session) error) {
	b.t.Helper()
	if w := b.do(f); w.Code != http.StatusOK {
		b.t.Fatalf("got %d %s", w.Code, w.Body)
	}
}

func (b *browser) signIn(subject string) {
	b.t.Helper()
	b.must(func(s *session.Session) error {
		return s.SignIn(b.t.Context(), session.SignIn{Subject: subject, AMR: []string{"pwd"}})
	})
}

// who tells whom the server takes the browser for: the subject, or the reason that there is none.
func (b *browser) who() string {
	b.t.Helper()
	var answer string
	b.must(func(s *session.Session) error {
		answer = s.Subject()
		if s.New() {
			why, _ := s.WhyNew()
			answer = string(why)
		}
		return nil
	})
	return answer
}

func (b *browser) wantWho(want string) {
	b.t.Helper()
	if got := b.who(); got != want {
		b.t.Fatalf("the server takes the browser for %q, want %q", got, want)
	}
}

// spy counts the calls of a store, and fails or holds up some.
type spy struct {
	session.Store
	calls  atomic.Int64
	failAt atomic.Int64 // the n-th call from 1; 0 is none
	all    atomic.Bool  // every call fails
	mu     sync.Mutex
	names  []string
	before func(name string) // called before each call
	after  func(name string)
}

var errStore = errors.New("disk on fire")

func (s *spy) call(name string) (func(), error) {
	n := s.calls.Add(1)
	s.mu.Lock()
	s.names = append(s.names, name)
	s.mu.Unlock()
	if s.before != nil {
		s.before(name)
	}
	if s.all.Load() || s.failAt.Load() == n {
		return nil, errStore
	}
	return func() {
		if s.after != nil {
			s.after(name)
		}
	}, nil
}

func (s *spy) Load(ctx context.Context, key session.Key) (session.Record, error) {
	done, err := s.call("load")
	if err != nil {
		return session.Record{}, err
	}
	defer done()
	return s.Store.Load(ctx, key)
}

func (s *spy) Find(ctx context.Context, handle string) (session.Record, *session.Ending, error) {
	done, err := s.call("find")
	if err != nil {
		return session.Record{}, nil, err
	}
	defer done()
	return s.Store.Find(ctx, handle)
}

func (s *spy) List(ctx context.Context, subject string) ([]session.Record, error) {
	done, err := s.call("list")
	if err != nil {
		return nil, err
	}
	defer done()
	return s.Store.List(ctx, subject)
}

func (s *spy) Commit(ctx context.Context, c session.Change) error {
	done, err := s.call("commit")
	if err != nil {
		return err
	}
	defer done()
	return s.Store.Commit(ctx, c)
}

func (s *spy) Touch(ctx context.Context, ts []session.Touch) error {
	done, err := s.call("touch")
	if err != nil {
		return err
	}
	defer done()
	return s.Store.Touch(ctx, ts)
}

func (s *spy) Sweep(ctx context.Context, now time.Time) ([]session.Ending, error) {
	done, err := s.call("sweep")
	if err != nil {
		return nil, err
	}
	defer done()
	return s.Store.Sweep(ctx, now)
}

func (s *spy) called(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(" "+strings.Join(s.names, "  ")+" ", " "+name+" ")
}

// parallel runs f n times at once and waits.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}
