package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// certificate writes a certificate for localhost and its key to files.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(c)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, roots
}

// TestNginxTLS: with https, nginx stands before the sign-in too, and one host name with two ports shares the cookie.
func TestNginxTLS(t *testing.T) {
	bin := testenv.Nginx(t)
	cert, key, roots := certificate(t)
	appPort, signInPort := testenv.FreePort(t), testenv.FreePort(t)
	appURL, signInURL := fmt.Sprintf("https://localhost:%d", appPort), fmt.Sprintf("https://localhost:%d", signInPort)
	house := servertest.Start(t, func(c *app.Config) {
		c.URL, c.Apps = signInURL, []string{appURL}
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	cloakroom, upstream := httptest.NewServer(house.Server.Public()), httptest.NewServer(&echo{})
	t.Cleanup(upstream.Close)
	t.Cleanup(cloakroom.Close)
	printed := printConfig(t, "--app-url", appURL, "--url", signInURL, "--upstream", upstream.URL,
		"--addr", strings.TrimPrefix(cloakroom.URL, "http://"), "--cert", cert, "--key", key)
	startNginx(t, bin, "", printed, fmt.Sprintf("127.0.0.1:%d", appPort))

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	do := func(method, link, contentType, body string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, link, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Content-Type", contentType)
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	page := appURL + "/page?a=b"
	res := do("GET", page, "", "")
	signIn := res.Header.Get("Location")
	if want := signInURL + "/signin?" + (url.Values{"return_to": {page}}).Encode(); res.StatusCode != http.StatusFound || signIn != want {
		t.Fatalf("got %d to %s, want 302 to %s", res.StatusCode, signIn, want)
	}
	if res = do("GET", signIn, "", ""); res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Strict-Transport-Security"), "max-age=") {
		t.Fatalf("the sign-in page: %d %v", res.StatusCode, res.Header)
	}
	res = do("POST", signInURL+"/api/signup", "application/json", `{"email":"anna@example.org","password":"`+servertest.Password+`"}`)
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("sign up: %d", res.StatusCode)
	}
	if res = do("GET", signIn, "", ""); res.Header.Get("Location") != page {
		t.Fatalf("signed in, the page leads to %d %q", res.StatusCode, res.Header.Get("Location"))
	}
	res = do("GET", page, "", "")
	var h heard
	if err := json.NewDecoder(res.Body).Decode(&h); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%d %v", res.StatusCode, err)
	}
	if h.Header.Get("Remote-User") == "" || h.Header.Get("X-Forwarded-Proto") != "https" || h.Header.Get("Cookie") != "" {
		t.Errorf("the app heard %v", h.Header)
	}
}
