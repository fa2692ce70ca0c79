package session

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
)

// Handler gives every request of next its session, see [FromContext], and saves it once, before the first
// byte of the response. If it cannot be read or saved, Options.OnError answers instead. A handler
// that panics saves nothing.
func (m *Manager) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s, ok := r.Context().Value(contextKey{}).(*Session); ok && s.m == m {
			next.ServeHTTP(w, r) // it came through here already
			return
		}
		x := new(exchange)
		if err := m.load(&x.session, r, time.Now()); err != nil {
			m.refuse(w, r, err)
			return
		}
		x.context = requestContext{r.Context(), &x.session}
		x.writer = writer{ResponseWriter: w, s: &x.session}
		next.ServeHTTP(&x.writer, r.WithContext(&x.context))
		x.writer.begin()
	})
}

// exchange is all that a request costs on the heap, in one piece.
type exchange struct {
	session Session
	context requestContext
	writer  writer
}

type requestContext struct {
	context.Context
	s *Session
}

func (c *requestContext) Value(key any) any {
	if key == (contextKey{}) {
		return c.s
	}
	return c.Context.Value(key)
}

// refuse answers in place of the handler.
func (m *Manager) refuse(w http.ResponseWriter, r *http.Request, err error) {
	level := slog.LevelError
	if r.Context().Err() != nil || errors.As(err, new(*EndedError)) || errors.As(err, new(*cookie.Error)) {
		level = slog.LevelInfo // the client's doing, not the store's
	}
	m.log(r.Context(), level, "session.error", slog.Any("error", err))
	h := w.Header()
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Type", "Etag", "Last-Modified", "Location"} {
		h.Del(name)
	}
	h.Set("Cache-Control", "no-store")
	m.opt.OnError(w, r, err)
}

// writer saves the session before the response begins.
type writer struct {
	http.ResponseWriter
	s     *Session
	begun bool
	err   error // the session was not saved; OnError has answered
}

// begin saves the session and sets its cookie, the first time it is called.
func (w *writer) begin() bool {
	if w.begun {
		return w.err == nil
	}
	w.begun = true
	if w.err = w.s.finish(w.ResponseWriter); w.err != nil {
		w.s.m.refuse(w.ResponseWriter, w.s.r, w.err)
	}
	return w.err == nil
}

// finish does what must happen before the first byte of the response.
func (s *Session) finish(w http.ResponseWriter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = true
	if err := s.save(s.r.Context()); err != nil {
		return err
	}
	return s.writeCookie(w)
}

// WriteCookie sets or deletes the cookie of the response, if the session has changed so that it must,
// and has the response kept out of caches. For those who use [Manager.Load] without [Manager.Handler],
// after Save and before the first byte.
func (s *Session) WriteCookie(w http.ResponseWriter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used.Store(true)
	return s.writeCookie(w)
}

func (s *Session) writeCookie(w http.ResponseWriter) error {
	var err error
	switch s.mark {
	case markSet:
		rec := s.e.record()
		err = cookie.Set(w, s.m.newCookie(s.id, &rec, time.Now()))
	case markDrop:
		err = cookie.Delete(w, s.m.opt.cookie("", 0))
	default:
		// What is made for one session is not for the next person (SE-09).
		// A response for which nobody asked for the session does not depend on it.
		if !s.used.Load() || s.e == nil && !s.sent {
			return nil
		}
	}
	noStore(w.Header())
	s.mark, s.id = markNone, ""
	return err
}

// noStore sets Cache-Control: no-store unless the handler has said so itself (RFC 9111 section 5.2.2.5).
func noStore(h http.Header) {
	const name = "Cache-Control"
	for _, line := range h[name] {
		for directive := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(directive), "no-store") {
				return
			}
		}
	}
	h[name] = []string{"no-store"}
}

// WriteHeader saves the session first, unless the status is informational (RFC 9110 section 15.2).
func (w *writer) WriteHeader(status int) {
	informational := status >= 100 && status <= 199 && status != http.StatusSwitchingProtocols
	if informational && !w.begun || w.begin() {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write returns the error of the save if the session could not be saved.
func (w *writer) Write(p []byte) (int, error) {
	if !w.begin() {
		return 0, w.err
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom lets net/http send files without copying them.
func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	if !w.begin() {
		return 0, w.err
	}
	return io.Copy(w.ResponseWriter, r)
}

// FlushError is what http.ResponseController calls.
func (w *writer) FlushError() error {
	if !w.begin() {
		return w.err
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush implements http.Flusher.
func (w *writer) Flush() { _ = w.FlushError() }

// Hijack implements http.Hijacker. The session is saved before the connection is given away.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if !w.begin() {
		return nil, nil, w.err
	}
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap lets http.ResponseController reach the deadlines of the connection.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
