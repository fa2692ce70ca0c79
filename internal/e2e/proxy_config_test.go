package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestProxyConfigTLS: each proxy takes what is printed for https, with the sign-in beside the app and at another port, and two apps at once.
func TestProxyConfigTLS(t *testing.T) {
	g := newGateway(t, "")
	g.certify()
	cert, err := os.ReadFile(g.cert)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(g.key)
	if err != nil {
		t.Fatal(err)
	}
	both := g.write("both.pem", string(cert)+string(key))
	temp := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += fmt.Sprintf("%s_temp_path %s;\n", kind, filepath.Join(g.dir, kind))
	}
	for _, signIn := range []string{"https://auth.example.org:44301", "https://auth.example.org:44302"} {
		g.args = []string{"--app-url", "https://app.example.com:44301", "--upstream", "https://10.0.0.9:8443", "--url", signIn, "--cert", g.cert, "--key", g.key}
		for _, tt := range []struct {
			proxy string
			more  []string
			text  string // around SITE, the file of what is printed
			bin   func(testing.TB) string
			check []string // CONF is the file
		}{
			{"nginx", nil, "pid " + g.dir + "/pid;\nevents {}\nhttp {\naccess_log off;\n" + temp + "include SITE;\n}\n", testenv.Nginx, []string{"-t", "-e", "stderr", "-p", g.dir, "-c", "CONF"}},
			{"caddy", nil, "{\nadmin off\n}\nimport SITE\n", testenv.Caddy, []string{"validate", "--adapter", "caddyfile", "--config", "CONF"}},
			{"haproxy", []string{"--cert", both, "--lua-file", g.write("cloakroom.lua", g.printed("haproxy", "--lua"))}, "", testenv.HAProxy, []string{"-c", "-f", "SITE"}},
			{"apache", nil, apacheBase(t, g.dir, "ssl", "socache_shmcb") + "Include SITE\n", testenv.Apache, []string{"-t", "-f", "CONF"}},
		} {
			bin := tt.bin(t)
			printed := g.printed(tt.proxy, tt.more...)
			site := g.write(tt.proxy+".site", printed)
			conf := g.write(tt.proxy+".conf", strings.ReplaceAll(tt.text, "SITE", site))
			args := strings.Split(strings.NewReplacer("SITE", site, "CONF", conf).Replace(strings.Join(tt.check, "\n")), "\n")
			cmd := exec.CommandContext(t.Context(), bin, args...)
			cmd.Env = []string{"HOME=" + g.dir, "XDG_DATA_HOME=" + g.dir, "XDG_CONFIG_HOME=" + g.dir}
			if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(bytes.ToLower(out), []byte("[warn")) {
				t.Errorf("%s, sign-in at %s: %v\n%s\n%s", tt.proxy, signIn, err, out, printed)
			}
		}
	}
}
