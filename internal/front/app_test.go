package front_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/front"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

func TestParseApp(t *testing.T) {
	for _, tt := range []struct{ given, want string }{ // want is the host and where it leads, or of an error what it says
		{"app.example.com=http://127.0.0.1:9000", "app.example.com http://127.0.0.1:9000"},
		{"App.LocalHost=https://backend.internal/", "app.localhost https://backend.internal"},
		{"app.example=http://[::1]:9000", "app.example http://[::1]:9000"},
		{"app.example", "is not HOST=URL"},
		{"=http://127.0.0.1:9000", `"" is not the name of a host`},
		{"app.example:8080=http://127.0.0.1", "is not the name of a host"},
		{"https://app.example=http://127.0.0.1", "is not the name of a host"},
		{"app.example.=http://127.0.0.1", "is not the name of a host"},
		{"app..example=http://127.0.0.1", "is not the name of a host"},
		{"*.example=http://127.0.0.1", "is not the name of a host"},
		{"bücher.example=http://127.0.0.1", "is not the name of a host"},
		{strings.Repeat("a", 64) + ".example=http://127.0.0.1", "is not the name of a host"},
		{strings.Repeat("a.", 127) + "=http://127.0.0.1", "254 characters"},
		{"app.example=127.0.0.1:9000", "is not the URL of an app"},
		{"app.example=ftp://127.0.0.1", "is not the URL of an app"},
		{"app.example=http://:9000", "is not the URL of an app"},
		{"app.example=http://127.0.0.1/base", "more than scheme, host and port"},
		{"app.example=http://127.0.0.1?a", "more than scheme, host and port"},
		{"app.example=http://127.0.0.1?", "more than scheme, host and port"},
		{"app.example=http://127.0.0.1#a", "more than scheme, host and port"},
		{"app.example=http://anna:secret@127.0.0.1", "has a user or password"},
	} {
		a, err := front.ParseApp(tt.given)
		got := fmt.Sprint(err)
		if err == nil {
			got = a.Host + " " + a.Upstream.String()
		}
		if !strings.Contains(got, tt.want) || strings.Contains(got, "secret") {
			t.Errorf("%s: got %q, want %q", tt.given, got, tt.want)
		}
	}
}

func FuzzParseApp(f *testing.F) {
	f.Add("app.example=http://127.0.0.1:9000")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := front.ParseApp(s)
		if err != nil {
			return
		}
		again, err := front.ParseApp(a.Host + "=" + a.Upstream.String())
		if err != nil || again.Host != a.Host || again.Upstream.String() != a.Upstream.String() {
			t.Errorf("%q becomes %v, and that %v: %v", s, a, again, err)
		}
	})
}

func TestHosts(t *testing.T) {
	a, err := front.ParseApp(host + "=http://127.0.0.1:9000")
	if err != nil {
		t.Fatal(err)
	}
	f := front.New([]front.App{a}, front.Options{})
	for given, want := range map[string]bool{
		"app.example": true, "APP.example": true, "app.example:8080": true, "app.example:": true,
		"": false, "example": false, "app.example.": false, "xapp.example": false, "app.example.evil": false, "[::1]": false, "app.example:80:80": false,
	} {
		if got := f.Has(given); got != want {
			t.Errorf("%q: got %v, want %v", given, got, want)
		}
	}
}

// TestAnAppThatDoesNotAnswer is 502 and says why, to the log alone.
func TestAnAppThatDoesNotAnswer(t *testing.T) {
	closed := fmt.Sprintf("127.0.0.1:%d", testenv.FreePort(t))
	secured, roots := secure(t, echo, "127.0.0.1")
	misnamed, misnamedRoots := secure(t, echo, "other.example")
	loud := func(text string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					_, _ = http.ReadRequest(bufio.NewReader(conn)) // who speaks first is another fault
					fmt.Fprint(conn, text)
					if tcp := conn.(*net.TCPConn); tcp.CloseWrite() == nil {
						io.Copy(io.Discard, conn)
					}
					conn.Close()
				}()
			}
		}()
		return "http://" + l.Addr().String()
	}
	for _, tt := range []struct {
		what, upstream string
		change         func(*front.Options)
		want           string // in the error; "" is an answer
	}{
		{"nobody listens", "http://" + closed, nil, "connection refused"},
		{"an unknown host", "http://nobody.invalid", nil, "nobody.invalid"},
		{"another protocol", loud("SSH-2.0-x\r\n"), nil, "malformed HTTP"},
		{"silence", loud(""), nil, ""},
		{"a header beyond the bound", loud("HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 300<<10)), nil, "exceeded"},
		{"a certificate of nobody", secured, nil, "certificate"},
		{"a certificate for another name", misnamed, func(o *front.Options) { o.Roots = misnamedRoots }, "certificate"},
		{"a good certificate", secured, func(o *front.Options) { o.Roots = roots }, "none"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			change := tt.change
			if change == nil {
				change = func(*front.Options) {}
			}
			s := standBefore(t, tt.upstream, "HTTP/1.1", change)
			res, body := s.do(t, "GET", "/", "")
			if tt.want == "none" {
				if res.StatusCode != http.StatusOK || !strings.Contains(body, "Remote-User: u1\n") || !strings.Contains(body, "Host: app.example\n") {
					t.Errorf("%s %s", res.Status, body)
				}
				return
			}
			if res.StatusCode != http.StatusBadGateway || body != "front\n" {
				t.Errorf("%s %s", res.Status, body)
			}
			if err := s.failures[0]; !errors.Is(err, front.ErrUnreachable) || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "front: app.example: the app does not answer: ") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestAnAppThatBreaksOff: nobody takes half an answer for a whole one.
func TestAnAppThatBreaksOff(t *testing.T) {
	each(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("half"))
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}, func(t *testing.T, s *stand) {
		res := s.open(t, "GET", nil)
		buf := make([]byte, 100)
		for {
			if _, err := res.Body.Read(buf); err != nil {
				if err.Error() == "EOF" {
					t.Error("it seems whole")
				}
				return
			}
		}
	})
}
