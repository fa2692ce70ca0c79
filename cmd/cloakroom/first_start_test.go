package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestFreshClone is what somebody does who has just cloned the project: build, serve with open sign-up, and then curl with
// a cookie file, from sign-up to the cookie that is dead.
func TestFreshClone(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		testenv.Skip(t, "no curl; on Debian: apt-get install curl")
	}
	dir := t.TempDir()
	p := serve(t, dir, "--signup", "open")
	curl := func(args ...string) (status string, body string) {
		t.Helper()
		out, err := exec.Command("curl", append([]string{"-sS", "-w", "\n%{http_code}"}, args...)...).Output()
		if err != nil {
			t.Fatalf("curl %v: %v", args, err)
		}
		i := strings.LastIndexByte(string(out), '\n')
		return string(out[i+1:]), string(out[:i])
	}
	want := func(status, body string) func(gotStatus, gotBody string) map[string]any {
		return func(gotStatus, gotBody string) (fields map[string]any) {
			t.Helper()
			if gotStatus != status || !strings.Contains(gotBody, body) {
				t.Fatalf("got %s %s, want %s with %s", gotStatus, gotBody, status, body)
			}
			if gotBody != "" {
				if err := json.Unmarshal([]byte(gotBody), &fields); err != nil {
					t.Fatal(err)
				}
			}
			return fields
		}
	}
	jar, anna := filepath.Join(dir, "jar"), `{"email":"anna@example.org","password":"plum gravel 47 orbit"}`
	post := func(path, body string, more ...string) (string, string) {
		t.Helper()
		return curl(append(more, "-b", jar, "-c", jar, "-H", "Content-Type: application/json", "-d", body, p.url+path)...)
	}

	want("201", `"email":"anna@example.org"`)(post("/api/signup", anna))
	want("200", `"current":true`)(post("/api/signin", anna))
	want("200", `"via":"session"`)(curl("-b", jar, p.url+"/api/me"))

	tokens := want("200", `"token_type":"Bearer"`)(curl("-H", "Content-Type: application/json", "-d", anna, p.url+"/api/token"))
	access, _ := tokens["access_token"].(string)
	want("200", `"via":"token"`)(curl("-H", "Authorization: Bearer "+access, p.url+"/api/me"))
	refresh, _ := tokens["refresh_token"].(string)
	tokens = want("200", `"refresh_token"`)(curl("-d", "grant_type=refresh_token", "-d", "refresh_token="+refresh, p.url+"/oauth/token"))
	access, _ = tokens["access_token"].(string)
	want("200", `"via":"token"`)(curl("-H", "Authorization: Bearer "+access, p.url+"/api/me"))

	kept, err := os.ReadFile(jar)
	if err != nil {
		t.Fatal(err)
	}
	want("204", "")(curl("-b", jar, "-c", jar, "-X", "POST", p.url+"/api/signout"))
	if left, err := os.ReadFile(jar); err != nil || strings.Contains(string(left), "__Host-session") {
		t.Errorf("curl's cookie file after signing out: %s %v", left, err)
	}
	if err := os.WriteFile(jar, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	want("401", `"reason":"signed-out"`)(curl("-b", jar, p.url+"/api/me"))

	holdsModes(t, filepath.Join(dir, "cloakroom-data"))
	if code := p.stop(syscall.SIGTERM); code != exitDone {
		t.Errorf("exit status %d after SIGTERM:\n%s", code, p.log)
	}
}

// holdsModes: what a house keeps is its owner's alone.
func holdsModes(t *testing.T, data string) {
	t.Helper()
	names := map[string]bool{}
	err := filepath.Walk(data, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		if info.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %04o, want %04o", path, got, want)
		}
		names[info.Name()] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cloakroom.db", "cloakroom.db-wal", "cloakroom.db-shm", "secret", "setup-link"} {
		if !names[name] {
			t.Errorf("there is no %s in %v", name, names)
		}
	}
}

var linkLine = regexp.MustCompile(`http://[^ ]*/[a-z]+\?[a-z]+=[A-Za-z0-9_-]{43}`)

// TestFirstStart is the first start without flags (but for the ports): the set-up link, the first administrator, an
// invitation, and the account that comes of it.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	file := filepath.Join(p.dir, "cloakroom-data", "setup-link")
	<-p.log.said("msg=setup ")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	link := linkLine.FindString(string(text))
	path, isOurs := strings.CutPrefix(link, p.url)
	if !isOurs {
		t.Fatalf("the link is %q, and the server %s", text, p.url)
	}
	if strings.Contains(p.log.String(), link[len(link)-43:]) {
		t.Errorf("the log has the set-up link:\n%s", p.log)
	}

	// Nobody signs up without an invitation, nor with the link of the set-up.
	ben := credentials{Email: "ben@example.org", Password: goodPassword}
	a, err := p.guest().json("/api/signup", ben)
	if must(t, http.StatusForbidden, a, err).text("reason") != "signup-closed" {
		t.Errorf("without an invitation: %s", a.body)
	}
	ben.Invitation = link[len(link)-43:]
	if a, err = p.guest().json("/api/signup", ben); err != nil || a.text("reason") != "invalid-link" {
		t.Errorf("with the set-up link as invitation: %v %s", err, a.body)
	}

	admin := p.guest()
	a, err = admin.page(path, url.Values{"link": {link[len(link)-43:]}, "email": {"Anna@Example.org"}, "name": {"Anna"}, "password": {goodPassword}})
	must(t, http.StatusSeeOther, a, err)
	a, err = admin.ask("GET", "/api/me", "")
	if must(t, http.StatusOK, a, err); !strings.Contains(a.body, `"admin":true`) || a.inner("account", "email") != "anna@example.org" {
		t.Errorf("the first administrator is %s", a.body)
	}
	a, err = p.guest().ask("GET", path, "")
	if err != nil || strings.Contains(a.body, `name="password"`) {
		t.Errorf("the used set-up link still shows a form: %d %v", a.status, err)
	}

	out := p.beside("user", "add", "ben@example.org", "--group", "staff", "--url", p.url)
	invitation := linkLine.FindString(out)
	ben.Invitation = invitation[len(invitation)-43:]
	other := ben
	other.Email = "eve@example.org"
	if a, err = p.guest().json("/api/signup", other); err != nil || a.status == http.StatusCreated {
		t.Errorf("an invitation for another: %d %v", a.status, err)
	}
	guest := p.guest()
	a, err = guest.json("/api/signup", ben)
	must(t, http.StatusCreated, a, err)
	a, err = guest.ask("GET", "/api/me", "")
	if must(t, http.StatusOK, a, err); !strings.Contains(a.body, `"groups":["staff"],"admin":false`) {
		t.Errorf("who was invited is %s", a.body)
	}
	again := ben
	again.Email = "ben2@example.org"
	if a, err = p.guest().json("/api/signup", again); err != nil || a.text("reason") != "invalid-link" {
		t.Errorf("an invitation a second time: %v %s", err, a.body)
	}

	// The next start knows its administrator: no link, and the old file is gone.
	if code := p.stop(syscall.SIGTERM); code != exitDone {
		t.Fatalf("exit status %d", code)
	}
	serve(t, p.dir)
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", file, err)
	}
}

// TestSetupLinkOnTerminal: to a person at a terminal the link is shown, and it is in no file.
func TestSetupLinkOnTerminal(t *testing.T) {
	t.Parallel()
	script, err := exec.LookPath("script")
	if err != nil || runtime.GOOS != "linux" {
		testenv.Skip(t, "no script of util-linux, which gives a program a terminal; on Debian: apt-get install bsdutils")
	}
	addr, dir := "localhost:0", t.TempDir()
	p := launch(t, addr, "Nobody is an administrator yet", dir, script, "-qec", "exec "+built(t, "cloakroom")+" serve --addr "+addr+" --ops-addr=", "/dev/null")
	waitFor(t, "the link is on the terminal", func() bool { return linkLine.MatchString(p.log.String()) })
	if _, err := os.Stat(filepath.Join(dir, "cloakroom-data", "setup-link")); !os.IsNotExist(err) {
		t.Errorf("it is in a file too: %v", err)
	}
	if strings.Count(p.log.String(), "/setup?link=") != 1 {
		t.Errorf("it is shown more than once:\n%s", p.log)
	}
	p.stop(syscall.SIGTERM) // which script hands on, and waits: the server writes no more when its directory goes
}
