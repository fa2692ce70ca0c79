package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestNginxFaults: whatever goes wrong at the question, nobody reaches the app (FA-01).
func TestNginxFaults(t *testing.T) {
	s := newStreet(t, "", nil)
	cookie, _ := s.person("anna@example.org")
	answer := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	raw := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			fmt.Fprint(rw, text)
			rw.Flush()
			conn.Close()
		}
	}
	for _, tt := range []struct {
		what  string
		wrong http.HandlerFunc
		want  int
	}{
		{"500", answer(500), 500},
		{"503", answer(503), 500},
		{"429", answer(429), 500},
		{"404, as if the route had gone", answer(404), 500},
		{"302, where 401 is the agreed answer", answer(302, "Location", "http://evil.test/"), 500},
		{"304", answer(304), 500},
		{"403", answer(403), 403},
		{"400", answer(400), 500},
		{"the connection is closed without a word", raw(""), 500},
		{"half a header", raw("HTTP/1.1 200 OK\r\nRemote-User: ro"), 500},
		{"no HTTP at all", raw("hello\r\n\r\n"), 500},
		{"a header larger than nginx reads", answer(200, "Remote-User", strings.Repeat("x", 64<<10)), 500},
		{"a panic", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 500},
	} {
		t.Run(tt.what, func(t *testing.T) {
			s.gate.breakWith(tt.wrong)
			defer s.gate.breakWith(nil)
			before := s.app.count()
			for _, who := range []string{byBrowser, byScript} {
				r := s.ask("GET /", cookie, who, "Connection: close")
				if r.StatusCode != tt.want || s.app.count() != before {
					t.Errorf("%s: got %d, the app heard %d more", who, r.StatusCode, s.app.count()-before)
				}
			}
		})
	}
	t.Run("mended", func(t *testing.T) { s.ask("GET /", cookie, "Connection: close").heard(t) })
	t.Run("the database is closed under the running server", func(t *testing.T) {
		before := s.app.count()
		if err := s.house.App.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := s.ask("GET /", "Cookie: __Host-session="+strings.Repeat("A", 43), byBrowser, "Connection: close")
		if r.StatusCode != http.StatusInternalServerError || s.app.count() != before {
			t.Errorf("got %d %s", r.StatusCode, r.body)
		}
	})
}

// TestNginxDown: Cloakroom has stopped.
func TestNginxDown(t *testing.T) {
	s := newStreet(t, "", nil)
	cookie, _ := s.person("anna@example.org")
	s.ask("GET /", cookie, "Connection: close").heard(t)
	s.down()
	before := s.app.count()
	for _, who := range []string{byBrowser, byScript} {
		if r := s.ask("GET /", cookie, who, "Connection: close"); r.StatusCode != http.StatusInternalServerError || s.app.count() != before {
			t.Errorf("%s: got %d", who, r.StatusCode)
		}
	}
}
