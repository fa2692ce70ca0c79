package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// part is one heading of docs/protect.md, with its commands.
type part struct {
	title    string
	commands []string
	answer   map[string]any // of the last one
}

func protectPage(t *testing.T) map[string]part {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "protect.md"))
	if err != nil {
		t.Fatal(err)
	}
	all, p := map[string]part{}, part{}
	blocks := strings.Split(string(text), "```")
	for i, b := range blocks {
		if i%2 == 0 {
			for line := range strings.Lines(b) {
				if heading := strings.TrimLeft(line, "#"); heading != line {
					p = part{title: strings.TrimSpace(heading)}
				}
			}
			continue
		}
		if command, ok := strings.CutPrefix(b, "sh\n"); ok {
			p.commands = append(p.commands, command)
		}
		if answer, ok := strings.CutPrefix(b, "json\n"); ok {
			if err := json.Unmarshal([]byte(strings.ReplaceAll(answer, ": …", `: "…"`)), &p.answer); err != nil {
				t.Fatal(err)
			}
		}
		all[p.title] = p
	}
	return all
}

// stage is a machine of its own for the commands of the page: other ports, another /etc, and no systemd.
type stage struct {
	t        *testing.T
	dir      string
	app      *echo
	sub      *strings.Replacer
	proxy    string // host:port
	home     string // of Cloakroom
	commands string // a folder that comes first in PATH
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, dir: t.TempDir(), app: &echo{}, proxy: fmt.Sprintf("127.0.0.1:%d", testenv.FreePort(t)), home: fmt.Sprintf("127.0.0.1:%d", testenv.FreePort(t))}
	upstream := httptest.NewServer(s.app)
	t.Cleanup(upstream.Close)
	port := func(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }
	s.sub = strings.NewReplacer("/etc/", s.dir+"/etc/", "app.localhost:8088", "app.localhost:"+port(s.proxy), "app.localhost:8080", "app.localhost:"+port(s.home), "http://127.0.0.1:9000", upstream.URL)
	s.commands = filepath.Join(s.dir, "commands")
	for _, d := range []string{"commands", "etc/nginx/conf.d", "etc/caddy", "etc/haproxy", "etc/traefik", "etc/apache2/sites-enabled"} {
		if err := os.MkdirAll(filepath.Join(s.dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.command("systemctl", "true")
	return s
}

// command puts a command of another name or another behaviour into PATH.
func (s *stage) command(name, script string) {
	s.t.Helper()
	s.write(filepath.Join("commands", name), "#!/bin/sh\n"+script+"\n", 0o755)
}

func (s *stage) write(name, text string, mode os.FileMode) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// url is where people sign in.
func (s *stage) url() string { return "http://" + strings.Replace(s.home, "127.0.0.1", "localhost", 1) }

// serve starts the `cloakroom serve` of a command line.
func (s *stage) serve(command string) {
	s.t.Helper()
	args := strings.Fields(s.sub.Replace(command))
	if !slices.Equal(args[:2], []string{"cloakroom", "serve"}) {
		s.t.Fatalf("%q does not start Cloakroom", command)
	}
	args = append([]string{"serve", "--addr", s.home, "--ops-addr="}, args[2:]...)
	if !slices.Contains(args, "--url") {
		args = append(args, "--url", s.url())
	}
	launch(s.t, s.home, "msg=serving", s.dir, built(s.t, "cloakroom"), args...)
}

// sh runs commands as they stand on the page.
func (s *stage) sh(commands string) []byte {
	s.t.Helper()
	text := s.sub.Replace(commands)
	// The two defaults of proxy-config that are other ones here.
	text = strings.ReplaceAll(text, "--upstream", "--addr "+s.home+" --upstream")
	if !strings.Contains(text, "--url") {
		text = strings.ReplaceAll(text, "--upstream", "--url "+s.url()+" --upstream")
	}
	text = strings.ReplaceAll(text, "proxy-config haproxy", "proxy-config haproxy --lua-file "+s.dir+"/etc/haproxy/cloakroom.lua")
	cmd := exec.CommandContext(s.t.Context(), "sh", "-c", text)
	cmd.Env = append(cleanEnv(), "PATH="+s.commands+":"+programDir(s.t)+":"+os.Getenv("PATH"), "HOME="+s.dir)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s%s", text, err, out, errs.Bytes())
	}
	return out
}

// run starts a proxy in the place of systemd.
func (s *stage) run(bin string, args ...string) {
	s.t.Helper()
	cmd := exec.Command(bin, args...)
	cmd.Env = []string{"HOME=" + s.dir, "XDG_DATA_HOME=" + s.dir, "XDG_CONFIG_HOME=" + s.dir}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if s.t.Failed() {
			s.t.Logf("%s said:\n%s", bin, &said)
		}
	})
	waitFor(s.t, bin+" listens", func() bool {
		c, err := net.Dial("tcp", s.proxy)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// TestDocsProtect: docs/protect.md, with each proxy and alone. What is printed is tried out in internal/e2e; here it is that the page leads there.
func TestDocsProtect(t *testing.T) {
	t.Parallel()
	testenv.Curl(t)
	page := protectPage(t)
	look := page["Look"]
	for _, tt := range []struct {
		title string
		serve string // the part whose first command starts Cloakroom
		run   func(*stage)
	}{
		{"nginx", "With a proxy that you have", func(s *stage) {
			bin := testenv.Nginx(s.t)
			temp := ""
			for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
				temp += fmt.Sprintf("%s_temp_path %s;\n", kind, filepath.Join(s.dir, kind))
			}
			conf := s.write("etc/nginx/nginx.conf", fmt.Sprintf("pid %s/pid;\nevents {}\nhttp {\naccess_log off;\n%sinclude %s/etc/nginx/conf.d/*.conf;\n}\n", s.dir, temp, s.dir), 0o600)
			s.command("nginx", fmt.Sprintf("exec %s -e stderr -p %s -c %s \"$@\"", bin, s.dir, conf))
			s.sh(page["nginx"].commands[0])
			s.run(bin, "-e", "stderr", "-p", s.dir, "-c", conf, "-g", "daemon off; master_process off;")
		}},
		{"Caddy", "With a proxy that you have", func(s *stage) {
			bin := testenv.Caddy(s.t)
			conf := s.write("etc/caddy/Caddyfile", "{\n\tadmin off\n}\n", 0o600)
			s.sh(page["Caddy"].commands[0])
			s.run(bin, "run", "--config", conf)
		}},
		{"HAProxy", "With a proxy that you have", func(s *stage) {
			bin := testenv.HAProxy(s.t)
			conf := s.write("etc/haproxy/haproxy.cfg", "global\n    maxconn 100\n\ndefaults\n    mode http\n    timeout client 5s\n    timeout server 5s\n    timeout connect 5s\n\n", 0o600)
			s.command("haproxy", "exec "+bin+` "$@"`)
			s.sh(page["HAProxy"].commands[0])
			s.run(bin, "-db", "-f", conf)
		}},
		{"Apache", "With Apache", func(s *stage) {
			bin := testenv.Apache(s.t)
			s.command("a2enmod", "true")
			s.sh(page["With Apache"].commands[1])
			text := fmt.Sprintf("ServerRoot %[1]s\nDefaultRuntimeDir %[1]s\nPidFile %[1]s/pid\nErrorLog /dev/stderr\nServerName localhost\nIncludeOptional %[1]s/etc/apache2/sites-enabled/*.conf\n", s.dir)
			modules := ""
			for _, name := range []string{"mpm_event", "authz_core", "proxy", "proxy_http", "headers"} {
				modules += fmt.Sprintf("LoadModule %s_module %s/mod_%s.so\n", name, testenv.ApacheModules(s.t), name)
			}
			if os.Getuid() == 0 {
				modules += "User nobody\nGroup nogroup\n"
			}
			s.run(bin, "-X", "-f", s.write("etc/apache2/apache2.conf", modules+text, 0o600))
		}},
		{"Alone", "Alone", func(s *stage) { s.proxy = s.home }},
	} {
		t.Run(tt.title, func(t *testing.T) {
			s := newStage(t)
			s.serve(page[tt.serve].commands[0])
			tt.run(s)
			command := look.commands[0]
			if tt.title == "Alone" {
				command = strings.ReplaceAll(command, "8088", "8080")
			}
			var got map[string]any
			if out := s.sh(command); json.Unmarshal(out, &got) != nil {
				t.Fatalf("%s", out)
			}
			start := "http://app.localhost" + s.proxy[strings.LastIndexByte(s.proxy, ':'):] + "/.cloakroom/start?return_to=%2F"
			if got["sign_in"] != start {
				t.Errorf("sign_in is %v, want %s", got["sign_in"], start)
			}
			for name, want := range look.answer {
				if want != "…" && got[name] != want || len(got) != len(look.answer) {
					t.Errorf("%s is %v, the page has %v\n%v", name, got[name], want, got)
				}
			}
			if n := s.app.count(); n != 0 {
				t.Errorf("the app heard %d requests", n)
			}
		})
	}
	t.Run("Traefik", func(t *testing.T) { // what is printed is tried out with Traefik's own parts elsewhere
		s := newStage(t)
		s.sh(page["Traefik"].commands[0])
		for _, name := range []string{"traefik.yml", "cloakroom.yml"} {
			if text, err := os.ReadFile(filepath.Join(s.dir, "etc/traefik", name)); err != nil || !bytes.Contains(text, []byte("app.localhost")) && !bytes.Contains(text, []byte("entryPoints:")) {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
		}
	})
	t.Run("For real", func(t *testing.T) {
		s := newStage(t)
		s.serve(page["For real"].commands[0])
		s.sh(page["For real"].commands[1])
		text, err := os.ReadFile(filepath.Join(s.dir, "etc/nginx/conf.d/app.conf"))
		if err != nil || !bytes.Contains(text, []byte("server_name auth.example.com;")) || !bytes.Contains(text, []byte("server_name wiki.example.net;")) {
			t.Errorf("%v\n%s", err, text)
		}
	})
	if ran := 5 + 3 + 1; len(page) < ran {
		t.Errorf("the page has only %d parts with commands", len(page))
	}
}
