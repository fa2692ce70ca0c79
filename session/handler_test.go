package session_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

// Whatever is made for one session is kept out of caches (SE-09, ASVS 14.3.2).
func TestCacheControl_SE09(t *testing.T) {
	type S = *session.Session
	nothing := func(S, http.Header) error { return nil }
	rows := []struct {
		story    string
		signedIn bool
		used     bool // the handler asks for the session
		f        func(S, http.Header) error
		want     string
	}{
		{"signed in, session used", true, true, nothing, "no-store"},
		{"signed in, session not used: a stylesheet", true, false, func(_ S, h http.Header) error { h.Set("Cache-Control", "public, max-age=60"); return nil }, "public, max-age=60"},
		{"signed in, handler says private", true, true, func(_ S, h http.Header) error { h.Set("Cache-Control", "private"); return nil }, "no-store"},
		{"signed in, handler is as strict", true, true, func(_ S, h http.Header) error { h.Set("Cache-Control", "private, No-Store, max-age=0"); return nil }, "private, No-Store, max-age=0"},
		{"no-store as part of another word", true, true, func(_ S, h http.Header) error { h.Set("Cache-Control", "x-no-store"); return nil }, "no-store"},
		{"anonymous, nothing stored", false, true, nothing, ""},
		{"anonymous, first data", false, true, func(s S, _ http.Header) error { return session.Set(s, "x", 1) }, "no-store"},
		{"sign-in", false, true, func(s S, _ http.Header) error {
			return s.SignIn(t.Context(), session.SignIn{Subject: "alice"})
		}, "no-store"},
		{"sign-out", true, true, func(s S, _ http.Header) error { return s.End(t.Context(), session.SignedOut) }, "no-store"},
	}
	for _, row := range rows {
		b := &browser{t: t, m: newManager(t, nil, session.Options{})}
		r := httptest.NewRequest("GET", "https://example.test/", nil)
		if row.signedIn {
			b.signIn("alice")
			r.Header.Set("Cookie", "__Host-session="+b.cookie)
		}
		w := httptest.NewRecorder()
		b.m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var s S
			if row.used {
				s = session.FromContext(r.Context())
			}
			if err := row.f(s, w.Header()); err != nil {
				t.Error(row.story, err)
			}
			_, _ = io.WriteString(w, "hello")
		})).ServeHTTP(w, r)
		if got := strings.Join(w.Result().Header["Cache-Control"], " + "); got != row.want {
			t.Errorf("%s: Cache-Control %q, want %q", row.story, got, row.want)
		}
	}

	t.Run("the page that says why a session is gone", func(t *testing.T) {
		b := &browser{t: t, m: newManager(t, nil, session.Options{}), cookie: strings.Repeat("A", 43)}
		w := b.do(func(s *session.Session) error { s.WhyNew(); return nil })
		if got := w.Result().Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control %q, want no-store", got)
		}
	})
}

// However the handler begins its response, the session is saved before, and once.
func TestSavedOnceBeforeTheFirstByte(t *testing.T) {
	rows := map[string]func(w http.ResponseWriter){
		"nothing is written":   func(http.ResponseWriter) {},
		"WriteHeader":          func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) },
		"Write":                func(w http.ResponseWriter) { _, _ = w.Write([]byte("hello")) },
		"Flush":                func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
		"ResponseController":   func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() },
		"ReadFrom":             func(w http.ResponseWriter) { _, _ = io.Copy(w, strings.NewReader("hello")) },
		"all of it, and twice": func(w http.ResponseWriter) { w.WriteHeader(200); w.WriteHeader(200); _, _ = w.Write(nil) },
	}
	for story, begin := range rows {
		store := &spy{Store: memstore.New()}
		m := newManager(t, store, session.Options{})
		w := httptest.NewRecorder()
		handler(m, func(s *session.Session, w http.ResponseWriter, _ *http.Request) error {
			if err := session.Set(s, "x", 1); err != nil {
				return err
			}
			begin(w)
			if story == "nothing is written" {
				return nil
			}
			if n := store.called("commit"); n != 1 {
				t.Errorf("%s: %d commits when the response has begun, want 1", story, n)
			}
			if err := session.Set(s, "y", 1); !errors.Is(err, session.ErrTooLate) {
				t.Errorf("%s: Set after the first byte: %v, want ErrTooLate", story, err)
			}
			if err := s.SignIn(t.Context(), session.SignIn{Subject: "alice"}); !errors.Is(err, session.ErrTooLate) {
				t.Errorf("%s: SignIn after the first byte: %v, want ErrTooLate", story, err)
			}
			if err := s.Renew(t.Context()); !errors.Is(err, session.ErrTooLate) {
				t.Errorf("%s: Renew after the first byte: %v, want ErrTooLate", story, err)
			}
			return nil
		}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if n := store.called("commit"); n != 1 || len(w.Result().Cookies()) != 1 {
			t.Errorf("%s: %d commits, %d cookies, want one of each", story, n, len(w.Result().Cookies()))
		}
	}
}

// An informational response comes before the save, the final one after it.
func TestInformationalResponse(t *testing.T) {
	store := &spy{Store: memstore.New()}
	m := newManager(t, store, session.Options{})
	server := httptest.NewServer(handler(m, func(s *session.Session, w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		if n := store.called("commit"); n != 0 {
			t.Errorf("%d commits after the hints, want none", n)
		}
		if err := session.Set(s, "x", 1); err != nil {
			return err
		}
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Errorf("ResponseController does not reach the connection: %v", err)
		}
		w.WriteHeader(http.StatusCreated)
		return nil
	}))
	defer server.Close()
	defer server.Client().CloseIdleConnections()
	hints := 0
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hints++
		if h.Get("Set-Cookie") != "" {
			t.Error("the hints carry the cookie")
		}
		return nil
	}}
	r, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", server.URL, nil)
	res, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if hints != 1 || res.StatusCode != http.StatusCreated || len(res.Cookies()) != 1 {
		t.Errorf("%d hints, status %d, %d cookies; want 1, 201, 1", hints, res.StatusCode, len(res.Cookies()))
	}
}

// A connection is given away only after the session is saved.
func TestHijack(t *testing.T) {
	for _, broken := range []bool{false, true} {
		store := &spy{Store: memstore.New()}
		store.all.Store(broken)
		m := newManager(t, store, session.Options{})
		server := httptest.NewServer(handler(m, func(s *session.Session, w http.ResponseWriter, _ *http.Request) error {
			if err := session.Set(s, "x", 1); err != nil {
				return err
			}
			conn, buf, err := w.(http.Hijacker).Hijack()
			if broken {
				if !errors.Is(err, errStore) {
					t.Errorf("Hijack: %v, want the store's error", err)
				}
				return nil
			}
			if err != nil || store.called("commit") != 1 {
				t.Errorf("Hijack: %v, %d commits", err, store.called("commit"))
				return nil
			}
			defer func(c net.Conn, b *bufio.ReadWriter) { _ = b.Flush(); _ = c.Close() }(conn, buf)
			_, _ = buf.WriteString("HTTP/1.1 204 No Content\r\n\r\n")
			return nil
		}))
		res, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if want := map[bool]int{false: 204, true: 503}[broken]; res.StatusCode != want {
			t.Errorf("status %d, want %d", res.StatusCode, want)
		}
		server.Client().CloseIdleConnections()
		server.Close()
	}
}

func TestPanicSavesNothing(t *testing.T) {
	store := &spy{Store: memstore.New()}
	m := newManager(t, store, session.Options{})
	w := httptest.NewRecorder()
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic did not get through")
			}
		}()
		handler(m, func(s *session.Session, _ http.ResponseWriter, _ *http.Request) error {
			if err := session.Set(s, "x", 1); err != nil {
				return err
			}
			panic("boom")
		}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	}()
	if store.calls.Load() != 0 || w.Header().Get("Set-Cookie") != "" {
		t.Error("the session was saved")
	}
}

// A session that cannot be saved is never a 200, and what the handler meant to say is not said.
func TestSaveErrorIsNeverA200(t *testing.T) {
	store := &spy{Store: memstore.New()}
	m := newManager(t, store, session.Options{})
	store.all.Store(true)
	w := httptest.NewRecorder()
	handler(m, func(s *session.Session, w http.ResponseWriter, _ *http.Request) error {
		h := w.Header()
		h.Set("Content-Type", "text/html")
		h.Set("Content-Length", "6")
		h.Set("Etag", `"1"`)
		h.Set("Location", "/next")
		if err := session.Set(s, "x", 1); err != nil {
			return err
		}
		w.WriteHeader(http.StatusOK)
		if n, err := io.WriteString(w, "secret"); n != 0 || !errors.Is(err, errStore) {
			t.Errorf("Write: %d, %v; want the store's error", n, err)
		}
		if n, err := io.Copy(w, strings.NewReader("secret")); n != 0 || !errors.Is(err, errStore) {
			t.Errorf("ReadFrom: %d, %v; want the store's error", n, err)
		}
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, errStore) {
			t.Errorf("Flush: %v; want the store's error", err)
		}
		return nil
	}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	res := w.Result()
	if w.Code != 503 || strings.TrimSpace(w.Body.String()) != "store-unavailable" || len(res.Cookies()) != 0 {
		t.Errorf("%d %q, %d cookies; want 503 store-unavailable", w.Code, w.Body, len(res.Cookies()))
	}
	for _, name := range []string{"Etag", "Location", "Content-Length"} {
		if res.Header.Get(name) != "" {
			t.Errorf("%s of the handler is in the error", name)
		}
	}
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("header of the error: %v", res.Header)
	}
}

// The session ends while a request of it is running: its change is refused, as 401 and not as 503.
func TestSessionEndsDuringTheRequest(t *testing.T) {
	b := &browser{t: t, m: newManager(t, nil, session.Options{})}
	b.signIn("alice")
	w := b.do(func(s *session.Session) error {
		if _, err := b.m.EndAll(t.Context(), nil, "alice", "", session.EndedByAdmin); err != nil {
			return err
		}
		return session.Set(s, "x", 1)
	})
	if w.Code != http.StatusUnauthorized || strings.TrimSpace(w.Body.String()) != "ended-by-admin" {
		t.Errorf("%d %q, want 401 ended-by-admin", w.Code, w.Body)
	}
	b.wantWho("ended-by-admin")
	b.signIn("alice")
	s, err := b.m.LoadKey(t.Context(), b.cookie)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Set(s, "x", 1); err != nil {
		t.Fatal(err)
	}
	if _, err := b.m.EndAll(t.Context(), nil, "alice", "", session.EndedByAdmin); err != nil {
		t.Fatal(err)
	}
	err = s.Save(t.Context())
	why, e := s.WhyNew()
	if ended := new(session.EndedError); !errors.As(err, &ended) || !s.New() || why != session.EndedByAdmin || e == nil {
		t.Errorf("Save: %v, then %q", err, why)
	}

	b.signIn("alice")
	b.do(func(s *session.Session) error {
		if _, err := b.m.EndAll(t.Context(), nil, "alice", "", session.EndedByAdmin); err != nil {
			return err
		}
		if err := s.Renew(t.Context()); err == nil {
			t.Error("an ended session was renewed")
		}
		return nil
	})
	b.wantWho("ended-by-admin")
}

// The middleware around itself is one middleware.
func TestHandlerTwice(t *testing.T) {
	store := &spy{Store: memstore.New()}
	m := newManager(t, store, session.Options{})
	inner := m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := session.Set(session.FromContext(r.Context()), "x", 1); err != nil {
			t.Error(err)
		}
	}))
	w := httptest.NewRecorder()
	m.Handler(inner).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if n := store.called("commit"); n != 1 || len(w.Result().Cookies()) != 1 {
		t.Errorf("%d commits, %d cookies; want one of each", n, len(w.Result().Cookies()))
	}
}

// Load, Save and WriteCookie do without the middleware.
func TestWithoutTheMiddleware(t *testing.T) {
	m := newManager(t, nil, session.Options{})
	s, err := m.Load(httptest.NewRequest("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Set(s, "x", 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := s.WriteCookie(w); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(w.Result().Cookies()[0])
	if s, err = m.Load(r); err != nil || s.New() {
		t.Errorf("the session did not come back: %v", err)
	}
	if session.FromContext(t.Context()) != nil {
		t.Error("FromContext without the middleware: not nil")
	}
}
