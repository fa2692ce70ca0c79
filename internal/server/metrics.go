package server

import (
	"context"
	"net/http"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
)

// metrics count what happens; no label holds a person, an address or a secret.
type metrics struct {
	app      *app.App
	requests byStatus
	seconds  durations
	checks   byStatus
	checking durations
}

func newMetrics(a *app.App) *metrics {
	m := &metrics{app: a}
	m.seconds.first, m.checking.first = 500*time.Microsecond, 10*time.Microsecond
	return m
}

func (m *metrics) request(status int, took time.Duration, stream bool) {
	m.requests.count(status)
	if !stream {
		m.seconds.observe(took)
	}
}

func (m *metrics) check(status int, took time.Duration) {
	m.checks.count(status)
	m.checking.observe(took)
}

func (m *metrics) write(ctx context.Context, x *exposition) {
	m.requests.write(x, "cloakroom_requests_total", "Requests answered, without forward-auth checks, by class of status.")
	m.seconds.write(x, "cloakroom_request_seconds", "Time to answer a request.")
	m.checks.write(x, "cloakroom_forward_auth_checks_total", "Forward-auth checks answered, by class of status.")
	m.checking.write(x, "cloakroom_forward_auth_seconds", "Time to answer a forward-auth check.")
	s := m.app.Stats()
	x.one("cloakroom_sessions_cached", "gauge", "Sessions in the in-process cache.", float64(s.Cached))
	x.one("cloakroom_passwords_waiting", "gauge", "Password checks waiting for a core.", float64(s.PasswordsWaiting))
	x.one("cloakroom_password_hashes_total", "counter", "Passwords hashed, to check or to keep.", float64(s.PasswordsHashed))
	lost := 0.0
	if s.WatchLost {
		lost = 1
	}
	x.one("cloakroom_watch_lost", "gauge", "1 while endings of other processes cannot be followed.", lost)
	x.one("cloakroom_feed_readers", "gauge", "Streams and waiting polls of the feed of revocations.", float64(s.FeedReaders))
	if position, entries, err := m.app.FeedStats(ctx); err == nil {
		x.one("cloakroom_feed_position", "gauge", "The number of what was told last by the feed of revocations.", float64(position))
		x.one("cloakroom_feed_entries", "gauge", "Entries of the feed that are kept for newcomers.", float64(entries))
	}
	writeRuntime(x)
	writeProcess(x)
}

func (s *Server) opsRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		var x exposition
		s.metrics.write(r.Context(), &x)
		plainHeaders(w.Header())
		w.Header().Set("Content-Type", expositionType)
		_, _ = w.Write(x.Bytes())
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		plainHeaders(w.Header())
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		plainHeaders(w.Header())
		if err := s.app.Ready(r.Context()); err != nil {
			s.log.Error("readyz", "error", err)
			http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	return mux
}
