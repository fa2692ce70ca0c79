package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counted counts how often the deadlines of a connection are moved.
type counted struct {
	net.Conn
	reads, writes atomic.Int32
}

func (c *counted) SetReadDeadline(t time.Time) error {
	c.reads.Add(1)
	return c.Conn.SetReadDeadline(t)
}

func (c *counted) SetWriteDeadline(t time.Time) error {
	c.writes.Add(1)
	return c.Conn.SetWriteDeadline(t)
}

// serving serves one end of a pipe as the public side is served, and returns the other.
func serving(t *testing.T, h http.HandlerFunc) (net.Conn, *counted) {
	t.Helper()
	client, end := net.Pipe()
	c := &counted{Conn: end}
	l := &single{conn: c, closed: make(chan struct{})}
	s := httpServer(h, slog.New(slog.DiscardHandler))
	var running sync.WaitGroup
	running.Go(func() { _ = s.Serve(patientListener{l}) })
	t.Cleanup(func() {
		client.Close()
		s.Close()
		running.Wait()
	})
	return client, c
}

// single is a listener to whom one client comes.
type single struct {
	conn   net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *single) Accept() (c net.Conn, err error) {
	l.once.Do(func() { c = l.conn })
	if c == nil {
		<-l.closed
		err = net.ErrClosed
	}
	return c, err
}

func (l *single) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l *single) Addr() net.Addr { return l.conn.LocalAddr() }

// Of the seven times that net/http moves a deadline for each request, at most three reach the connection: none while the handler runs, one long past by
// which it takes back the read that waits for the client to go away, and that for the next request.
func TestFewDeadlinesARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, moved := serving(t, func(w http.ResponseWriter, r *http.Request) {})
		answers := bufio.NewReader(client)
		const n = 100
		for range n {
			if _, err := client.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(answers, nil)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatal(resp, err)
			}
			synctest.Wait()
		}
		if r, w := moved.reads.Load(), moved.writes.Load(); r > 3*n+2 || w > 2 {
			t.Errorf("%d requests moved the deadline of reads %d times, of writes %d times", n, r, w)
		}
	})
}

// A handler that is done before the read begins that would tell it of a client who goes away: then no deadline reaches the connection.
func TestNoDeadlineForAReadThatIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, end := net.Pipe()
		defer client.Close()
		under := &counted{Conn: end}
		c := &patientConn{Conn: under}
		buf := make([]byte, 1)
		for i := range 100 {
			c.SetReadDeadline(time.Now().Add(time.Minute))
			go client.Write([]byte("x"))
			if _, err := c.Read(buf); err != nil {
				t.Fatal(err)
			}
			c.SetReadDeadline(time.Time{})
			c.SetReadDeadline(time.Unix(1, 0))
			if _, err := c.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			c.SetReadDeadline(time.Time{})
			time.Sleep(time.Millisecond)
			if moved := under.reads.Load(); moved != 1 {
				t.Fatalf("%d requests moved it %d times", i+1, moved)
			}
		}
	})
}

// Slow clients are sent away as the settings say, at most a second early.
func TestPatienceEnds(t *testing.T) {
	whole := "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, tt := range []struct {
		what  string
		write []string // of which the last is followed by silence
		read  bool     // the answers
		ends  time.Duration
	}{
		{"no request", nil, true, 10 * time.Second},
		{"half a head", []string{"GET / HTTP/1.1\r\nHost"}, true, 10 * time.Second},
		{"half a head after a whole one", []string{whole, "GET / HTTP/1.1\r\nHost"}, true, 10 * time.Second},
		{"silence after a request", []string{whole, whole}, true, 2 * time.Minute},
		{"half a body", []string{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"}, true, 30 * time.Second},
		{"an answer that nobody reads", []string{whole}, false, time.Minute},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ended atomic.Int64
				begin := time.Now()
				client, _ := serving(t, func(w http.ResponseWriter, r *http.Request) {
					b := make([]byte, 9)
					if _, err := r.Body.Read(b); err == nil {
						_, err = r.Body.Read(b)
						if errors.Is(err, os.ErrDeadlineExceeded) {
							ended.Store(int64(time.Since(begin)))
						}
					}
					if _, err := w.Write([]byte(strings.Repeat("x", 10_000))); err != nil && !tt.read {
						ended.Store(int64(time.Since(begin)))
					}
				})
				var reading sync.WaitGroup
				if tt.read {
					reading.Go(func() {
						b := make([]byte, 1000)
						for {
							if _, err := client.Read(b); err != nil {
								ended.CompareAndSwap(0, int64(time.Since(begin)))
								return
							}
						}
					})
				}
				for _, s := range tt.write {
					if _, err := client.Write([]byte(s)); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				if at := time.Duration(ended.Load()); at > tt.ends || at < tt.ends-deadlineSlack {
					t.Errorf("it ended after %v, not %v", at, tt.ends)
				}
			})
		})
	}
}

// net/http ends a connection of which it has not read everything in two steps, so that a client that goes on sending gets the answer and not a
// reset connection. For that it looks for CloseWrite.
func TestHalfClosed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := patientListener{l}.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		t.Fatal("no CloseWrite")
	}
	if _, err := conn.Write([]byte("answer")); err != nil {
		t.Fatal(err)
	}
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(client); string(text) != "answer" || err != nil {
		t.Errorf("the client reads %q, %v", text, err)
	}
	if _, err := client.Write([]byte("more")); err != nil {
		t.Fatal(err)
	}
	more := make([]byte, 4)
	if _, err := io.ReadFull(conn, more); string(more) != "more" || err != nil {
		t.Errorf("the server reads %q, %v", more, err)
	}
}

// Whatever is done with deadlines before and during a read or a write: it ends when it would on the bare connection, or up to the slack
// before, if that is far away.
func TestDeadlinesHold(t *testing.T) {
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			_, a := net.Pipe()
			_, b := net.Pipe()
			bare, ours := a, &patientConn{Conn: b}
			var story strings.Builder
			move := func() {
				var at time.Time
				switch random.IntN(5) {
				case 0:
				case 1:
					at = time.Unix(1, 0)
				default:
					at = time.Now().Add(time.Duration(random.Int64N(int64([]time.Duration{time.Second, 20 * time.Second, time.Hour}[random.IntN(3)]))))
				}
				fmt.Fprintf(&story, "; deadline %v", at)
				for _, c := range []net.Conn{bare, ours} {
					if err := c.SetDeadline(at); err != nil {
						t.Fatal(err)
					}
				}
			}
			for range 6 {
				for range random.IntN(4) {
					move()
					time.Sleep(time.Duration(random.Int64N(int64(3 * time.Second))))
				}
				write := random.IntN(2) == 0
				fmt.Fprintf(&story, "; write %v at %v", write, time.Now())
				var ends [2]atomic.Pointer[time.Time]
				var waiting sync.WaitGroup
				for i, c := range []net.Conn{bare, ours} {
					waiting.Go(func() {
						do := c.Read
						if write {
							do = c.Write
						}
						if _, err := do(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
							t.Errorf("seed %d: %v", seed, err)
						}
						now := time.Now()
						ends[i].Store(&now)
					})
				}
				for range random.IntN(3) {
					time.Sleep(time.Duration(random.Int64N(int64(5 * time.Second))))
					synctest.Wait()
					if ends[0].Load() == nil && ends[1].Load() == nil {
						move()
					}
				}
				synctest.Wait()
				if ends[0].Load() == nil && ends[1].Load() == nil {
					time.Sleep(2 * time.Hour)
					for _, c := range []net.Conn{bare, ours} {
						c.SetDeadline(time.Unix(1, 0)) // for those without one
					}
				}
				waiting.Wait()
				early := ends[0].Load().Sub(*ends[1].Load())
				if early < 0 || early >= deadlineSlack {
					t.Fatalf("seed %d: %v early%s", seed, early, story.String())
				}
			}
		})
	}
}
