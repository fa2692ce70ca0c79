package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/cloakroom/cloakroom/internal/app"
)

// acme gets certificates from an authority (RFC 8555), which looks for an answer in a handshake of this server (RFC 8737): it must be reached on
// port 443. Account and certificates are kept in --data.
func (f *httpsFlags) acme(cfg *app.Config, log *slog.Logger) (*tls.Config, error) {
	if u, err := url.Parse(f.ACMEDirectory); f.ACMEDirectory != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return nil, &app.ConfigError{Flag: "--acme-directory", Err: "is not a URL with https", Hint: "write it like https://acme.example/directory"}
	}
	hosts := hostsOf(cfg)
	for _, host := range hosts {
		if app.IsLoopback(host) || net.ParseIP(host) != nil || !strings.Contains(host, ".") {
			return nil, &app.ConfigError{Flag: "--acme", Err: "nobody certifies " + host, Hint: "use a name that the whole Internet knows, or --tls-cert"}
		}
	}
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, Email: f.ACMEEmail, Cache: autocert.DirCache(filepath.Join(cfg.Data, "acme")), HostPolicy: autocert.HostWhitelist(hosts...),
		Client: &acme.Client{DirectoryURL: f.ACMEDirectory, UserAgent: "cloakroom"},
	}
	if f.ACMEDirectory == "" {
		m.Client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	a := &automatic{get: m.GetCertificate, hosts: hosts, log: log, told: map[string]time.Time{}}
	c := modernTLS(func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return a.certificate(hello, time.Now()) })
	c.NextProtos = []string{"h2", "http/1.1", acme.ALPNProto}
	f.early = a.early
	return c, nil
}

// automatic tells the log when a certificate cannot be had.
type automatic struct {
	get   func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	hosts []string
	log   *slog.Logger

	mu   sync.Mutex
	told map[string]time.Time // when a failure was told, by host
}

// tellEvery is how often the same host is told of: clients come all the time.
const tellEvery = time.Minute

func (a *automatic) certificate(hello *tls.ClientHelloInfo, now time.Time) (*tls.Certificate, error) {
	cert, err := a.get(hello)
	if err == nil || !slices.Contains(a.hosts, hello.ServerName) || slices.Contains(hello.SupportedProtos, acme.ALPNProto) {
		return cert, err // what strangers ask for is no news
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if last, ok := a.told[hello.ServerName]; !ok || now.Sub(last) >= tellEvery {
		a.told[hello.ServerName] = now
		a.log.Error("acme", "host", hello.ServerName, "error", err, "hint", "the authority must reach this server at that name on port 443")
	}
	return cert, err
}

// early gets the certificates before anybody asks.
func (a *automatic) early(ctx context.Context) {
	for _, host := range a.hosts {
		hello := &tls.ClientHelloInfo{ServerName: host, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
		cert, err := a.certificate(hello, time.Now())
		if ctx.Err() != nil || errors.Is(err, context.Canceled) {
			return
		}
		if err == nil {
			a.log.Info("acme", "host", host, "until", cert.Leaf.NotAfter.UTC())
		}
	}
}
