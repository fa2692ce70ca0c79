package interop

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/loopback"
	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

const authName, appName = "auth.example.org", "app.example.org"

// text is what a program says.
type text struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *text) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(b)
}

func (s *text) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// authority is Pebble: it refuses good nonces now and then, and looks for answers on port at 127.0.0.1, whatever the name.
func authority(t *testing.T, port int) (directory string, trust []byte, issues *x509.CertPool, said *text) {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	names, err := loopback.NewNameServer(loopback.Zone{
		loopback.A(authName, 60, "127.0.0.1"), loopback.A(appName, 60, "127.0.0.1"),
	}.Answer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { names.Close() })
	said = &text{}
	out := log.New(said, "", 0)
	store := db.NewMemoryStore()
	issuer := ca.New(out, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {ValidityPeriod: 90 * 24 * 3600}})
	front := wfe.New(out, store, va.New(out, 1, port, false, names.Addr(), store), issuer, []string{"pebble.letsencrypt.org"}, false, false, 1, 1)

	own, err := loopback.NewAuthority("The authority's own")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := own.Issue(time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "localhost", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(front.Handler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	server.StartTLS()
	t.Cleanup(server.Close)
	issues = x509.NewCertPool()
	issues.AppendCertsFromPEM(issuer.GetRootCert(0).PEM())
	return server.URL + wfe.DirectoryPath, own.PEM(), issues, said
}

// TestCertificatesByThemselves: serve --acme gets a certificate for each of its hosts from Pebble and for no other name, keeps them where its owner alone can
// read them, and needs no new ones after a restart.
func TestCertificatesByThemselves(t *testing.T) {
	dir, port := t.TempDir(), testenv.FreePort(t)
	directory, trust, issues, pebble := authority(t, port)
	trusted := filepath.Join(dir, "trusted.pem")
	if err := os.WriteFile(trusted, trust, 0o600); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "cloakroom")
	if out, err := exec.Command("go", "build", "-C", "..", "-o", bin, "./cmd/cloakroom").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	app := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(app.Close)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	start := func() (said *text, stop func()) {
		t.Helper()
		said = &text{}
		cmd := exec.Command(bin, "serve", "--addr", addr, "--ops-addr=", "--url", "https://"+authName, "--protect", appName+"="+app.URL, "--data", filepath.Join(dir, "data"),
			"--acme", "--acme-email", "anna@example.org", "--acme-directory", directory)
		cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+trusted)
		cmd.Stdout, cmd.Stderr = said, said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stop = sync.OnceFunc(func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v\n%s", err, said)
			}
		})
		t.Cleanup(stop)
		return said, stop
	}
	handshake := func(name string) (*x509.Certificate, error) {
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Second}, "tcp", addr, &tls.Config{ServerName: name, RootCAs: issues, NextProtos: []string{"h2"}})
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0], nil
	}
	have := func(said *text) (serials string) {
		t.Helper()
		for _, name := range []string{authName, appName} {
			for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
				cert, err := handshake(name)
				if err == nil {
					serials += cert.SerialNumber.String() + " "
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("no certificate for %s: %v\n%s\n%s", name, err, said, pebble)
				}
			}
		}
		return serials
	}

	said, stop := start()
	first := have(said)
	for _, name := range []string{"other.example.org", "localhost"} {
		if _, err := handshake(name); err == nil {
			t.Errorf("there is a certificate for %s", name)
		}
	}
	res, err := (&http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: issues, ServerName: authName},
	}}).Do(request(t, "https://"+addr+"/signin", authName))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || res.ProtoMajor != 2 || !bytes.Contains(body, []byte("Sign in")) || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%s %s %v %v\n%s", res.Proto, res.Status, res.Header, err, body)
	}
	err = filepath.WalkDir(filepath.Join(dir, "data", "acme"), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may read %s: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	stop()
	if strings.Contains(said.String(), "other.example.org") {
		t.Errorf("what strangers ask for is in the log:\n%s", said)
	}

	orders := strings.Count(pebble.String(), "/finalize-order/")
	said, stop = start()
	if again := have(said); again != first || strings.Count(pebble.String(), "/finalize-order/") != orders {
		t.Errorf("new certificates after a restart: %s, then %s", first, again)
	}
	stop()
}

func request(t *testing.T, link, host string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	return r
}
