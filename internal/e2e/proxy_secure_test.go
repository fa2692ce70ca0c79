package e2e_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
)

// TestProxySecure: with https, and the sign-in at a host that has nothing in common with the app's, behind the same proxy at the same port.
func TestProxySecure(t *testing.T) {
	eachSecureGateway(t, func(t *testing.T, g *gateway) {
		cookies, id := g.member("anna@example.org")
		_, secret, _ := strings.Cut(cookies, "__Host-session=")
		secret, _, _ = strings.Cut(secret, ";")
		a := g.wire().ask("GET /x", cookies+"; own=1", "X-Forwarded-Proto: http", "Remote_User: mallory")
		h, ok := a.heard()
		if !ok {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
		wantOurs(t, g, &h, id, secret)

		for version, spoken := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
			conn, err := tls.Dial("tcp", g.addr, &tls.Config{ServerName: manyHost, InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: version})
			if err == nil {
				conn.Close()
			}
			if spoken != (err == nil) {
				t.Errorf("%s: %v", tls.VersionName(version), err)
			}
		}

		signIn := strings.TrimPrefix(g.house.URL, "https://")
		w := g.wireTo(signIn)
		before := g.app.calls.Load()
		if a := w.askAt(signIn, "GET /signin", byBrowser); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Strict-Transport-Security"), "max-age=") {
			t.Errorf("the sign-in page: %d %v", a.StatusCode, a.Header)
		}
		// A connection to one host is no way to speak to the other as if asked there.
		if a := w.askAt(g.host, "GET /x", byScript); a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("the app's host by the sign-in's connection: %d", a.StatusCode)
		}
		if a := w.askAt(signIn, "GET /x", byScript, cookies, "X-Forwarded-Host: "+g.host); a.StatusCode == http.StatusOK {
			t.Errorf("the app's page at the sign-in's host: %d", a.StatusCode)
		}
		if g.app.calls.Load() != before {
			t.Error("the app heard of it")
		}
	})
}
