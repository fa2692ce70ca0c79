package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// echoApp is an app that says what it heard, octet for octet: no library has read it before.
type echoApp struct {
	addr  string
	calls atomic.Int64
	open  sync.WaitGroup
}

// echoed is one request as the app heard it.
type echoed struct {
	Request string   // GET /a HTTP/1.1
	Lines   []string // its fields
	Body    string
	Trailer []string // fields behind the body
}

func newEchoApp(t *testing.T) *echoApp {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echoApp{addr: l.Addr().String()}
	var (
		mu    sync.Mutex
		conns []net.Conn
	)
	e.open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			e.open.Go(func() { e.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		e.open.Wait()
	})
	return e
}

func (e *echoApp) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		h, err := hear(r)
		if err != nil {
			return
		}
		e.calls.Add(1)
		if strings.EqualFold(h.one("Upgrade"), "websocket") && strings.EqualFold(h.one("Connection"), "upgrade") {
			fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-User: %s\r\n\r\n", h.one("Remote-User"))
			_, _ = io.Copy(c, r) // says back what it hears
			return
		}
		text, _ := json.Marshal(h)
		if strings.HasPrefix(h.Request, "HEAD ") {
			text = nil
		}
		if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Echo: yes\r\nContent-Length: %d\r\n\r\n%s", len(text), text); err != nil {
			return
		}
	}
}

// hear reads one request.
func hear(r *bufio.Reader) (h echoed, err error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return h, err
		}
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "":
			return h, h.readBody(r)
		case h.Request == "":
			h.Request = line
		default:
			h.Lines = append(h.Lines, line)
		}
	}
}

func (h *echoed) readBody(r *bufio.Reader) error {
	if strings.EqualFold(h.one("Transfer-Encoding"), "chunked") {
		for {
			var size int
			line, err := r.ReadString('\n')
			if err != nil {
				return err
			}
			if _, err := fmt.Sscanf(line, "%x", &size); err != nil {
				return err
			}
			if size == 0 {
				return h.readTrailer(r)
			}
			chunk := make([]byte, size+2)
			if _, err := io.ReadFull(r, chunk); err != nil {
				return err
			}
			h.Body += string(chunk[:size])
		}
	}
	size := 0
	if n := h.one("Content-Length"); n != "" {
		if _, err := fmt.Sscan(n, &size); err != nil {
			return err
		}
	}
	body := make([]byte, size)
	_, err := io.ReadFull(r, body)
	h.Body = string(body)
	return err
}

func (h *echoed) readTrailer(r *bufio.Reader) error {
	for {
		line, err := r.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); err != nil || line == "" {
			return err
		}
		h.Trailer = append(h.Trailer, line)
	}
}

// values are the fields of a name that is spelt so or in other letters, as every app reads it.
func (h *echoed) values(name string) (all []string) {
	for _, line := range h.Lines {
		if n, v, _ := strings.Cut(line, ":"); strings.EqualFold(n, name) {
			all = append(all, strings.TrimSpace(v))
		}
	}
	return all
}

func (h *echoed) one(name string) string { return strings.Join(h.values(name), "|") }

// alike are the fields that some app takes for the one of this name: gateways make REMOTE_USER of all of them.
func (h *echoed) alike(name string) (all []string) {
	plain := func(s string) string {
		return strings.Map(func(c rune) rune {
			if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
				return c
			}
			return '_'
		}, strings.ToLower(s))
	}
	for _, line := range h.Lines {
		if n, v, _ := strings.Cut(line, ":"); plain(n) == plain(name) {
			all = append(all, strings.TrimSpace(v))
		}
	}
	return all
}

// target is the path and query that the app heard.
func (h *echoed) target() string {
	if parts := strings.Split(h.Request, " "); len(parts) == 3 {
		return parts[1]
	}
	return h.Request
}
