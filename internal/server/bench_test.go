package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/access"
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

// BenchmarkForwardAuth is an allowed check from the handler's first line to its last, without net/http: at the sign-in's host, at an app's, and
// there among 1,000 rules. What a whole check costs beside a bare server is for bench/ to say.
func BenchmarkForwardAuth(b *testing.B) {
	h, cookie := proxiedHouse(b)
	var tokens struct {
		Access string `json:"access_token"`
	}
	h.Client().JSON("/api/token", map[string]string{"email": "anna@example.org", "password": servertest.Password}).Decode(b, &tokens)
	benchmarkCheck(b, "cookie", h, proxied, "Cookie", cookie)
	benchmarkCheck(b, "token", h, proxied, "Authorization", "Bearer "+tokens.Access)
	for _, rules := range []int{0, 1000} {
		h := town(b, func(c *app.Config) {
			for i := range rules {
				c.Rules = append(c.Rules, access.Rule{Host: wikiHost, Path: fmt.Sprintf("/p%d/q", i), Groups: []string{"g"}, Within: time.Hour, Source: fmt.Sprint("rule ", i)})
			}
		})
		h.Client().SignUp("anna@example.org")
		w := walk(b, h)
		w.signIn(w.open(wikiPage))
		benchmarkCheck(b, fmt.Sprintf("app, %d rules", rules), h, wikiPage, "Cookie", sessionCookie+"="+w.jars[wikiHost][sessionCookie])
	}
}

func benchmarkCheck(b *testing.B, name string, h *servertest.House, link, header, value string) {
	b.Run(name, func(b *testing.B) {
		r := httptest.NewRequest("GET", "/forward-auth/nginx", nil) // from 192.0.2.1
		r.Header.Set("X-Original-Url", link)
		r.Header.Set("X-Original-Method", "GET")
		r.Header.Set(header, value)
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
