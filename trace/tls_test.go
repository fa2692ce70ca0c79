package trace

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestTLSIsShown(t *testing.T) {
	s := secure(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Connection", "close") }), false, -1, 61, "shop.test", "127.0.0.1")
	port := portOf(s.Listener.Addr().String())
	tr, err := runWith(t, "https://shop.test:"+port, &Options{Roots: authority().PEM(), Resolve: map[string][]string{"*:" + port: {"127.0.0.1"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := tr.last().TLS
	if got.Version != "TLS 1.3" || !strings.HasPrefix(got.Cipher, "TLS_") || got.Group != "X25519MLKEM768" || got.ALPN != "http/1.1" || got.ServerName != "shop.test" || !got.Verified || got.Resumed {
		t.Errorf("%+v", got)
	}
	c := got.Chain[0]
	if c.Subject != "CN=shop.test" || c.Issuer != "CN=Loopback Authority" || strings.Join(c.Names, " ") != "shop.test 127.0.0.1" || c.DaysLeft != 61 || c.Key != "ECDSA P-256" || c.Signature != "ECDSA-SHA256" {
		t.Errorf("%+v", c)
	}
	if len(tr.Findings) != 0 {
		t.Errorf("%+v", tr.Findings)
	}
}

func TestCertificateIsJudgedEvenWithInsecure(t *testing.T) {
	tests := []struct {
		what     string
		from, to int
		name     string
		roots    []byte
		finding  string
	}{
		{"nothing wrong", -1, 30, "127.0.0.1", authority().PEM(), ""},
		{"15 days are enough", -1, 14, "127.0.0.1", authority().PEM(), ""},
		{"13 days are a word worth", -1, 13, "127.0.0.1", authority().PEM(), "certificate-expires: the certificate expires in 13 days"},
		{"expired", -9, -2, "127.0.0.1", authority().PEM(), "certificate-ignored: the certificate is not trusted, and you go on: the certificate expired on "},
		{"another name", -9, 30, "bank.test", authority().PEM(), "certificate-ignored: the certificate is not trusted, and you go on: the certificate is for bank.test and not for 127.0.0.1"},
		{"an unknown authority", -9, 30, "127.0.0.1", nil, `certificate-ignored: the certificate is not trusted, and you go on: the certificate's authority, "CN=Loopback Authority", is not known`},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			s := secure(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }), true, tt.from, tt.to, tt.name)
			tr, err := runWith(t, s.URL, &Options{Roots: tt.roots, Insecure: true}, nil)
			if err != nil || string(tr.last().Response.Body) != "hello" {
				t.Fatal(err)
			}
			got := ""
			for _, f := range tr.Findings {
				got += f.Code + ": " + f.Detail
			}
			if !strings.HasPrefix(got, tt.finding) || tt.finding == "" && got != "" {
				t.Errorf("got %q, want %q", got, tt.finding)
			}
			if h := tr.last().TLS; h.Verified != (h.Problem == "") {
				t.Errorf("%+v", h)
			}
		})
	}
}

func TestHandshakesThatFail(t *testing.T) {
	tests := []struct {
		what   string
		config func(*tls.Config)
		reason string
		detail string
	}{
		{"nothing newer than TLS 1.1", func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, "tls-version", "neither TLS 1.2 nor 1.3"},
		{"a name that the server does not know", func(c *tls.Config) {
			c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, io.EOF }
		}, "tls-alert", "refused the handshake"},
		{"a certificate is wanted", func(c *tls.Config) { c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12 }, "tls-alert", "refused the handshake"},
		{"no version of HTTP in common", func(c *tls.Config) { c.NextProtos = []string{"imap"} }, "tls-alpn", "no application protocol"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.NotFoundHandler())
			cert, err := authority().Issue(time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
			tt.config(s.TLS)
			s.Config.ErrorLog = quiet
			s.StartTLS()
			defer s.Close()
			tr, _ := runWith(t, s.URL, &Options{Roots: authority().PEM()}, nil)
			f := tr.last().Failed
			if f == nil || f.Phase != PhaseTLS || f.Reason != tt.reason || !strings.Contains(f.Detail, tt.detail) || f.Hint == "" {
				t.Errorf("got %+v", f)
			}
		})
	}
}
