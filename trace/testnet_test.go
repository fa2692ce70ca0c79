package trace

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/loopback"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// brief are limits for tests in which something never comes: they are met, so they are short. The phases before that one must be over by then, on a
// busy machine too.
func brief(phase PhaseName) *Options {
	if phase == PhaseDNS || phase == PhaseTCP {
		return &Options{DNSTimeout: 300 * time.Millisecond, DialTimeout: 300 * time.Millisecond, Timeout: 600 * time.Millisecond}
	}
	return &Options{DialTimeout: 3 * time.Second, Timeout: 3 * time.Second}
}

// runWith runs a trace on a machine with the given files and no resolver of its own.
func runWith(t *testing.T, url string, o *Options, change func(r *resolver)) (*Trace, error) {
	t.Helper()
	r := newRun(o)
	r.resolver.hosts, r.resolver.resolvConf = filepath.Join(t.TempDir(), "none"), filepath.Join(t.TempDir(), "none")
	r.resolver.delay, r.resolver.late = testenv.Soon, testenv.Soon // on a busy machine answers come apart
	r.resolver.system = func(context.Context, string, string) ([]netip.Addr, error) { return nil, errors.New("no system") }
	if change != nil {
		change(r.resolver)
	}
	return r.run(t.Context(), url)
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// last returns the last hop of a trace.
func (t *Trace) last() *Hop { return t.Hops[len(t.Hops)-1] }

// nameServer starts a name server for the test.
func nameServer(t *testing.T, h loopback.Handler) string {
	t.Helper()
	s, err := loopback.NewNameServer(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.Addr()
}

// A host is a TCP server of one's own making.
type host struct {
	l    net.Listener
	work sync.WaitGroup
	mu   sync.Mutex
	open []net.Conn
}

// listen serves each connection with f, until the test ends.
func listen(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &host{l: l}
	h.work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			h.mu.Lock()
			h.open = append(h.open, c)
			h.mu.Unlock()
			h.work.Go(func() {
				defer c.Close()
				f(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		h.mu.Lock()
		for _, c := range h.open {
			_ = c.Close()
		}
		h.mu.Unlock()
		h.work.Wait()
	})
	return l.Addr().String()
}

// readRequest reads one request without a body, and returns its head.
func readRequest(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		b.WriteString(line)
		if err != nil || line == "\r\n" {
			return b.String(), err
		}
	}
}

// answering serves the octets of one response to whatever is asked, and closes.
func answering(t *testing.T, response string) string {
	t.Helper()
	return listen(t, func(c net.Conn) {
		if _, err := readRequest(bufio.NewReader(c)); err == nil {
			io.WriteString(c, response)
		}
	})
}

// silent takes connections and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	return listen(t, func(c net.Conn) { io.Copy(io.Discard, c) })
}

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", testenv.FreePort(t))
}

// authority is one for all tests of the package.
var authority = sync.OnceValue(func() *loopback.Authority {
	a, err := loopback.NewAuthority("Loopback Authority")
	if err != nil {
		panic(err)
	}
	return a
})

// secure serves handler over TLS with a certificate for names that is valid from and to days from now.
func secure(t *testing.T, handler http.Handler, h2 bool, from, to int, names ...string) *httptest.Server {
	t.Helper()
	now := time.Now()
	cert, err := authority().Issue(now.AddDate(0, 0, from), now.AddDate(0, 0, to).Add(time.Hour), names...)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(handler)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.EnableHTTP2 = h2
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}
