package front_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestEventsArriveAtOnce: each is seen before the app says the next.
func TestEventsArriveAtOnce(t *testing.T) {
	for _, media := range []string{"text/event-stream", "text/event-stream; charset=utf-8", "application/x-ndjson"} {
		seen := make(chan struct{})
		each(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", media)
			for n := range 3 {
				fmt.Fprintf(w, "data: %d\n", n)
				http.NewResponseController(w).Flush()
				select {
				case <-seen:
				case <-r.Context().Done():
					return
				}
			}
		}, func(t *testing.T, s *stand) {
			res := s.open(t, "GET", nil)
			lines := bufio.NewScanner(res.Body)
			for n := 0; lines.Scan(); n++ {
				if want := fmt.Sprintf("data: %d", n); lines.Text() != want {
					t.Errorf("got %q, want %q", lines.Text(), want)
				}
				seen <- struct{}{}
			}
			if lines.Err() != nil {
				t.Error(lines.Err())
			}
		})
	}
}

// open sends a request and reads the header of the answer.
func (s *stand) open(t *testing.T, method string, body io.Reader) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url, body)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// TestWhatIsOpenEndsWithItsSession: within a second, whatever it waits for, on both sides.
func TestWhatIsOpenEndsWithItsSession(t *testing.T) {
	left := make(chan time.Time, 1)
	begun := make(chan struct{}, 1)
	apps := map[string]http.HandlerFunc{
		"an event stream that is silent": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			http.NewResponseController(w).Flush()
			begun <- struct{}{}
			<-r.Context().Done()
		},
		"a download that nobody reads": func(w http.ResponseWriter, r *http.Request) {
			begun <- struct{}{}
			for r.Context().Err() == nil {
				w.Write(make([]byte, 1<<20))
			}
		},
		"an upload that stands still": func(w http.ResponseWriter, r *http.Request) {
			http.NewResponseController(w).EnableFullDuplex()
			http.NewResponseController(w).Flush()
			begun <- struct{}{}
			io.Copy(io.Discard, r.Body)
		},
	}
	for what, app := range apps {
		t.Run(what, func(t *testing.T) {
			each(t, func(w http.ResponseWriter, r *http.Request) {
				defer func() { left <- time.Now() }()
				app(w, r)
			}, func(t *testing.T, s *stand) {
				upload, send := io.Pipe()
				defer send.Close()
				var body io.Reader
				if strings.Contains(what, "upload") {
					body = upload
				}
				s.served = make(chan time.Time, 1)
				res := s.open(t, "POST", body)
				<-begun
				start := time.Now()
				s.front.End(handle)
				if took := (<-left).Sub(start); took > testenv.Soon {
					t.Errorf("the app hears of it after %v", took)
				}
				if took := (<-s.served).Sub(start); took > testenv.Soon {
					t.Errorf("the front is done with it after %v", took)
				}
				if _, err := io.Copy(io.Discard, res.Body); err == nil {
					t.Error("the client takes the answer for whole")
				}
				if took := time.Since(start); took > testenv.Soon {
					t.Errorf("the client hears of it after %v", took)
				}
				if len(s.failures) != 0 {
					t.Errorf("an answer was given: %v", s.failures)
				}
			})
		})
	}
}

// TestAnAppThatThinksWhenTheSessionEnds: the client is told, also one that is still sending.
func TestAnAppThatThinksWhenTheSessionEnds(t *testing.T) {
	begun := make(chan struct{})
	each(t, func(_ http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		io.Copy(io.Discard, r.Body) // as long as this is not done, nothing else is noticed
		<-r.Context().Done()
	}, func(t *testing.T, s *stand) {
		for _, sending := range []bool{false, true} {
			upload, send := io.Pipe()
			defer send.Close()
			body := io.Reader(http.NoBody)
			if sending {
				body = upload
				go send.Write([]byte("begin"))
			}
			start := make(chan time.Time, 1)
			go func() {
				<-begun
				start <- time.Now()
				s.front.End(handle)
			}()
			if res := s.open(t, "POST", body); res.StatusCode != http.StatusUnauthorized || res.ProtoMajor == 1 && !res.Close {
				t.Errorf("sending %v: %s, closes %v", sending, res.Status, res.Close)
			}
			if took := time.Since(<-start); took > testenv.Soon {
				t.Errorf("sending %v: told after %v", sending, took)
			}
		}
	})
}

// TestAServerThatStops: streams end at once, a download may finish.
func TestAServerThatStops(t *testing.T) {
	stopped := make(chan struct{}, 10)
	each(t, func(w http.ResponseWriter, r *http.Request) {
		stream := r.Header.Get("Accept") != ""
		if stream {
			w.Header().Set("Content-Type", "text/event-stream")
		}
		http.NewResponseController(w).Flush()
		if stream {
			<-r.Context().Done()
			stopped <- struct{}{}
			return
		}
		<-stopped
		fmt.Fprint(w, "all of it")
	}, func(t *testing.T, s *stand) {
		download := s.open(t, "GET", nil)
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/event-stream")
		stream, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Body.Close()
		s.front.Stop()
		if body, err := io.ReadAll(download.Body); err != nil || string(body) != "all of it" {
			t.Errorf("the download: %q %v", body, err)
		}
		if _, err := io.ReadAll(stream.Body); err == nil {
			t.Error("the stream seems whole")
		}
		if late, err := s.client.Do(r); err == nil {
			defer late.Body.Close()
			if _, err := io.ReadAll(late.Body); err == nil {
				t.Error("a stream that came late seems whole")
			}
		}
	})
}

// TestBodiesGoThroughInPieces: the app has the beginning of an upload before the client sends its end, and the other way round.
func TestBodiesGoThroughInPieces(t *testing.T) {
	each(t, func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		http.NewResponseController(w).Flush()
		for lines := bufio.NewScanner(r.Body); lines.Scan(); {
			fmt.Fprintln(w, "got", lines.Text(), r.ContentLength)
			http.NewResponseController(w).Flush()
		}
	}, func(t *testing.T, s *stand) {
		upload, send := io.Pipe()
		defer send.Close()
		res := s.open(t, "POST", upload)
		lines := bufio.NewScanner(res.Body)
		for n := range 3 {
			fmt.Fprintln(send, n)
			if want := fmt.Sprintf("got %d -1", n); !lines.Scan() || lines.Text() != want {
				t.Fatalf("got %q %v, want %q", lines.Text(), lines.Err(), want)
			}
		}
	})
}

// TestBigBodies arrive whole, with a length and without, there and back.
func TestBigBodies(t *testing.T) {
	big := make([]byte, 5<<20)
	rand.Read(big)
	want := sha256.Sum256(big)
	each(t, func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil || sha256.Sum256(got) != want {
			t.Errorf("%d bytes arrive: %v", len(got), err)
		}
		if r.ContentLength >= 0 {
			w.Header().Set("Content-Length", fmt.Sprint(len(big)))
		}
		w.Write(got)
	}, func(t *testing.T, s *stand) {
		for _, known := range []bool{true, false} {
			r, err := http.NewRequestWithContext(t.Context(), "PUT", s.url, strings.NewReader(string(big)))
			if err != nil {
				t.Fatal(err)
			}
			if !known {
				r.ContentLength = -1
			}
			res, body := s.send(t, r)
			if sha256.Sum256([]byte(body)) != want || (res.ContentLength >= 0) != known {
				t.Errorf("%d bytes came back, length %d", len(body), res.ContentLength)
			}
		}
	})
}

// TestContinue: a client that waits for leave to send a body gets it once, however often the app gives it (RFC 9110 section 10.1.1); an app that refuses
// without reading is heard first.
func TestContinue(t *testing.T) {
	s := newStand(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.WriteHeader(http.StatusContinue)
		w.WriteHeader(http.StatusContinue)
		echo(w, r)
	}, "HTTP/1.1")
	conn := s.raw(t)
	fmt.Fprintf(conn, "POST /yes HTTP/1.1\r\nHost: %s\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", host)
	const leave = "HTTP/1.1 100 Continue\r\n\r\n"
	got := make([]byte, len(leave))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != leave {
		t.Fatalf("%q %v", got, err)
	}
	fmt.Fprint(conn, "body")
	if got := readAll(t, conn); !strings.HasPrefix(got, "HTTP/1.1 200") || !strings.HasSuffix(got, "\n\nbody") {
		t.Errorf("after leave: %q", got)
	}

	for tries := 1; ; tries++ {
		start := time.Now()
		conn = s.raw(t)
		fmt.Fprintf(conn, "POST /no HTTP/1.1\r\nHost: %s\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", host)
		got := readAll(t, conn)
		if strings.HasPrefix(got, "HTTP/1.1 403") {
			break
		}
		if time.Since(start) < time.Second || tries == 5 { // after a second without a word from the app, the client gets leave
			t.Fatalf("%q", got)
		}
	}
}

func TestHead(t *testing.T) {
	each(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "1234") }, func(t *testing.T, s *stand) {
		if res, body := s.do(t, "HEAD", "/", ""); res.ContentLength != 1234 || body != "" {
			t.Errorf("%d %q", res.ContentLength, body)
		}
	})
}

// TestTrailers: those of an answer arrive, but for cookies of ours. Those of a request do not: some servers take them for
// fields, and who makes the request is among these.
func TestTrailers(t *testing.T) {
	each(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || len(r.Trailer) != 0 || r.Header.Get("Trailer") != "" {
			t.Errorf("the app reads trailers %v, %v", r.Trailer, err)
		}
		w.Header().Set("Trailer", "Grpc-Status")
		if r.URL.Path == "/announced" {
			w.Header().Add("Trailer", "Set-Cookie")
			defer w.Header().Set("Set-Cookie", "__Host-session=evil")
		}
		w.Write(body)
		w.Header().Set("Grpc-Status", "0")
		w.Header().Set(http.TrailerPrefix+"Unannounced", "1")
		w.Header().Set(http.TrailerPrefix+"Set-Cookie", "__Host-session=evil")
	}, func(t *testing.T, s *stand) {
		for _, path := range []string{"/", "/announced"} {
			r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+path, io.NopCloser(strings.NewReader("body")))
			if err != nil {
				t.Fatal(err)
			}
			r.Trailer = http.Header{"Remote-User": {"root"}, "Checksum": {"x"}}
			res, body := s.send(t, r)
			if _, set := res.Trailer["Set-Cookie"]; set || body != "body" || res.Trailer.Get("Grpc-Status") != "0" || res.Trailer.Get("Unannounced") != "1" {
				t.Errorf("%q %v", body, res.Trailer)
			}
		}
	})
}

// TestAClientThatLeaves: the app hears of it, and nobody is told that it failed.
func TestAClientThatLeaves(t *testing.T) {
	begun, left := make(chan struct{}), make(chan struct{})
	each(t, func(_ http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		<-r.Context().Done()
		left <- struct{}{}
	}, func(t *testing.T, s *stand) {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, "GET", s.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			<-begun
			cancel()
		}()
		if res, err := s.client.Do(r); err == nil {
			t.Error(res.Status)
			res.Body.Close()
		}
		<-left
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.failures) != 0 {
			t.Errorf("failures: %v", s.failures)
		}
	})
}
