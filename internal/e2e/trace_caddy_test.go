package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestTraceCaddy: the same story through a Caddy, over TLS and HTTP/2.
func TestTraceCaddy(t *testing.T) {
	s := newStreet(t)
	s.startCaddy(testenv.Caddy(t))

	t.Run("session", func(t *testing.T) { playSession(t, s.visitor().in(t), s.signInURL(), "HTTP/2") })
	t.Run("connection", s.wantConnection)
	t.Run("plain", s.wantWayFromPlain)
	t.Run("many cookies", s.wantManyCookies)
	t.Run("encoding", func(t *testing.T) {
		s.wantEncodings(t, map[string]string{"gzip, deflate, br, zstd": "zstd", "zstd": "zstd", "gzip": "gzip", "br": "", "identity": ""})
	})
	t.Run("http1.1", s.wantHTTP1)
}

// startCaddy runs a Caddy that keeps what it writes in the folder of the street, and asks nobody for a certificate.
func (s *street) startCaddy(bin string) {
	s.t.Helper()
	conf := s.write("Caddyfile", fmt.Sprintf(`{
	admin off
	auto_https off
	default_bind 127.0.0.1
	servers {
		protocols h1 h2
	}
}
(secure) {
	tls %s %s
	encode zstd gzip
}
%s {
	import secure
	reverse_proxy %s
}
%s {
	import secure
	reverse_proxy %s
}
%s {
	import secure
	reverse_proxy %s
}
%s {
	redir %s{uri} permanent
}
`, s.cert, s.key, s.signInURL(), s.house, s.siteURL(), s.app, s.manyURL(), s.app, s.plainURL(), s.siteURL()))
	cmd := exec.Command(bin, "run", "--config", conf, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+s.dir, "XDG_DATA_HOME="+s.dir, "XDG_CONFIG_HOME="+s.dir)
	s.start(cmd, s.signIn, s.site, s.plain, s.many)
}
