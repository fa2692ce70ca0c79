package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/loopback"
)

// pairs issues certificates and writes them to files.
type pairs struct {
	t         *testing.T
	ca        *loopback.Authority
	cert, key string
}

func newPairs(t *testing.T) *pairs {
	t.Helper()
	ca, err := loopback.NewAuthority("Test")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return &pairs{t, ca, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
}

// issue returns the texts of a certificate for a name and of its key.
func (p *pairs) issue(names ...string) (cert, key []byte) {
	p.t.Helper()
	c, err := p.ca.Issue(time.Now().Add(-time.Hour), time.Now().Add(time.Hour), names...)
	if err != nil {
		p.t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		p.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// write puts a text where a file is, as programs that renew certificates do: a new file takes the place of the old one.
func (p *pairs) write(path string, text []byte) {
	p.t.Helper()
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pairs) writeBoth(names ...string) {
	p.t.Helper()
	cert, key := p.issue(names...)
	p.write(p.cert, cert)
	p.write(p.key, key)
}

// TestCertificateIsReadAnew: within a second of a change of its files. What cannot be used is told once, and the one before stays.
func TestCertificateIsReadAnew(t *testing.T) {
	p := newPairs(t)
	p.writeBoth("first.example")
	var log bytes.Buffer
	pair, err := openKeyPair(p.cert, p.key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	start := pair.looked
	at := func(d time.Duration, want string) {
		t.Helper()
		if got := pair.certificate(start.Add(d)).Leaf.Subject.CommonName; got != want {
			t.Errorf("after %v: got %s, want %s", d, got, want)
		}
	}
	told := func(level string, n int) {
		t.Helper()
		if got := strings.Count(log.String(), "level="+level); got != n {
			t.Errorf("%d lines of %s, want %d:\n%s", got, level, n, log.String())
		}
	}
	at(0, "first.example")
	p.writeBoth("second.example")
	at(lookEvery-1, "first.example")
	at(lookEvery, "second.example")
	told("INFO", 1)

	cert, key := p.issue("third.example")
	p.write(p.cert, cert) // and not yet its key
	at(2*lookEvery, "second.example")
	at(3*lookEvery, "second.example")
	told("ERROR", 1)
	p.write(p.key, key)
	at(4*lookEvery, "third.example")
	told("INFO", 2)

	p.write(p.cert, []byte("-----BEGIN CERTIFICATE-----\nbroken"))
	at(5*lookEvery, "third.example")
	if err := os.Remove(p.key); err != nil {
		t.Fatal(err)
	}
	at(6*lookEvery, "third.example")
	at(7*lookEvery, "third.example")
	told("ERROR", 3)
	p.writeBoth("fourth.example")
	at(8*lookEvery, "fourth.example")

	// What certbot does: the name is a link that leads elsewhere.
	if err := os.Mkdir(filepath.Join(filepath.Dir(p.cert), "archive"), 0o700); err != nil {
		t.Fatal(err)
	}
	linked := *p
	linked.cert, linked.key = filepath.Join(filepath.Dir(p.cert), "archive", "c"), filepath.Join(filepath.Dir(p.cert), "archive", "k")
	linked.writeBoth("fifth.example")
	for from, to := range map[string]string{p.cert: linked.cert, p.key: linked.key} {
		if err := errors.Join(os.Remove(from), os.Symlink(to, from)); err != nil {
			t.Fatal(err)
		}
	}
	at(9*lookEvery, "fifth.example")
	linked.writeBoth("sixth.example")
	at(10*lookEvery, "sixth.example")
	if strings.Contains(log.String(), "PRIVATE") {
		t.Error("a key is in the log")
	}
}

func TestHTTPSIsRefusedWhereItCannotWork(t *testing.T) {
	p, other := newPairs(t), newPairs(t)
	p.writeBoth("auth.example.com")
	other.writeBoth("auth.example.com")
	none := filepath.Join(t.TempDir(), "none")
	for _, tt := range []struct {
		what  string
		url   string
		flags httpsFlags
		want  string // the flag, then what is wrong
	}{
		{"nothing", "http://localhost", httpsFlags{}, ""},
		{"a pair", "https://auth.example.com", httpsFlags{TLSCert: p.cert, TLSKey: p.key}, ""},
		{"no key", "https://auth.example.com", httpsFlags{TLSCert: p.cert}, "--tls-key: is missing"},
		{"no certificate", "https://auth.example.com", httpsFlags{TLSKey: p.key}, "--tls-cert: is missing"},
		{"a URL without TLS", "http://localhost", httpsFlags{TLSCert: p.cert, TLSKey: p.key}, "--tls-cert: --url says http"},
		{"a file that is not there", "https://auth.example.com", httpsFlags{TLSCert: none, TLSKey: p.key}, "--tls-cert: open " + none},
		{"a key that is not there", "https://auth.example.com", httpsFlags{TLSCert: p.cert, TLSKey: none}, "--tls-key: open " + none},
		{"halves of two pairs", "https://auth.example.com", httpsFlags{TLSCert: p.cert, TLSKey: other.key}, "--tls-cert, --tls-key: private key does not match public key"},
		{"swapped", "https://auth.example.com", httpsFlags{TLSCert: p.key, TLSKey: p.cert}, "--tls-cert, --tls-key: failed to find certificate PEM data"},
		{"both ways", "https://auth.example.com", httpsFlags{TLSCert: p.cert, TLSKey: p.key, ACME: true}, "--acme: there is --tls-cert too"},
		{"an address for nobody", "https://auth.example.com", httpsFlags{ACMEEmail: "anna@example.org"}, "--acme-email, --acme-directory: they do nothing"},
		{"by itself", "https://auth.example.com", httpsFlags{ACME: true}, ""},
		{"by itself without TLS", "http://localhost", httpsFlags{ACME: true}, "--acme: --url says http"},
		{"a name of this machine", "https://localhost", httpsFlags{ACME: true}, "--acme: nobody certifies localhost"},
		{"an address", "https://192.0.2.1", httpsFlags{ACME: true}, "--acme: nobody certifies 192.0.2.1"},
		{"a name of one's own network", "https://auth", httpsFlags{ACME: true}, "--acme: nobody certifies auth"},
		{"an authority in the clear", "https://auth.example.com", httpsFlags{ACME: true, ACMEDirectory: "http://ca.example"}, "--acme-directory: is not a URL with https"},
	} {
		cfg := app.Config{URL: tt.url, Data: t.TempDir()}
		if err := cfg.Check(); err != nil {
			t.Fatal(err)
		}
		c, err := tt.flags.certificates(&cfg, slog.New(slog.DiscardHandler))
		var bad *app.ConfigError
		switch {
		case tt.want == "" && (err != nil || (c == nil) != (tt.what == "nothing")):
			t.Errorf("%s: %v, %v", tt.what, c, err)
		case tt.want != "" && (!errors.As(err, &bad) || !strings.HasPrefix(err.Error(), tt.want) || bad.Hint == ""):
			t.Errorf("%s: got %v, want %s", tt.what, err, tt.want)
		}
	}
}

// TestCertificateIsTalkedAbout: a key that others can read, and a certificate for another name, are told and used.
func TestCertificateIsTalkedAbout(t *testing.T) {
	p := newPairs(t)
	p.writeBoth("auth.example.com")
	if err := os.Chmod(p.key, 0o644); err != nil {
		t.Fatal(err)
	}
	cfg := app.Config{URL: "https://auth.example.com", Protect: []string{"app.example.com=http://127.0.0.1:9000"}}
	if err := cfg.Check(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	f := httpsFlags{TLSCert: p.cert, TLSKey: p.key}
	if c, err := f.certificates(&cfg, slog.New(slog.NewTextHandler(&log, nil))); err != nil || c == nil {
		t.Fatal(err)
	}
	for _, want := range []string{"msg=tls.key-readable", "chmod 600 " + p.key, "msg=tls.other-name host=app.example.com"} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("%q is not told:\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "host=auth.example.com") {
		t.Errorf("%s", log.String())
	}
}

// TestServeHTTPS: the server speaks HTTP/2 and no TLS of yesterday, and notices a new certificate while it runs.
func TestServeHTTPS(t *testing.T) {
	p := newPairs(t)
	p.writeBoth("localhost", "app.localhost")
	addr := freeAddr(t)
	srv := serveAt(t, t.TempDir(), addr, "https://"+addr, "--tls-cert", p.cert, "--tls-key", p.key, "--signup", "open")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.ca.PEM())
	dial := func(c *tls.Config) (tls.ConnectionState, error) {
		c.RootCAs, c.ServerName = roots, "localhost"
		conn, err := tls.Dial("tcp", addr, c)
		if err != nil {
			return tls.ConnectionState{}, err
		}
		defer conn.Close()
		return conn.ConnectionState(), nil
	}
	if s, err := dial(&tls.Config{NextProtos: []string{"h2", "http/1.1"}}); err != nil || s.Version != tls.VersionTLS13 || s.NegotiatedProtocol != "h2" {
		t.Errorf("%x %s %v", s.Version, s.NegotiatedProtocol, err)
	}
	if s, err := dial(&tls.Config{MaxVersion: tls.VersionTLS12}); err != nil || s.Version != tls.VersionTLS12 {
		t.Errorf("TLS 1.2: %x %v", s.Version, err)
	}
	if _, err := dial(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if _, err := dial(&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}); err == nil {
		t.Error("CBC is spoken")
	}
	p.writeBoth("localhost", "new.localhost")
	for deadline := time.Now().Add(10 * time.Second); ; {
		s, err := dial(&tls.Config{})
		if err == nil && s.PeerCertificates[0].VerifyHostname("new.localhost") == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(fmt.Errorf("the new certificate is not noticed: %w\n%s", err, srv.log))
		}
	}
}
