package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// quiet is a ResponseWriter that costs nothing itself.
type quiet struct {
	header http.Header
	status int
}

func (w *quiet) Header() http.Header         { return w.header }
func (w *quiet) Write(p []byte) (int, error) { return len(p), nil }
func (w *quiet) WriteHeader(status int)      { w.status = status }

// BenchmarkForwardAuth is an allowed check from the handler's first line to its last, without net/http. What a whole check costs beside a bare
// server is for bench/ to say.
func BenchmarkForwardAuth(b *testing.B) {
	h := servertest.Start(b, func(c *app.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	c := h.Client()
	c.SignUp("anna@example.org")
	var tokens struct {
		Access string `json:"access_token"`
	}
	c.JSON("/api/token", map[string]string{"email": "anna@example.org", "password": servertest.Password}).Decode(b, &tokens)
	for _, by := range []struct{ name, header, value string }{
		{"cookie", "Cookie", sessionCookie + "=" + c.Cookie(sessionCookie)},
		{"token", "Authorization", "Bearer " + tokens.Access},
	} {
		b.Run(by.name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/forward-auth/nginx", nil) // from 192.0.2.1
			r.Header.Set("X-Original-Url", "https://wiki.example.org/page?x=1")
			r.Header.Set("X-Original-Method", "GET")
			r.Header.Set(by.header, by.value)
			w := &quiet{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.Server.Public().ServeHTTP(w, r)
				if w.status != http.StatusOK {
					b.Fatalf("status %d, %v", w.status, w.header)
				}
			}
		})
	}
}
