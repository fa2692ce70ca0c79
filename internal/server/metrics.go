package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cloakroom/cloakroom/internal/app"
)

// metrics count what happens; no label holds a person, an address or a secret.
type metrics struct {
	registry *prometheus.Registry
	requests [6]prometheus.Counter // by the first digit of the status
	seconds  prometheus.Histogram
	checks   [6]prometheus.Counter
	checking prometheus.Histogram
}

func newMetrics(a *app.App) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "cloakroom_requests_total", Help: "Requests answered, without forward-auth checks, by class of status.",
	}, []string{"status"})
	checks := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "cloakroom_forward_auth_checks_total", Help: "Forward-auth checks answered, by class of status.",
	}, []string{"status"})
	for i := range m.requests {
		class := strconv.Itoa(i) + "xx"
		m.requests[i], m.checks[i] = requests.WithLabelValues(class), checks.WithLabelValues(class)
	}
	m.seconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "cloakroom_request_seconds", Help: "Time to answer a request.", Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8),
	})
	m.checking = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "cloakroom_forward_auth_seconds", Help: "Time to answer a forward-auth check.", Buckets: prometheus.ExponentialBuckets(0.00001, 4, 8),
	})
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	m.registry.MustRegister(requests, checks, m.seconds, m.checking,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("cloakroom_sessions_cached", "Sessions in the in-process cache.", func() float64 { return float64(a.Stats().Cached) }),
		gauge("cloakroom_passwords_waiting", "Password checks waiting for a core.", func() float64 { return float64(a.Stats().PasswordsWaiting) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "cloakroom_password_hashes_total", Help: "Passwords hashed, to check or to keep.",
		}, func() float64 { return float64(a.Stats().PasswordsHashed) }),
		gauge("cloakroom_watch_lost", "1 while endings of other processes cannot be followed.", func() float64 {
			if a.Stats().WatchLost {
				return 1
			}
			return 0
		}),
	)
	return m
}

func (m *metrics) request(status int, took time.Duration) {
	m.requests[class(status)].Inc()
	m.seconds.Observe(took.Seconds())
}

func (m *metrics) check(status int, took time.Duration) {
	m.checks[class(status)].Inc()
	m.checking.Observe(took.Seconds())
}

func class(status int) int {
	if c := status / 100; c < 6 {
		return c
	}
	return 0
}

func (s *Server) opsRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
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
