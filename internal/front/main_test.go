package front_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/front"
	"github.com/cloakroom/cloakroom/internal/loopback"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	host   = "app.example"
	handle = "kZ3xHn0RrD3nGq2b7m1uTA" // of Anna's session
)

var (
	cookies = []string{"__Host-session", "__Host-visit"}
	anna    = front.Visitor{User: "u1", Email: "anna@example.org", Name: "Anna Ä", Groups: "staff,ops", Session: handle, Addr: netip.MustParseAddr("192.0.2.7")}
)

// stand is an app, a front before it, and a client that reaches the app by its host through one protocol.
type stand struct {
	front  *front.Front
	client *http.Client
	url    string // of the app, as people type it
	addr   string // of the front

	mu       sync.Mutex
	visitor  front.Visitor
	limit    func() (time.Time, error)
	failures []error
	served   chan time.Time // when a request was done, if a test wants to know
}

// protocols are how a client may reach the front.
var protocols = []string{"HTTP/1.1", "HTTP/2.0"}

// each runs a test over each protocol.
func each(t *testing.T, app http.HandlerFunc, do func(t *testing.T, s *stand)) {
	for _, proto := range protocols {
		t.Run(proto, func(t *testing.T) {
			do(t, newStand(t, app, proto))
		})
	}
}

func newStand(t *testing.T, app http.HandlerFunc, proto string) *stand {
	t.Helper()
	behind := httptest.NewServer(app)
	t.Cleanup(behind.Close)
	return standBefore(t, behind.URL, proto)
}

// standBefore sets up a front before an app that runs already.
func standBefore(t *testing.T, upstream, proto string, change ...func(*front.Options)) *stand {
	t.Helper()
	s := &stand{visitor: anna, limit: func() (time.Time, error) { return time.Now().Add(time.Hour), nil }}
	a, err := front.ParseApp(host + "=" + upstream)
	if err != nil {
		t.Fatal(err)
	}
	o := front.Options{
		Cookies: cookies, Scheme: "https", Failed: s.failed, Log: slog.New(slog.DiscardHandler),
		Limit: func(context.Context, string) (time.Time, error) { return s.limit() },
	}
	for _, c := range change {
		c(&o)
	}
	s.front = front.New([]front.App{a}, o)
	server := httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	server.EnableHTTP2 = proto == "HTTP/2.0"
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if server.EnableHTTP2 {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	s.addr = server.Listener.Addr().String()
	s.client, s.url = server.Client(), strings.Replace(server.URL, s.addr, host, 1)
	transport := s.client.Transport.(*http.Transport)
	transport.DisableCompression = true
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.addr)
	}
	if transport.TLSClientConfig != nil {
		transport.TLSClientConfig.ServerName = "example.com" // of the certificate
	}
	t.Cleanup(s.client.CloseIdleConnections)
	t.Cleanup(s.front.CloseIdle)
	return s
}

func (s *stand) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	v := s.visitor
	s.mu.Unlock()
	if s.served != nil {
		defer func() { s.served <- time.Now() }()
	}
	s.front.Serve(w, r, v)
}

// failed answers as a caller would, with the status that a test looks for.
func (s *stand) failed(w http.ResponseWriter, _ *http.Request, err error) {
	s.mu.Lock()
	s.failures = append(s.failures, err)
	s.mu.Unlock()
	code := http.StatusBadGateway
	switch {
	case errors.Is(err, front.ErrEnded):
		code = http.StatusUnauthorized
	case errors.Is(err, front.ErrRequest):
		code = http.StatusBadRequest
	case errors.Is(err, front.ErrMethod):
		code = http.StatusMethodNotAllowed
	}
	http.Error(w, "front", code)
}

// do sends a request with header lines "Name: value", spelt as they are, and reads the answer.
func (s *stand) do(t *testing.T, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header[name] = append(r.Header[name], value)
	}
	return s.send(t, r)
}

func (s *stand) send(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

// raw opens a connection of HTTP/1.1 to the front.
func (s *stand) raw(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// secure starts an app behind a certificate for names, and returns its URL and who vouches for it.
func secure(t *testing.T, app http.HandlerFunc, names ...string) (url string, roots *x509.CertPool) {
	t.Helper()
	ca, err := loopback.NewAuthority("Test")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue(time.Now().Add(-time.Hour), time.Now().Add(time.Hour), names...)
	if err != nil {
		t.Fatal(err)
	}
	behind := httptest.NewUnstartedServer(app)
	behind.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	behind.EnableHTTP2 = true
	behind.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	behind.StartTLS()
	t.Cleanup(behind.Close)
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.PEM())
	return behind.URL, roots
}
