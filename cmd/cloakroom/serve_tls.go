package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
)

// httpsFlags say where the certificate comes from.
type httpsFlags struct {
	TLSCert       string `name:"tls-cert" placeholder:"FILE" help:"Certificate and chain; a new file is noticed."`
	TLSKey        string `name:"tls-key" placeholder:"FILE" help:"Its private key."`
	ACME          bool   `name:"acme" help:"Get certificates by itself, on port 443; agrees to the authority's terms."`
	ACMEEmail     string `name:"acme-email" hidden:"" placeholder:"ADDRESS" help:"Where the authority writes to."`
	ACMEDirectory string `name:"acme-directory" hidden:"" placeholder:"URL" help:"The authority; Let's Encrypt unless given."`

	early func(context.Context) // gets certificates before anybody asks
}

// certificates returns what finds the certificate for a client: nil without HTTPS.
func (f *httpsFlags) certificates(cfg *app.Config, log *slog.Logger) (*tls.Config, error) {
	files := f.TLSCert != "" || f.TLSKey != ""
	flag := "--acme"
	if files {
		flag = "--tls-cert"
	}
	switch {
	case files && f.ACME:
		return nil, &app.ConfigError{Flag: "--acme", Err: "there is --tls-cert too", Hint: "leave out one of them"}
	case !f.ACME && (f.ACMEEmail != "" || f.ACMEDirectory != ""):
		return nil, &app.ConfigError{Flag: "--acme-email, --acme-directory", Err: "they do nothing without --acme", Hint: "add --acme"}
	case !files && !f.ACME:
		return nil, nil
	case cfg.Origin().Scheme != "https":
		return nil, &app.ConfigError{Flag: flag, Err: "--url says http", Hint: "write https:// in --url"}
	case f.ACME:
		return f.acme(cfg, log)
	}
	pair, err := openKeyPair(f.TLSCert, f.TLSKey, log)
	if err != nil {
		return nil, err
	}
	for _, host := range hostsOf(cfg) {
		if err := pair.cert.Leaf.VerifyHostname(host); err != nil {
			log.Warn("tls.other-name", "host", host, "hint", "browsers will refuse this certificate there", "error", err)
		}
	}
	return modernTLS(func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.certificate(time.Now()), nil }), nil
}

// hostsOf are the hosts that people type.
func hostsOf(cfg *app.Config) []string {
	hosts := []string{cfg.Origin().Hostname()}
	for _, a := range cfg.Protected() {
		hosts = append(hosts, a.Host)
	}
	return hosts
}

// modernTLS is TLS 1.2 with what is still recommended of it (RFC 9325), and 1.3.
func modernTLS(find func(*tls.ClientHelloInfo) (*tls.Certificate, error)) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: find,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}

// serveOn answers on a listener, in HTTPS if there are certificates.
func serveOn(s *http.Server, l net.Listener) error {
	if s.TLSConfig != nil {
		return s.ServeTLS(l, "", "")
	}
	return s.Serve(l)
}

// keyPair is a certificate and its key in two files, which are read anew when one of them changes.
type keyPair struct {
	files [2]string
	log   *slog.Logger

	mu     sync.Mutex
	cert   *tls.Certificate
	seen   [2]fs.FileInfo
	looked time.Time
}

// lookEvery is how often the files are looked at, while clients come.
const lookEvery = time.Second

func openKeyPair(cert, key string, log *slog.Logger) (*keyPair, error) {
	for _, f := range [][3]string{{cert, "--tls-cert", "--tls-key"}, {key, "--tls-key", "--tls-cert"}} {
		if f[0] == "" {
			return nil, &app.ConfigError{Flag: f[1], Err: "is missing", Hint: "it goes with " + f[2]}
		}
	}
	p := &keyPair{files: [2]string{cert, key}, log: log, looked: time.Now()}
	p.seen = p.stat()
	var err error
	if p.cert, err = p.read(); err != nil {
		return nil, err
	}
	if info := p.seen[1]; info != nil && info.Mode().Perm()&0o004 != 0 {
		log.Warn("tls.key-readable", "file", key, "hint", "everybody on this machine can read the key: chmod 600 "+key)
	}
	return p, nil
}

func (p *keyPair) read() (*tls.Certificate, error) {
	cert, err := tls.LoadX509KeyPair(p.files[0], p.files[1])
	if err == nil {
		return &cert, nil
	}
	var path *fs.PathError
	what := strings.TrimPrefix(err.Error(), "tls: ")
	switch {
	case errors.As(err, &path) && path.Path == p.files[1]:
		return nil, &app.ConfigError{Flag: "--tls-key", Err: what, Hint: "give the file with the private key, in PEM"}
	case errors.As(err, &path):
		return nil, &app.ConfigError{Flag: "--tls-cert", Err: what, Hint: "give the file with the certificate and its chain, in PEM"}
	}
	return nil, &app.ConfigError{Flag: "--tls-cert, --tls-key", Err: what, Hint: "they are the two halves of one pair, both in PEM: fullchain.pem and privkey.pem"}
}

func (p *keyPair) stat() (seen [2]fs.FileInfo) {
	for i, f := range p.files {
		seen[i], _ = os.Stat(f) // nil where there is none, which is a change too
	}
	return seen
}

// certificate is the one of the files, or the last good one. A pair that cannot be used is told once.
func (p *keyPair) certificate(now time.Time) *tls.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.looked) < lookEvery {
		return p.cert
	}
	p.looked = now
	seen := p.stat()
	if same(p.seen[0], seen[0]) && same(p.seen[1], seen[1]) {
		return p.cert
	}
	p.seen = seen
	cert, err := p.read()
	if err != nil {
		p.log.Error("tls.reload", "error", err, "hint", "the certificate that was read before stays in use, until "+p.cert.Leaf.NotAfter.UTC().Format(time.RFC3339))
		return p.cert
	}
	p.cert = cert
	p.log.Info("tls.reload", "until", cert.Leaf.NotAfter.UTC())
	return cert
}

// same reports whether a file is as it was.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
