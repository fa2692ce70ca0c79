package server

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
)

// stamp is what is known of a request from its first moment. There is one for each request, in its context.
type stamp struct {
	id     string
	start  time.Time
	report bool // tell the browser how long the steps took
	stream bool // it lasts as long as it is followed, which is no time to answer

	cookie, session, guard time.Duration
}

type stampKey struct{}

// timed is the stamp of a request; nil where there is none.
func timed(ctx context.Context) *stamp {
	t, _ := ctx.Value(stampKey{}).(*stamp)
	return t
}

// recorder remembers the status for log and metrics, and sends the times of the steps with the first byte.
type recorder struct {
	http.ResponseWriter
	stamp  *stamp // nil for a forward-auth check
	status int
}

func (w *recorder) WriteHeader(code int) {
	if code >= 200 && w.status == 0 {
		w.status = code
		w.stamp.write(w.Header())
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// observe gives each request a number, counts it, writes one line of log and catches panics. An allowed
// forward-auth check writes no line: there is one for each picture of each app.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isCheck(r.URL.Path) {
			s.observeCheck(next, w, r)
			return
		}
		t := &stamp{id: requestID(), start: time.Now()}
		h := w.Header()
		maps.Copy(h, s.base)
		h["X-Request-Id"] = []string{t.id}
		rec := &recorder{ResponseWriter: w, stamp: t}
		defer func() {
			v := recover()
			cut := v != nil && s.panicked(rec, r, t.id, v)
			if rec.status == 0 && !cut {
				rec.status = http.StatusOK // which net/http sends for a handler that wrote nothing
			}
			took := time.Since(t.start)
			s.metrics.request(rec.status, took, t.stream)
			s.log.Info("request", "method", r.Method, "path", loggedPath(r), "status", rec.status,
				"ms", float64(took.Microseconds())/1000, "request", t.id)
			if cut {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), stampKey{}, t)))
	})
}

// observeCheck is observe for the hot path.
func (s *Server) observeCheck(next http.Handler, w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	rec := &recorder{ResponseWriter: w}
	defer func() {
		v := recover()
		cut := v != nil && s.panicked(rec, r, "", v)
		s.metrics.check(rec.status, time.Since(start))
		if cut {
			panic(http.ErrAbortHandler)
		}
	}()
	next.ServeHTTP(rec, r)
}

// panicked fails closed: whatever was about to be said, it was not yes. cut says that half an answer is out already; then
// the connection must be cut, so that nobody takes it for a whole one.
func (s *Server) panicked(w *recorder, r *http.Request, id string, v any) (cut bool) {
	if v == http.ErrAbortHandler {
		return true
	}
	s.log.Error("panic", "value", fmt.Sprint(v), "path", loggedPath(r), "request", id, "stack", string(debug.Stack()))
	if w.status != 0 {
		return true
	}
	h := w.Header()
	clear(h)
	if w.stamp == nil { // a proxy's question
		plainHeaders(h)
		w.WriteHeader(http.StatusInternalServerError)
		return false
	}
	w.stamp.report = false
	maps.Copy(h, s.base)
	h["X-Request-Id"] = []string{id}
	err := &app.Error{Reason: guard.InternalError}
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/"):
		s.failProblem(w, r, err)
	case strings.HasPrefix(r.URL.Path, "/oauth/"), r.URL.Path == "/revocations":
		s.failOAuth(w, r, err)
	default:
		s.render(w, r, http.StatusInternalServerError, page.Error{Status: http.StatusInternalServerError, RequestID: id})
	}
	return false
}

// requestID names a request in logs; it is no secret.
func requestID() string { return strconv.FormatUint(rand.Uint64(), 36) }

// loggedPath leaves out the query, which may hold the token of a one-time link, and whatever is long enough to be a secret
// that was put into a path by mistake; and bounds the rest.
func loggedPath(r *http.Request) string {
	path := r.URL.Path
	if len(path) > 200 {
		path = path[:200]
	}
	run := 0
	for i := range len(path) {
		if c := path[i]; c == '/' || c == ' ' || c == '=' || c == ':' || c == ';' {
			run = 0
		} else if run++; run > longestName {
			return path[:i-longestName] + "…"
		}
	}
	return path
}

// longestName is longer than a public handle and all our own addresses, and shorter than any secret.
const longestName = 30

// timing has the steps of a request reported to the browser's tools, for people who are signed in and never on a
// route that checks a secret: there the time itself would be an answer.
func timing(r *http.Request) {
	if t := timed(r.Context()); t != nil && isSafe(r.Method) {
		t.report = true
	}
}

// write sets Server-Timing (W3C Server Timing): cookie, session, guard, and what the handler took until its first byte.
func (t *stamp) write(h http.Header) {
	if t == nil || !t.report {
		return
	}
	handler := time.Since(t.start) - t.cookie - t.session - t.guard
	ms := func(d time.Duration) string { return strconv.FormatFloat(float64(d.Nanoseconds())/1e6, 'f', 3, 64) }
	h.Set("Server-Timing", "cookie;dur="+ms(t.cookie)+", session;dur="+ms(t.session)+", guard;dur="+ms(t.guard)+", handler;dur="+ms(handler))
}
