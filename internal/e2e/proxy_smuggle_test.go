package e2e_test

import (
	"slices"
	"strings"
	"testing"
)

const mallory = "mallory"

// spellings are twelve ways to say under our names who one is.
var spellings = []struct {
	what  string
	lines []string
}{
	{"plainly", []string{"Remote-User: mallory", "Remote-Email: mallory@example.org", "Remote-Name: mallory", "Remote-Groups: keepers,mallory"}},
	{"in small letters", []string{"remote-user: mallory", "remote-email: mallory", "remote-name: mallory", "remote-groups: mallory"}},
	{"in capitals", []string{"REMOTE-USER: mallory", "REMOTE-EMAIL: mallory", "REMOTE-NAME: mallory", "REMOTE-GROUPS: mallory"}},
	{"with underscores", []string{"Remote_User: mallory", "Remote_Email: mallory", "Remote_Name: mallory", "Remote_Groups: mallory"}},
	{"as CGI has it", []string{"REMOTE_USER: mallory", "REMOTE_EMAIL: mallory", "REMOTE_NAME: mallory", "REMOTE_GROUPS: mallory"}},
	{"with dots", []string{"remote.user: mallory", "Remote.Email: mallory", "Remote.Name: mallory", "Remote.Groups: mallory"}},
	{"twice", []string{"Remote-User: mallory", "Remote-User: mallory", "Remote-Groups: mallory", "Remote-Groups: mallory"}},
	{"named in Connection (CVE-2024-45410)", []string{"Connection: Remote-User, Remote-Email, Remote-Name, Remote-Groups, X-Forwarded-For", "Remote-User: mallory"}},
	{"named in Connection with the cookie (CVE-2026-29054)", []string{"connection: keep-alive, remote-user, Cookie", "Remote_User: mallory"}},
	{"with a space before the colon", []string{"Remote-User : mallory", "Remote-Groups\t: mallory"}},
	{"in a folded line", []string{"X-Nothing: a", " Remote-User: mallory", "\tRemote-Groups: mallory"}},
	{"by what is told of the way here", []string{
		"X-Forwarded-User: mallory", "X-Forwarded-Uri: /public/page", "X-Forwarded-Method: GET", "X-Forwarded-Host: mallory", "X-Forwarded-For: 10.0.0.66", "X-Forwarded-Proto: https", "X_Forwarded_Host: mallory",
		"X-Original-URL: http://mallory/public/page", "X-Original-Method: GET", "X-Rewrite-URL: /public/page", "X-Real-IP: 10.0.0.66", "Forwarded: for=10.0.0.66;host=mallory", "X-Forwarded-Prefix: /mallory",
	}},
}

// TestProxySmuggling: 150 paths in 12 spellings, with a session and without, in front of real proxies. Not one request reaches the app
// without the right person, and what the app hears of them is ours alone (T13, FA-02, FA-03, FA-04, FA-06).
func TestProxySmuggling_T13_FA03_FA04_FA06_CV40_CV73_CV75_CV76_CV77(t *testing.T) {
	eachGateway(t, func(t *testing.T, g *gateway) {
		cookies, id := g.member("anna@example.org")
		_, secret, _ := strings.Cut(cookies, "__Host-session=")
		secret, _, _ = strings.Cut(secret, ";")
		stranger, member := g.wire(), g.wire()
		asked, reached := 0, 0
		for _, p := range trickyPaths() {
			for _, s := range spellings {
				asked++
				before := g.app.calls.Load()
				a := stranger.ask("GET "+p, s.lines...)
				if g.app.calls.Load() != before || a.StatusCode < 300 {
					t.Errorf("GET %q, our headers %s, without a session: %d, and the app heard %d requests\n%s", p, s.what, a.StatusCode, g.app.calls.Load()-before, a.body)
				}
				a = member.ask("GET "+p, append([]string{cookies + "; own=1"}, s.lines...)...)
				h, ok := a.heard()
				if !ok {
					if g.app.calls.Load() != before {
						t.Errorf("GET %q, our headers %s: %d, and the app heard of it", p, s.what, a.StatusCode)
					}
					continue
				}
				reached++
				if readAsSecret(h.target()) {
					t.Errorf("GET %q, our headers %s: the app heard %q", p, s.what, h.Request)
				}
				wantOurs(t, g, &h, id, secret)
				if t.Failed() {
					t.Fatalf("GET %q, our headers %s: the app heard\n%s", p, s.what, strings.Join(h.Lines, "\n"))
				}
			}
		}
		t.Logf("%d times asked, %d times reached by the one who may", 2*asked, reached)
		if reached < 20*len(spellings)/2 {
			t.Errorf("of %d requests with a session %d reached the app: the test is about nothing", asked, reached)
		}
	})
}

// wantOurs checks what the app heard of a person without a name, a verified address and groups.
func wantOurs(t *testing.T, g *gateway, h *echoed, id, secret string) {
	t.Helper()
	if got := h.alike("Remote-User"); !slices.Equal(got, []string{id}) {
		t.Errorf("Remote-User: %q", got)
	}
	for _, name := range []string{"Remote-Email", "Remote-Name", "Remote-Groups"} {
		if got := strings.Join(h.alike(name), ""); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": g.host, "X-Forwarded-Proto": g.scheme, "Host": g.host, "Cookie": "own=1",
	} {
		if got := h.one(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, line := range h.Lines {
		if strings.Contains(line, secret) || strings.Contains(line, "__Host-") {
			t.Errorf("the app heard our cookie: %s", line)
		}
		name, value, _ := strings.Cut(line, ":")
		if strings.Contains(value, mallory) && name != "X-Nothing" && !strings.HasPrefix(strings.ToLower(name), "x-nothing") || strings.Contains(value, "10.0.0.66") || strings.Contains(value, "/public/page") {
			t.Errorf("the app heard what the client said of itself: %s", line)
		}
	}
}
