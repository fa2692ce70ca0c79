package front_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestAnAnswerThatComesEarly: the client hears it, and what it still sends of the body is never taken for a request.
func TestAnAnswerThatComesEarly(t *testing.T) {
	var (
		mu   sync.Mutex
		seen []string
	)
	s := newStand(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Method+" "+r.URL.Path)
		mu.Unlock()
		http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Connection", "close") // net/http's server panics where it would keep a connection after this
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	}, "HTTP/1.1")
	const inner = "GET /smuggled HTTP/1.1\r\nHost: app.example\r\n\r\n"
	for _, tt := range []struct{ what, header, begin, rest string }{
		{"chunks", "Transfer-Encoding: chunked", "5\r\nbegin\r\n", inner},
		{"a length", fmt.Sprintf("Content-Length: %d", 5+len(inner)), "begin", inner},
		{"a great length", "Content-Length: 1000000", "begin", strings.Repeat(inner, 1000)},
		{"leave to send", "Content-Length: 100\r\nExpect: 100-continue", "", inner},
	} {
		t.Run(tt.what, func(t *testing.T) {
			conn := s.raw(t)
			r := bufio.NewReader(conn)
			fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n%s", host, tt.header, tt.begin)
			res, err := http.ReadResponse(r, nil)
			if err == nil && res.StatusCode == http.StatusContinue { // an app that has said nothing for a second is sent the body
				res, err = http.ReadResponse(r, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(res.Body); res.StatusCode != http.StatusRequestEntityTooLarge || string(body) != "too large\n" || !res.Close {
				t.Errorf("%s %q %v, closes %v", res.Status, body, err, res.Close)
			}
			fmt.Fprint(conn, tt.rest)
			if more, _ := io.ReadAll(r); len(more) > 0 { // an error is a connection that was closed
				t.Errorf("another answer: %q", more)
			}
		})
	}
	if got := strings.Join(seen, ","); got != "POST /,POST /,POST /,POST /" {
		t.Errorf("the app has seen %s", got)
	}
}

// TestNothingIsAdded to an answer that the app did not say.
func TestNothingIsAdded(t *testing.T) {
	each(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		fmt.Fprint(w, "<html>")
	}, func(t *testing.T, s *stand) {
		res, _ := s.do(t, "GET", "/", "")
		for name := range res.Header {
			if name != "Content-Length" && name != "Date" {
				t.Errorf("%s: %q", name, res.Header[name])
			}
		}
	})
}

// TestNothingIsAddedToARequest but who makes it and where it came from.
func TestNothingIsAddedToARequest(t *testing.T) {
	each(t, echo, func(t *testing.T, s *stand) {
		_, body := s.do(t, "GET", "/", "", "User-Agent: ")
		want := "GET /\nHost: app.example\nRemote-Email: anna@example.org\nRemote-Groups: staff,ops\nRemote-Name: Anna Ä\nRemote-User: u1\n" +
			"X-Forwarded-For: 192.0.2.7\nX-Forwarded-Host: app.example\nX-Forwarded-Proto: https\n\n"
		if body != want {
			t.Errorf("got %q", body)
		}
	})
}

// TestAConnectionIsKept where the body of a request was read to its end.
func TestAConnectionIsKept(t *testing.T) {
	s := newStand(t, echo, "HTTP/1.1")
	conn := s.raw(t)
	r := bufio.NewReader(conn)
	for _, body := range []string{"Content-Length: 4\r\n\r\nbody", "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", "\r\n"} {
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\n%s", host, body)
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.Close {
			t.Errorf("%q: %v, closes %v", body, err, res.Close)
		}
	}
}
