package front_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/front"
)

// pipes is a network in memory, so that hours pass in a moment.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	mine, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return mine, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// inMemory is a stand whose front has the limits of the real server, in the time of a bubble.
func inMemory(t *testing.T, app http.Handler, proto string, change ...func(*front.Options)) (s *stand, dial func() net.Conn) {
	t.Helper()
	behind, before := newPipes(), newPipes()
	s = &stand{visitor: anna}
	a, err := front.ParseApp(host + "=http://app.invalid")
	if err != nil {
		t.Fatal(err)
	}
	o := front.Options{
		Cookies: cookies, Scheme: "http", Failed: s.failed, Dial: behind.dial, Log: slog.New(slog.DiscardHandler),
		Limit: func(context.Context, string) (time.Time, error) { return s.limit() },
	}
	for _, c := range change {
		c(&o)
	}
	s.front = front.New([]front.App{a}, o)
	appServer := &http.Server{Handler: app}
	server := &http.Server{
		Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute,
	}
	transport := &http.Transport{DialContext: before.dial}
	if proto == "HTTP/2.0" {
		server.Protocols, transport.Protocols = new(http.Protocols), new(http.Protocols)
		server.Protocols.SetUnencryptedHTTP2(true)
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	go appServer.Serve(behind)
	go server.Serve(before)
	ctx, cancel := context.WithCancel(t.Context())
	go s.front.Run(ctx)
	s.client, s.url = &http.Client{Transport: transport}, "http://"+host
	t.Cleanup(func() {
		cancel()
		transport.CloseIdleConnections()
		s.front.CloseIdle()
		server.Close()
		appServer.Close()
	})
	return s, func() net.Conn {
		conn, err := before.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
}

// TestIdleMeansIdle: messages in a WebSocket are no use of the session, so it ends with an idle session though it is busy; requests are, and
// keep it open. It ends at most a second after the limit.
func TestIdleMeansIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newEchoSocket()
		s, dial := inMemory(t, app, "HTTP/1.1")
		start := time.Now()
		used, asked := start, 0
		var mu sync.Mutex
		s.limit = func() (time.Time, error) {
			mu.Lock()
			defer mu.Unlock()
			asked++
			return used.Add(time.Hour), nil
		}
		ws := handshake(t, dial())
		ended := make(chan time.Time, 1)
		go func() {
			for {
				if (frame{text, []byte("tick")}).write(ws, true) != nil {
					break
				}
				if _, err := readFrame(ws.r); err != nil {
					break
				}
				time.Sleep(5 * time.Second)
			}
			ended <- time.Now()
		}()
		time.Sleep(50 * time.Minute)
		mu.Lock()
		used = time.Now() // by a request
		mu.Unlock()
		if got := (<-ended).Sub(start); got < 110*time.Minute || got > 110*time.Minute+7*time.Second {
			t.Errorf("ended after %v, want 1h50m", got)
		}
		<-app.lost
		if asked > 3 { // at first, after an hour, and at the end
			t.Errorf("the session was looked at %d times", asked)
		}
	})
}

// TestWhatIsNotKnownToLiveEnds: a store that does not answer keeps nothing open.
func TestWhatIsNotKnownToLiveEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newEchoSocket()
		s, dial := inMemory(t, app, "HTTP/1.1")
		s.limit = func() (time.Time, error) { return time.Time{}, errors.New("store unavailable") }
		start := time.Now()
		ws := handshake(t, dial())
		ws.says(t, text, "hello")
		if got := ws.closed(t).Sub(start); got > time.Second {
			t.Errorf("ended after %v", got)
		}
		<-app.lost
	})
}

// TestNoLimitOfTheServerCutsAStream: an event an hour, a download by a slow reader, an app that thinks for ten minutes, and an upload that takes as long.
func TestNoLimitOfTheServerCutsAStream(t *testing.T) {
	const parts = 5
	app := func(t *testing.T) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(10 * time.Minute)
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			time.Sleep(10 * time.Minute)
			for range parts {
				w.Write([]byte("event\n"))
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Hour)
			}
			w.Write(body)
		}
	}
	for _, proto := range protocols {
		synctest.Test(t, func(t *testing.T) {
			s, _ := inMemory(t, app(t), proto)
			s.limit = func() (time.Time, error) { return time.Now().Add(time.Hour), nil }
			upload, send := io.Pipe()
			go func() {
				for range parts {
					send.Write([]byte("part\n"))
					time.Sleep(59 * time.Second) // within the time for one read
				}
				send.Close()
			}()
			r, err := http.NewRequestWithContext(t.Context(), "POST", s.url, upload)
			if err != nil {
				t.Fatal(err)
			}
			res, body := s.send(t, r)
			if want := "event\nevent\nevent\nevent\nevent\npart\npart\npart\npart\npart\n"; body != want || res.Proto != proto {
				t.Errorf("%s: got %q", res.Proto, body)
			}
		})
	}
}

// TestWhoIsBlindLooksEachSecond: an ending that nobody was told of holds all the same.
func TestWhoIsBlindLooksEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newEchoSocket()
		start := time.Now()
		s, dial := inMemory(t, app, "HTTP/1.1", func(o *front.Options) {
			o.Blind = func() bool { return time.Since(start) > time.Minute }
		})
		s.limit = func() (time.Time, error) {
			if time.Since(start) > time.Second {
				return time.Time{}, errors.New("ended")
			}
			return start.Add(time.Hour), nil
		}
		ws := handshake(t, dial())
		ws.says(t, text, "hello")
		ws.SetReadDeadline(start.Add(2 * time.Minute))
		if _, err := readFrame(ws.r); err == nil || time.Since(start) < time.Minute || time.Since(start) > time.Minute+time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		<-app.lost
	})
}

// TestNobodyInParticular has no session that could end.
func TestNobodyInParticular(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newEchoSocket()
		s, dial := inMemory(t, app, "HTTP/1.1")
		s.visitor.Session = ""
		s.visitor.User = "-"
		s.limit = func() (time.Time, error) { return time.Time{}, errors.New("no such session") }
		ws := handshake(t, dial())
		time.Sleep(time.Hour)
		ws.says(t, text, "still here")
		ws.Close()
		<-app.lost
	})
}

// TestAClientThatDoesNotReadIsEndedToo: a download within half a second, so that a little may still be said, and a WebSocket at once.
func TestAClientThatDoesNotReadIsEndedToo(t *testing.T) {
	for _, tt := range []struct {
		what, field string
		want        time.Duration
	}{
		{"a download", "Accept: */*", 500 * time.Millisecond},
		{"a WebSocket", "Connection: Upgrade\r\nUpgrade: websocket", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, dial := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				out := io.Writer(w)
				if r.Header.Get("Upgrade") != "" {
					conn, _, err := http.NewResponseController(w).Hijack()
					if err != nil {
						t.Error(err)
					}
					defer conn.Close()
					io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
					out = conn
				} else if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Second) // the header is read by now
				for {
					if _, err := out.Write(make([]byte, 1<<20)); err != nil {
						return
					}
				}
			}), "HTTP/1.1")
			s.limit = func() (time.Time, error) { return time.Now().Add(time.Hour), nil }
			s.served = make(chan time.Time, 1)
			conn := dial()
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+host+"\r\n"+tt.field+"\r\n\r\n")
			if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil { // the header, and no more
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			start := time.Now()
			s.front.End(handle)
			if got := (<-s.served).Sub(start); got != tt.want {
				t.Errorf("%s: done after %v, want %v", tt.what, got, tt.want)
			}
		})
	}
}

// TestWhoStallsIsCutOff: one read or write has a minute.
func TestWhoStallsIsCutOff(t *testing.T) {
	t.Run("a client that does not read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			left, begun := make(chan time.Time, 1), make(chan struct{})
			s, dial := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.NewResponseController(w).Flush()
				<-begun
				for r.Context().Err() == nil {
					w.Write(make([]byte, 1<<20))
				}
				left <- time.Now()
			}), "HTTP/1.1")
			s.limit = func() (time.Time, error) { return time.Now().Add(time.Hour), nil }
			start := time.Now()
			conn := dial()
			conn.Write([]byte("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"))
			if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil { // the header, and no more
				t.Fatal(err)
			}
			close(begun)
			if got := (<-left).Sub(start); got != time.Minute {
				t.Errorf("cut off after %v", got)
			}
		})
	})
	t.Run("a client that does not send", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, dial := inMemory(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }), "HTTP/1.1")
			s.limit = func() (time.Time, error) { return time.Now().Add(time.Hour), nil }
			start := time.Now()
			conn := dial()
			conn.Write([]byte("POST / HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 10\r\n\r\n12345"))
			io.ReadAll(conn)
			if got := time.Since(start); got < time.Minute || got > time.Minute+time.Second {
				t.Errorf("cut off after %v", got)
			}
			if len(s.failures) != 1 || !errors.Is(s.failures[0], front.ErrRequest) {
				t.Errorf("failures: %v", s.failures)
			}
		})
	})
}
