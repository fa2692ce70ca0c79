//go:build unix

package session_test

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

// The budgets of DESIGN section 7: a read through the middleware costs at most 2 times, a change and
// save at most 4 times what the limit below costs. Run them together and compare:
//
//	go test -run '^$' -bench . -count 6 ./session | benchstat -
//
// On a busy machine cpu-ns/op is the figure that counts.

// cpu reports the processor time of an operation, garbage collection included.
func cpu(b *testing.B) func() {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	b.ReportAllocs()
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

// plainWriter is a ResponseWriter that costs nothing itself.
type plainWriter struct {
	header http.Header
	status int
}

func (w *plainWriter) Header() http.Header         { return w.header }
func (w *plainWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w *plainWriter) WriteHeader(status int)      { w.status = status }

func (w *plainWriter) reset() {
	clear(w.header)
	w.status = 0
}

// benchSession returns a manager with 10,000 live sessions and a request of one of them.
func benchSession(b *testing.B, store session.Store) (*session.Manager, *http.Request) {
	b.Helper()
	m, err := session.New(store, &session.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = m.Close() })
	r, _ := http.NewRequest("GET", "https://example.test/", nil)
	for range 10_000 {
		c := signIn(b, m, "alice")
		r.Header.Set("Cookie", "theme=dark; lang=en; "+c.Name+"="+c.Value+"; tz=UTC")
		if b.Name() == "BenchmarkLimit" {
			break
		}
	}
	return m, r
}

func signIn(tb testing.TB, m *session.Manager, subject string) *http.Cookie {
	tb.Helper()
	p, err := m.SignIn(tb.Context(), session.SignIn{Subject: subject + nextSubject(), AMR: []string{"pwd"}, Device: "Firefox on Linux"})
	if err != nil {
		tb.Fatal(err)
	}
	return m.Cookie(p)
}

var (
	subjectMu sync.Mutex
	subjectN  int
)

func nextSubject() string {
	subjectMu.Lock()
	defer subjectMu.Unlock()
	subjectN++
	return strings.Repeat("x", 10) + string(rune('a'+subjectN%26)) + string(rune('a'+subjectN/26%26)) + string(rune('a'+subjectN/676%26))
}

// BenchmarkLimit is what nobody can do without: find the cookie, hash the id, look it up; in the shape of
// a net/http middleware, which hands the answer on in a copy of the request.
func BenchmarkLimit(b *testing.B) {
	_, r := benchSession(b, memstore.New())
	var mu sync.RWMutex
	records := map[[32]byte]*session.Record{}
	c, _ := r.Cookie("__Host-session")
	records[sha256.Sum256([]byte(c.Value))] = &session.Record{Subject: "alice", Data: []byte("1")}
	limit := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := r.Cookie("__Host-session")
			if err != nil {
				return
			}
			key := sha256.Sum256([]byte(c.Value))
			mu.RLock()
			rec := records[key]
			mu.RUnlock()
			w.Header().Set("Cache-Control", "no-store")
			next.ServeHTTP(w, r.WithContext(valueContext(r, rec)))
		})
	}
	h := limit(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(limitKey{}).(*session.Record).Subject != "alice" {
			b.Fatal("not found")
		}
	}))
	w := &plainWriter{header: http.Header{}}
	defer cpu(b)()
	for b.Loop() {
		w.reset()
		h.ServeHTTP(w, r)
	}
}

// BenchmarkRead is a request with a session in memory and one Get.
func BenchmarkRead(b *testing.B) {
	m, r := benchSession(b, memstore.New())
	prime(b, m, r)
	h := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := session.Get[int](session.FromContext(r.Context()), "visits"); !ok {
			b.Fatal("not found")
		}
	}))
	w := &plainWriter{header: http.Header{}}
	defer cpu(b)()
	for b.Loop() {
		w.reset()
		h.ServeHTTP(w, r)
	}
}

// BenchmarkReadParallel is BenchmarkRead on all cores.
func BenchmarkReadParallel(b *testing.B) {
	m, r := benchSession(b, memstore.New())
	prime(b, m, r)
	h := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session.Get[int](session.FromContext(r.Context()), "visits")
	}))
	defer cpu(b)()
	b.RunParallel(func(pb *testing.PB) {
		w := &plainWriter{header: http.Header{}}
		for pb.Next() {
			w.reset()
			h.ServeHTTP(w, r)
		}
	})
}

// BenchmarkChange is a request that counts up one value and saves it in memstore.
func BenchmarkChange(b *testing.B) {
	m, r := benchSession(b, memstore.New())
	prime(b, m, r)
	h := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := session.FromContext(r.Context())
		n, _ := session.Get[int](s, "visits")
		if err := session.Set(s, "visits", n+1); err != nil {
			b.Fatal(err)
		}
	}))
	w := &plainWriter{header: http.Header{}}
	defer cpu(b)()
	for b.Loop() {
		w.reset()
		h.ServeHTTP(w, r)
		if w.status != 0 {
			b.Fatal(w.status)
		}
	}
}

// BenchmarkMissing is a request without a cookie.
func BenchmarkMissing(b *testing.B) {
	m, r := benchSession(b, memstore.New())
	r.Header.Del("Cookie")
	h := m.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	w := &plainWriter{header: http.Header{}}
	defer cpu(b)()
	for b.Loop() {
		w.reset()
		h.ServeHTTP(w, r)
	}
}

type limitKey struct{}

func valueContext(r *http.Request, rec *session.Record) context.Context {
	return context.WithValue(r.Context(), limitKey{}, rec)
}

func prime(b *testing.B, m *session.Manager, r *http.Request) {
	b.Helper()
	s, err := m.Load(r)
	if err != nil || s.New() {
		b.Fatal("no session to begin with: ", err)
	}
	if err := session.Set(s, "visits", 1); err != nil {
		b.Fatal(err)
	}
	if err := s.Save(b.Context()); err != nil {
		b.Fatal(err)
	}
}
