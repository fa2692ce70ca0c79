package e2e_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/trace"
)

// TestAWrongSetUpIsDiagnosed: one mistake in the printed configuration of nginx, and a person who is signed in, opens the app, and does not get there. Sooner
// or later they stand on the page that says what to change.
func TestAWrongSetUpIsDiagnosed(t *testing.T) {
	const handedOn = "location /.cloakroom/ {\n"
	for _, c := range []struct {
		what, old, new string
		says           []string
	}{
		{"the proxy drops Set-Cookie", handedOn, handedOn + "        proxy_hide_header Set-Cookie;\n", []string{"No cookie came back", "The cookie is lost on the way"}},
		{"the proxy gives the cookie a Domain", handedOn, handedOn + "        proxy_cookie_path / \"/; Domain=app.localhost\";\n", []string{"Browsers refuse the cookie", "InvalidPrefix", "Domain=app.localhost"}},
		{"the proxy gives the cookie a Domain with a port", handedOn, handedOn + "        proxy_cookie_path / \"/; Domain=app.localhost:8443\";\n", []string{"Browsers refuse the cookie", "Domain=app.localhost:8443"}},
		{"the proxy asks without the cookie", "        proxy_pass_request_body off;\n", "        proxy_pass_request_body off;\n        proxy_set_header Cookie \"\";\n", []string{"The proxy asks without the cookie"}},
		{"the proxy does not say which page", "        proxy_set_header X-Original-URL    $scheme://$http_host$request_uri;\n", "", []string{"The proxy does not say what was asked for"}},
		{"the proxy says another host", "X-Original-URL    $scheme://$http_host$request_uri", "X-Original-URL    $scheme://$host$request_uri", []string{"The app is at another port than was said"}},
		{"the proxy keeps our addresses", "location /.cloakroom/ {", "location /.elsewhere/ {", []string{"The proxy keeps our addresses to itself"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, "nginx")
			conf := g.printed("nginx")
			if !strings.Contains(conf, c.old) {
				t.Fatalf("%q is not in the configuration", c.old)
			}
			g.runNginx(strings.ReplaceAll(conf, c.old, c.new))
			g.house.Client().SignUp("anna@example.org")

			cookies := jar.New(&jar.Options{SecureLoopback: true})
			in, err := json.Marshal(map[string]string{"email": "anna@example.org", "password": servertest.Password})
			if err != nil {
				t.Fatal(err)
			}
			signIn := &trace.Options{Jar: cookies, Method: "POST", Body: in, Header: http.Header{"Content-Type": {"application/json"}}}
			if tr, err := trace.Run(t.Context(), g.house.URL+"/api/signin", signIn); err != nil || tr.Hops[0].Status != http.StatusOK {
				t.Fatalf("signing in: %v", err)
			}
			var last *trace.Hop
			for range 3 { // a person tries again; each time a browser follows twenty redirects
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				tr, _ := trace.Run(ctx, "http://"+g.host+"/page?x=1", &trace.Options{Jar: cookies, Header: http.Header{"Sec-Fetch-Mode": {"navigate"}}})
				cancel()
				if last = tr.Hops[len(tr.Hops)-1]; strings.HasPrefix(last.URL, g.house.URL+"/diagnosis") {
					break
				}
			}
			if last.Page == nil || !strings.HasPrefix(last.URL, g.house.URL+"/diagnosis") {
				t.Fatalf("ends at %s with %d", last.URL, last.Status)
			}
			for _, want := range c.says {
				if !strings.Contains(last.Page.Text, want) {
					t.Errorf("%q is not on the page:\n%s", want, last.Page.Text)
				}
			}
			if g.app.calls.Load() > 0 {
				t.Error("the app was reached")
			}
		})
	}
}
