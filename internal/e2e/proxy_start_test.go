package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// printed is what proxy-config prints for a proxy.
func (g *gateway) printed(proxy string, more ...string) string {
	g.t.Helper()
	out, err := exec.CommandContext(g.t.Context(), program(g.t), append(append([]string{"proxy-config", proxy}, g.args...), more...)...).Output()
	if err != nil {
		g.t.Fatal(err)
	}
	return string(out)
}

func (g *gateway) startNginx() { g.runNginx(g.printed("nginx")) }

func (g *gateway) runNginx(servers string) {
	bin := testenv.Nginx(g.t)
	site := g.write("site.conf", servers)
	temp := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += fmt.Sprintf("  %s_temp_path %s;\n", kind, filepath.Join(g.dir, kind))
	}
	conf := g.write("nginx.conf", fmt.Sprintf("daemon off;\nmaster_process off;\npid %s;\nerror_log stderr warn;\nevents { worker_connections 256; }\nhttp {\n  access_log off;\n%s  include %s;\n}\n",
		filepath.Join(g.dir, "pid"), temp, site))
	g.run(exec.Command(bin, "-p", g.dir, "-e", "stderr", "-c", conf))
}

func (g *gateway) startCaddy() {
	bin := testenv.Caddy(g.t)
	conf := g.write("Caddyfile", fmt.Sprintf("{\n\tadmin off\n}\nimport %s\n", g.write("site", g.printed("caddy"))))
	cmd := exec.Command(bin, "run", "--config", conf, "--adapter", "caddyfile")
	cmd.Env = []string{"HOME=" + g.dir, "XDG_DATA_HOME=" + g.dir, "XDG_CONFIG_HOME=" + g.dir}
	g.run(cmd)
}

func (g *gateway) startHAProxy() {
	bin := testenv.HAProxy(g.t)
	lua := g.write("cloakroom.lua", g.printed("haproxy", "--lua"))
	g.run(exec.Command(bin, "-db", "-f", g.write("haproxy.cfg", g.printed("haproxy", "--lua-file", lua))))
}

func (g *gateway) startTraefik() {
	bin := testenv.Traefik(g.t)
	g.run(exec.Command(bin, g.write("traefik.yml", g.printed("traefik", "--static")), g.write("cloakroom.yml", g.printed("traefik"))))
}

func (g *gateway) startApache() {
	bin := testenv.Apache(g.t)
	conf := g.write("apache.conf", apacheBase(g.t, g.dir, g.modules()...)+"Include "+g.write("site.conf", g.printed("apache"))+"\n")
	g.run(exec.Command(bin, "-X", "-f", conf))
}

// modules are what Apache needs for https.
func (g *gateway) modules() []string {
	if g.scheme == "https" {
		return []string{"ssl", "socache_shmcb"}
	}
	return nil
}

// apacheBase is what stands before a site in a configuration of Apache that keeps all its files in one folder.
func apacheBase(t *testing.T, dir string, modules ...string) string {
	t.Helper()
	text := fmt.Sprintf("ServerRoot %[1]s\nDefaultRuntimeDir %[1]s\nPidFile %[1]s/pid\nErrorLog /dev/stderr\nServerName localhost\n", dir)
	for _, name := range append([]string{"mpm_event", "authz_core", "proxy", "proxy_http", "headers"}, modules...) {
		text += fmt.Sprintf("LoadModule %s_module %s\n", name, filepath.Join(testenv.ApacheModules(t), "mod_"+name+".so"))
	}
	if os.Getuid() == 0 {
		text += "User nobody\nGroup nogroup\n" // it does not serve as root
	}
	return text
}

// run starts the proxy and waits until it listens.
func (g *gateway) run(cmd *exec.Cmd) {
	g.t.Helper()
	_, port, _ := strings.Cut(g.addr, ":")
	n := 0
	if _, err := fmt.Sscan(port, &n); err != nil {
		g.t.Fatal(err)
	}
	g.start(cmd, n)
}
