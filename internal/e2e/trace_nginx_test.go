package e2e_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestTraceNginx: the same story through an nginx with the configuration that `cloakroom proxy-config nginx` prints, over
// TLS and HTTP/2; then what nginx adds to it.
func TestTraceNginx(t *testing.T) {
	s := newStreet(t)
	s.startNginx(testenv.Nginx(t))

	t.Run("session", func(t *testing.T) { playSession(t, s.visitor().in(t), s.signInURL(), "HTTP/2") })
	t.Run("connection", s.wantConnection)
	t.Run("way in", s.wantWayIn)
	t.Run("plain", s.wantWayFromPlain)
	t.Run("many cookies", s.wantManyCookies)
	t.Run("encoding", func(t *testing.T) {
		s.wantEncodings(t, map[string]string{"gzip, deflate, br, zstd": "gzip", "gzip": "gzip", "br": "", "identity": ""})
	})
	t.Run("http1.1", s.wantHTTP1)
}

// startNginx runs nginx with the printed configuration, and beside it what an operator has: a redirect to https, another app,
// compression. The only change to what is printed is the word http2, and the address.
func (s *street) startNginx(bin string) {
	s.t.Helper()
	printed, err := exec.CommandContext(s.t.Context(), program(s.t), "proxy-config", "nginx", "--app-url", s.siteURL(), "--url", s.signInURL(),
		"--upstream", "http://"+s.app, "--addr", s.house, "--cert", s.cert, "--key", s.key).Output()
	if err != nil {
		s.t.Fatal(err)
	}
	site := string(printed)
	for _, port := range []int{s.signIn, s.site} {
		listen := fmt.Sprintf("listen %d ssl;", port)
		if !strings.Contains(site, listen) {
			s.t.Fatalf("proxy-config prints no %q:\n%s", listen, site)
		}
		site = strings.ReplaceAll(site, listen, fmt.Sprintf("listen 127.0.0.1:%d ssl http2;", port))
	}
	temp := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += fmt.Sprintf("  %s_temp_path %s;\n", kind, filepath.Join(s.dir, kind))
	}
	log := filepath.Join(s.dir, "error.log")
	conf := s.write("nginx.conf", fmt.Sprintf(`daemon off;
master_process off;
pid %s;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
%s
  gzip on;
  gzip_proxied any;
  gzip_types application/json;
  ssl_protocols TLSv1.2 TLSv1.3;
  server {
    listen 127.0.0.1:%d;
    server_name %s;
    return 301 %s$request_uri;
  }
  server {
    listen 127.0.0.1:%d ssl http2;
    server_name %s;
    ssl_certificate %s;
    ssl_certificate_key %s;
    location / {
      proxy_pass http://%s;
      proxy_buffer_size 8k;
    }
  }
  include %s;
}
`, filepath.Join(s.dir, "pid"), temp, s.plain, doorHost, s.siteURL(), s.many, manyHost, s.cert, s.key, s.app, s.write("cloakroom.conf", site)))
	args := []string{"-p", s.dir, "-e", log, "-c", conf}
	if out, err := exec.CommandContext(s.t.Context(), bin, append(args, "-t")...).CombinedOutput(); err != nil || bytes.Contains(out, []byte("[warn]")) {
		s.t.Fatalf("nginx -t: %v\n%s", err, out)
	}
	s.start(exec.Command(bin, args...), s.signIn, s.site, s.plain, s.many)
}

// wantWayIn: whoever asks for the app is sent to sign in, and after that is back where they wanted to be. Nobody but Cloakroom
// hears the cookie.
func (s *street) wantWayIn(t *testing.T) {
	anna := s.visitor().in(t)
	page := s.siteURL() + "/page?a=b"
	back := "return_to=" + url.QueryEscape(page)
	w := anna.get(page)
	w.wantWay(t, "302 GET "+page, "200 GET "+s.signInURL()+"/signin?"+back)
	w.wantText(t, "to continue to "+doorHost)
	w = anna.signIn(w.last().Page, "anna@example.org")
	w.wantWay(t,
		"303 POST "+s.signInURL()+"/signin",
		"303 GET "+s.signInURL()+"/signin?done=1&"+back,
		"200 GET "+page)
	wantCookie(t, w[0], w[0].SetCookies, sessionCookie, "stored")
	wantCookie(t, w.last(), w.last().Cookies, sessionCookie, "sent") // cookies know no ports
	r := heardBy(t, w.last())
	if r.Path != "/page?a=b" || r.Header.Get("Remote-User") == "" || r.Header.Get("Cookie") != "" {
		t.Errorf("the app heard %+v", r)
	}
}
