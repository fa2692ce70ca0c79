package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
)

// TestStopWithWhatIsOpen: SIGTERM ends the event streams and WebSockets of apps at once, and does not wait for them.
func TestStopWithWhatIsOpen(t *testing.T) {
	t.Parallel()
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			w.Header().Set("Content-Type", "text/event-stream")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		_, _ = conn.Read(make([]byte, 1))
	}))
	t.Cleanup(behind.Close)
	addr := freeAddr(t)
	_, port, _ := strings.Cut(addr, ":")
	p := serveAt(t, t.TempDir(), addr, "http://"+addr, "--signup", "open", "--protect", "app.localhost="+behind.URL)
	who := credentials{Email: "anna@example.org", Password: goodPassword}
	g := p.guest()
	a, err := g.json("/api/signup", who)
	must(t, http.StatusCreated, a, err)
	a, err = g.json("/api/token", who)
	must(t, http.StatusOK, a, err)
	token := a.text("access_token")
	open := func(want int, header string) *bufio.Reader {
		t.Helper()
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: app.localhost:%s\r\nAuthorization: Bearer %s\r\n%s\r\n", port, token, header)
		r := bufio.NewReader(conn)
		res, err := http.ReadResponse(r, nil)
		if err != nil || res.StatusCode != want {
			t.Fatal(res, err)
		}
		return r
	}
	stream, socket := open(http.StatusOK, ""), open(http.StatusSwitchingProtocols, "Connection: Upgrade\r\nUpgrade: websocket\r\n")
	if code := p.stop(syscall.SIGTERM); code != exitDone || strings.Contains(p.log.String(), "cut off") {
		t.Errorf("exit status %d\n%s", code, p.log)
	}
	for _, r := range []*bufio.Reader{stream, socket} {
		if b, err := r.ReadByte(); err == nil {
			t.Errorf("%q came", b)
		}
	}
}
