// Package testenv is what the tests ask about the machine they run on: is there a browser, an nginx, a curl, the folder of
// public test vectors. What is missing skips the test with a sentence; with CLOAKROOM_TEST_ALL=1 a skip is a failure.
//
// Only test files import it.
package testenv

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Soon is how long what happens within a second may take while all the other tests run on the same two cores. Where it is asked for, what does not
// happen by itself does not happen for longer.
const Soon = 5 * time.Second

// All reports whether every test must run: CLOAKROOM_TEST_ALL=1.
func All() bool { return os.Getenv("CLOAKROOM_TEST_ALL") == "1" }

// Skip ends the test with a sentence that says what is missing. With CLOAKROOM_TEST_ALL=1 it fails the test instead.
// ./test prints all the sentences at its end. Tests call this and never t.Skip; a test in the project's root holds that.
func Skip(t testing.TB, sentence string) {
	t.Helper()
	if All() {
		t.Fatalf("must not be skipped with CLOAKROOM_TEST_ALL=1: %s", sentence)
	}
	note(t, t.Name()+": "+sentence)
	t.Skip(sentence)
}

// note appends a line to the file that ./test reads. One write of one line: packages are tested in parallel.
func note(t testing.TB, line string) {
	t.Helper()
	path := os.Getenv("CLOAKROOM_TEST_SKIPS")
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatalf("the skip cannot be noted: %v", err)
	}
	_, err = fmt.Fprintln(f, line)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		t.Fatalf("the skip cannot be noted: %v", err)
	}
}

// Root returns the project's root: the nearest folder above the test that holds go.tool.mod.
// (bench/ has a go.mod of its own.)
func Root(t testing.TB) string {
	t.Helper()
	start, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.tool.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatalf("no go.tool.mod above %s", start)
		}
	}
}

// Vectors returns the folder of public test vectors: $CLOAKROOM_VECTORS, else ../shared/vectors beside the project.
func Vectors(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CLOAKROOM_VECTORS")
	if dir == "" {
		dir = filepath.Join(Root(t), "..", "shared", "vectors")
	}
	if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
		Skip(t, "no folder of test vectors; CLOAKROOM_VECTORS names it")
	}
	return dir
}

// Browser returns the path of a Chromium: $CLOAKROOM_BROWSER, else the first of the usual names on PATH.
func Browser(t testing.TB) string {
	t.Helper()
	path := program("CLOAKROOM_BROWSER", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
	if path == "" {
		Skip(t, "no Chromium; on Debian: apt-get install chromium")
	}
	return path
}

// Nginx returns the path of an nginx that has the auth_request module: $CLOAKROOM_NGINX, else nginx on PATH or in
// /usr/sbin.
func Nginx(t testing.TB) string {
	t.Helper()
	path := program("CLOAKROOM_NGINX", "nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx")
	if path == "" {
		Skip(t, "no nginx; on Debian: apt-get install nginx-light")
	}
	features, err := exec.Command(path, "-V").CombinedOutput()
	if err != nil {
		t.Fatalf("%s -V: %v", path, err)
	}
	if !strings.Contains(string(features), "http_auth_request_module") {
		Skip(t, path+" is built without auth_request; on Debian: apt-get install nginx-light")
	}
	return path
}

// need returns the path of a program of one of these names, or skips the test and says which package of Debian has it.
func need(t testing.TB, what, debian, env string, names ...string) string {
	t.Helper()
	path := program(env, names...)
	if path == "" {
		Skip(t, "no "+what+"; on Debian: apt-get install "+debian)
	}
	return path
}

// Curl returns the path of a curl: $CLOAKROOM_CURL, else curl on PATH.
func Curl(t testing.TB) string {
	t.Helper()
	return need(t, "curl", "curl", "CLOAKROOM_CURL", "curl")
}

// Caddy returns the path of a Caddy: $CLOAKROOM_CADDY, else caddy on PATH.
func Caddy(t testing.TB) string {
	t.Helper()
	return need(t, "Caddy", "caddy", "CLOAKROOM_CADDY", "caddy")
}

// HAProxy returns the path of an HAProxy: $CLOAKROOM_HAPROXY, else haproxy on PATH or in /usr/sbin.
func HAProxy(t testing.TB) string {
	t.Helper()
	return need(t, "HAProxy", "haproxy", "CLOAKROOM_HAPROXY", "haproxy", "/usr/sbin/haproxy")
}

// Apache returns the path of an Apache: $CLOAKROOM_APACHE, else apache2 on PATH or in /usr/sbin.
func Apache(t testing.TB) string {
	t.Helper()
	return need(t, "Apache", "apache2", "CLOAKROOM_APACHE", "apache2", "/usr/sbin/apache2")
}

// ApacheModules returns the folder of Apache's modules: $CLOAKROOM_APACHE_MODULES, else Debian's.
func ApacheModules(t testing.TB) string {
	t.Helper()
	dir := cmp.Or(os.Getenv("CLOAKROOM_APACHE_MODULES"), "/usr/lib/apache2/modules")
	if _, err := os.Stat(filepath.Join(dir, "mod_proxy_http.so")); err != nil {
		Skip(t, "no modules of Apache in "+dir+"; CLOAKROOM_APACHE_MODULES names their folder")
	}
	return dir
}

// Node returns the path of a Node.js of version 20 or newer: $CLOAKROOM_NODE, else node on PATH.
func Node(t testing.TB) string {
	t.Helper()
	path := program("CLOAKROOM_NODE", "node", "nodejs")
	if path == "" {
		Skip(t, "no Node.js; on Debian: apt-get install nodejs npm")
	}
	version, err := exec.Command(path, "--version").Output()
	if err != nil {
		t.Fatalf("%s --version: %v", path, err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(string(version), "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < 20 {
		Skip(t, "Node.js is "+strings.TrimSpace(string(version))+", and the clients need 20; https://nodejs.org")
	}
	return path
}

func program(env string, names ...string) string {
	if path := os.Getenv(env); path != "" {
		return path
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
