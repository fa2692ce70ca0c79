package e2e_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/loopback"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/cloakroom/cloakroom/trace"
)

// street is what stands around a reverse proxy: names, a certificate for them, and before the proxy a Cloakroom and an app. A
// test adds the proxy. All hosts of a street are this machine.
type street struct {
	t     *testing.T
	dir   string // for the files of the proxy
	cert  string // PEM files
	key   string
	roots []byte
	dns   string // address of the name server
	house string // where Cloakroom listens, "127.0.0.1:port"
	app   string // where the app listens

	signIn, site, plain, many int // ports of the proxy: Cloakroom's pages, the app, http, an app of many cookies
}

// The names of a street: the house is an alias, as behind a service that gives hosts their addresses.
const (
	doorHost = "door.cloak.test"
	manyHost = "many.cloak.test"
)

func newStreet(t *testing.T) *street {
	t.Helper()
	s := &street{t: t, dir: t.TempDir(), signIn: testenv.FreePort(t), site: testenv.FreePort(t), plain: testenv.FreePort(t), many: testenv.FreePort(t)}
	zone := loopback.Zone{
		loopback.CNAME(doorHost, 300, "edge.cloak.test"),
		loopback.A("edge.cloak.test", 60, "127.0.0.1"),
		loopback.A(manyHost, 60, "127.0.0.1"),
	}
	names, err := loopback.NewNameServer(zone.Answer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { names.Close() })
	s.dns = names.Addr()
	s.certify()

	house := servertest.Start(t, func(c *app.Config) {
		c.URL, c.Apps = s.signInURL(), []string{s.siteURL()}
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	s.house = s.serve(house.Server.Public())
	s.app = s.serve(http.HandlerFunc(kiosk))
	return s
}

func (s *street) signInURL() string { return fmt.Sprintf("https://%s:%d", doorHost, s.signIn) }
func (s *street) siteURL() string   { return fmt.Sprintf("https://%s:%d", doorHost, s.site) }
func (s *street) plainURL() string  { return fmt.Sprintf("http://%s:%d", doorHost, s.plain) }
func (s *street) manyURL() string   { return fmt.Sprintf("https://%s:%d", manyHost, s.many) }

// visitor is a person on this street.
func (s *street) visitor() *visitor {
	return newVisitor(s.t, trace.Options{DNSServer: s.dns, Roots: s.roots})
}

func (s *street) serve(h http.Handler) (addr string) {
	server := httptest.NewServer(h)
	s.t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// certify writes a certificate for all hosts, of the authority that visitors trust.
func (s *street) certify() {
	s.t.Helper()
	authority, err := loopback.NewAuthority("Street Authority")
	if err != nil {
		s.t.Fatal(err)
	}
	now := time.Now()
	cert, err := authority.Issue(now.Add(-time.Hour), now.AddDate(0, 0, 90).Add(time.Hour), doorHost, manyHost)
	if err != nil {
		s.t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		s.t.Fatal(err)
	}
	s.roots = authority.PEM()
	s.cert = s.write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})))
	s.key = s.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
}

// write makes a file of the proxy.
func (s *street) write(name, content string) (path string) {
	s.t.Helper()
	path = filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// start runs a proxy until the test ends, and returns when it takes connections at all its ports.
func (s *street) start(cmd *exec.Cmd, ports ...int) {
	s.t.Helper()
	said, err := os.Create(filepath.Join(s.dir, "said"))
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, said, said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it is killed
	}()
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		said.Close()
		if text, err := os.ReadFile(said.Name()); err == nil && s.t.Failed() {
			s.t.Logf("%s said:\n%s", filepath.Base(cmd.Path), text)
		}
	})
	for _, port := range ports {
		waitFor(s.t, fmt.Sprintf("%s listens on %d", filepath.Base(cmd.Path), port), func() bool {
			select {
			case <-ended:
				s.t.Fatalf("%s has ended", cmd.Path)
			default:
			}
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err == nil {
				c.Close()
			}
			return err == nil
		})
	}
}

// manyCookies is how many Set-Cookie lines the app sends at once.
const manyCookies = 60

// letter is a page that says much the same all the time.
var letter = "<!doctype html><title>A letter</title>" + strings.Repeat("<p>All work and no play.</p>", 500)

// kiosk is an app: it tells what it heard, and sets cookies by the dozen.
func kiosk(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/cookies":
		for i := range manyCookies {
			w.Header().Add("Set-Cookie", fmt.Sprintf("c%02d=%d; Path=/; Expires=Sun, 06 Nov 2044 08:49:37 GMT", i, i))
		}
		w.Header().Add("Set-Cookie", "__Host-c=1; Path=/shop; Secure")
		w.Header().Add("Set-Cookie", "wide=1; Domain=test")
		w.WriteHeader(http.StatusNoContent)
	case "/letter":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, letter)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(heard{r.Method, r.RequestURI, r.Header})
	}
}

// heard is a request as the app saw it.
type heard struct {
	Method, Path string
	Header       http.Header
}

// heardBy reads what the app heard.
func heardBy(t *testing.T, h *trace.Hop) (r heard) {
	t.Helper()
	if err := json.Unmarshal(h.Response.Body, &r); err != nil {
		t.Fatalf("%v in %q", err, h.Response.Body)
	}
	return r
}
