package e2e_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/cloakroom/cloakroom/trace"
)

// TestTraceCommand: the same with the program itself, one jar file over several runs, and curl as a second browser on that file.
func TestTraceCommand(t *testing.T) {
	curl := testenv.Curl(t)
	t.Run("loopback", func(t *testing.T) {
		playCommand(t, curl, servertest.Start(t, nil).URL, nil, nil)
	})
	t.Run("Caddy", func(t *testing.T) {
		s := newStreet(t)
		s.startCaddy(testenv.Caddy(t))
		roots := s.write("roots.pem", string(s.roots))
		playCommand(t, curl, s.signInURL(), []string{"--dns", s.dns, "--cacert", roots},
			[]string{"--cacert", roots, "--resolve", strings.TrimPrefix(s.signInURL(), "https://") + ":127.0.0.1"})
	})
}

// playCommand signs in, is remembered by a file, and hears why it is not any more. The flags are what trace and curl need to
// find the host.
func playCommand(t *testing.T, curl, base string, traceFlags, curlFlags []string) {
	t.Helper()
	const credentials = `{"email": "anna@example.org", "password": "` + servertest.Password + `"}`
	file := filepath.Join(t.TempDir(), "jar.txt")
	c := &commander{t: t, flags: append([]string{"--json", "--jar", file, "--keep-session-cookies"}, traceFlags...)}
	post := []string{"-X", "POST", "-H", "Content-Type: application/json", "-d", "@-"}
	account, signIn := "200 GET "+base+"/account", "200 GET "+base+"/signin?return_to=%2Faccount"

	w := c.trace("", base+"/account")
	w.wantWay(t, "303 GET "+base+"/account", signIn)
	wantSignInForm(t, w.last().Page, base)
	w = c.trace(credentials, append(post, base+"/api/signup")...)
	w.wantWay(t, "201 POST "+base+"/api/signup")
	wantCookie(t, w[0], w[0].SetCookies, sessionCookie, "stored")
	secret := c.secret(file)

	// Several addresses, one after the other, with one jar. Nobody who looks over the shoulder can be Anna.
	w = c.trace("", base+"/account", base+"/signin", base+"/account/sessions")
	w.wantWay(t, account, "303 GET "+base+"/signin", account, "200 GET "+base+"/account/sessions")
	for _, h := range w {
		wantCookie(t, h, h.Cookies, sessionCookie, "sent")
	}
	if p := w[0].Page; p == nil || !strings.Contains(p.Text, "anna@example.org") {
		t.Errorf("the account page is %+v", p)
	}
	w.wantText(t, "Your devices", "this one")
	if short := secret[:4] + "…(43)"; c.says(secret) || !c.says(short) {
		t.Errorf("the cookie is not shown as %s", short)
	}

	// curl opens the page with our file.
	browse := append([]string{"-q", "-s", "-S", "-b", file}, curlFlags...)
	page, err := exec.CommandContext(t.Context(), curl, append(browse, base+"/account")...).CombinedOutput()
	if err != nil || !strings.Contains(string(page), "anna@example.org") {
		t.Errorf("curl with our file: %v\n%s", err, page)
	}

	// And we with one of curl's, on which the session is another one. It ends ours.
	theirs := filepath.Join(t.TempDir(), "curl.txt")
	cmd := exec.CommandContext(t.Context(), curl, append(curlFlags, "-q", "-s", "-S", "-f", "-c", theirs, "-H", "Content-Type: application/json", "-d", "@-", base+"/api/signin")...)
	cmd.Stdin = strings.NewReader(credentials)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	other := &commander{t: t, flags: append([]string{"--json", "--jar", theirs, "--keep-session-cookies"}, traceFlags...)}
	w = other.trace("", base+"/account")
	w.wantWay(t, account)
	w.wantText(t, "anna@example.org")
	if got := other.secret(theirs); got == secret {
		t.Error("curl has our session")
	}
	if w = other.trace("", "-X", "DELETE", base+"/api/sessions"); w.last().Status/100 != 2 {
		t.Fatalf("%d %s", w.last().Status, text(w.last()))
	}

	w = c.trace("", base+"/api/me", base+"/account")
	w.wantWay(t, "401 GET "+base+"/api/me", "303 GET "+base+"/account", signIn)
	if got := text(w[0]); !strings.Contains(got, "signed-out-elsewhere") {
		t.Errorf("/api/me says %s", got)
	}
	w.wantText(t, "You signed this device out from another one.")
	wantCookie(t, w[2], w[2].SetCookies, sessionCookie, "stored DeletedByMaxAge")
	// That it was deleted is remembered for a while, for programs that opened the file before.
	if kept := c.file(file); strings.Contains(kept, secret) || !strings.Contains(kept, sessionCookie+"\tdeleted\n") || !strings.Contains(kept, visitCookie) {
		t.Errorf("the file is now\n%s", kept)
	}

	// Without --keep-session-cookies, opening the file again is opening the browser again.
	c.flags = slices.DeleteFunc(c.flags, func(f string) bool { return f == "--keep-session-cookies" })
	c.trace(credentials, append(post, base+"/api/signin")...).wantWay(t, "200 POST "+base+"/api/signin")
	w = c.trace("", base+"/account")
	w.wantWay(t, "303 GET "+base+"/account", signIn)
	w.wantText(t, "Your browser was closed")
}

// commander runs `cloakroom trace`.
type commander struct {
	t     *testing.T
	flags []string
	said  string // all that it ever said
}

// trace runs it to its end, which must be good, and reads its JSON.
func (c *commander) trace(stdin string, args ...string) hops {
	c.t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(c.t.Context(), program(c.t), append(append([]string{"trace"}, c.flags...), args...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "CLOAKROOM_") })
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		c.t.Fatalf("%q: %v\n%s%s", cmd.Args[1:], err, &errs, &out)
	}
	c.said += out.String()
	var tr trace.Trace
	if err := json.Unmarshal(out.Bytes(), &tr); err != nil || tr.Schema != trace.Schema || len(tr.Hops) == 0 {
		c.t.Fatalf("%v in %s", err, &out)
	}
	return tr.Hops
}

// says reports whether s stood anywhere in what was printed.
func (c *commander) says(s string) bool { return strings.Contains(c.said, s) }

// file is a cookie file, which nobody else may read.
func (c *commander) file(path string) string {
	c.t.Helper()
	kept, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		c.t.Errorf("%s: %v, %v", path, fi.Mode(), err)
	}
	return string(kept)
}

// secret is the value of the session cookie in a file: the last of seven fields, as curl writes them.
func (c *commander) secret(path string) string {
	c.t.Helper()
	for line := range strings.Lines(c.file(path)) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == 7 && f[5] == sessionCookie {
			if len(f[6]) != 43 {
				c.t.Errorf("the session cookie is %q", f[6])
			}
			return f[6]
		}
	}
	c.t.Fatalf("no %s in\n%s", sessionCookie, c.file(path))
	return ""
}
