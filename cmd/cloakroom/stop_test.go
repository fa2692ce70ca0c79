package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// underWay is a request whose body has not wholly come: the server is in the middle of it.
func underWay(t *testing.T, p *proc, body string) (finish func() (*http.Response, error)) {
	t.Helper()
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	half := len(body) / 2
	fmt.Fprintf(conn, "POST /api/signin HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", p.addr, len(body))
	in := bufio.NewReader(conn)
	// The server asks for the body once a handler reads it: from here on the request is under way.
	if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("got %q %v, want 100 Continue", line, err)
	}
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, body[:half]); err != nil {
		t.Fatal(err)
	}
	return func() (*http.Response, error) {
		if _, err := io.WriteString(conn, body[half:]); err != nil {
			return nil, err
		}
		return http.ReadResponse(in, nil)
	}
}

// TestStop: SIGTERM lets a request finish that is under way, takes no new one, and ends with status 0.
func TestStop(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "--signup", "open")
	who := credentials{Email: "anna@example.org", Password: goodPassword}
	g := p.guest()
	a, err := g.json("/api/signup", who)
	must(t, http.StatusCreated, a, err)
	finish := underWay(t, p, `{"email":"anna@example.org","password":"plum gravel 47 orbit"}`)

	stopping := p.log.said("msg=stopping")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-stopping
	waitFor(t, "nobody new is let in", func() bool {
		conn, err := net.Dial("tcp", p.addr)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	select {
	case <-p.ended:
		t.Fatalf("it did not wait for the request under way:\n%s", p.log)
	default:
	}
	res, err := finish()
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the request under way: %v %v", res, err)
	}
	<-p.ended
	if code := p.cmd.ProcessState.ExitCode(); code != exitDone || !strings.Contains(p.log.String(), "msg=stopped") {
		t.Errorf("exit status %d:\n%s", code, p.log)
	}

	// What was answered is there at the next start: both sessions live.
	next := serve(t, p.dir)
	if out := next.beside("session", "list", "--json"); strings.Count(out, "anna@example.org") != 2 {
		t.Errorf("the sessions after the stop:\n%s", out)
	}
}

// TestStopAtOnce: who sends the signal a second time does not want to wait.
func TestStopAtOnce(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	underWay(t, p, `{"email":"anna@example.org","password":"plum gravel 47 orbit"}`)
	stopping := p.log.said("msg=stopping")
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-stopping
	waitFor(t, "the second signal ends it", func() bool {
		_ = p.cmd.Process.Signal(syscall.SIGINT)
		select {
		case <-p.ended:
			return true
		default:
			return false
		}
	})
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Errorf("it ended by itself: %v\n%s", p.cmd.ProcessState, p.log)
	}
}
