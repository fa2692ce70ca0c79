package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/jwt/jwks"
	"github.com/cloakroom/cloakroom/jwt/revocation"
)

// secretOf registers a client beside a running server and returns its secret.
func secretOf(t *testing.T, p *proc, id string) string {
	t.Helper()
	var c struct {
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal([]byte(p.beside("client", "add", id, "--json")), &c); err != nil || c.Secret == "" {
		t.Fatalf("%+v %v", c, err)
	}
	return c.Secret
}

// TestAServiceFollowsTheFeed_TK34: a service that verifies by itself refuses a token within a second after another process has ended its session; SIGTERM does not wait
// for its stream; and it follows the next process from where it was.
func TestAServiceFollowsTheFeed_TK34(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "--signup", "open")
	who := credentials{Email: "anna@example.org", Password: goodPassword}
	g := p.guest()
	a, err := g.json("/api/signup", who)
	must(t, http.StatusCreated, a, err)
	var access [2]string
	for i := range access {
		a, err = g.json("/api/token", who)
		must(t, http.StatusOK, a, err)
		access[i] = a.text("access_token")
	}

	keys, err := jwks.New(p.url+"/.well-known/jwks.json", &jwks.Options{AllowPrivate: true})
	if err != nil {
		t.Fatal(err)
	}
	feed, err := revocation.Follow(p.url, revocation.Credentials{ID: "orders", Secret: secretOf(t, p, "orders")},
		&revocation.Options{AllowPrivate: true, Keys: keys, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close()
	if err := feed.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	verifier, err := jwt.NewVerifier(p.url, p.url, keys, []jwt.Algorithm{jwt.ES256}, &jwt.VerifierOptions{Type: "at+jwt", Revoked: feed.Revoked})
	if err != nil {
		t.Fatal(err)
	}
	end := func(p *proc, token string) {
		t.Helper()
		verified, err := verifier.Verify(token)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Session string `json:"sid"`
		}
		if err := verified.Decode(&c); err != nil {
			t.Fatal(err)
		}
		p.beside("session", "end", c.Session)
		ended := time.Now()
		waitFor(t, "the service refuses it", func() bool {
			_, err := verifier.Verify(token)
			return errors.Is(err, jwt.ErrRevoked)
		})
		if took := time.Since(ended); took > testenv.Soon {
			t.Errorf("refused %v after the command had ended the session", took)
		}
	}
	end(p, access[0])

	begin := time.Now()
	if code := p.stop(syscall.SIGTERM); code != exitDone || time.Since(begin) > shutdownGrace/2 || !strings.Contains(p.log.String(), "why=stopping") {
		t.Errorf("exit status %d after %v:\n%s", code, time.Since(begin), p.log)
	}
	waitFor(t, "the service knows that it was cut off", func() bool { return !feed.Status().Connected })
	next := serveAt(t, p.dir, p.addr, p.url)
	waitFor(t, "it follows again", func() bool { return feed.Status().Connected })
	if s := feed.Status(); s.Position != 1 {
		t.Errorf("%+v", s)
	}
	end(next, access[1])
	if !strings.Contains(next.log.String(), "after=1 snapshot=false") {
		t.Errorf("it did not go on where it was:\n%s", next.log)
	}
}

// TestDocsRevocations runs the commands of docs/revocations.md as they stand there.
func TestDocsRevocations(t *testing.T) {
	t.Parallel()
	curl := testenv.Curl(t)
	text, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "revocations.md"))
	if err != nil {
		t.Fatal(err)
	}
	p := serve(t, t.TempDir())
	var said []string
	for _, block := range strings.Split(string(text), "```sh\n")[1:] {
		command, _, _ := strings.Cut(block, "```\n")
		command = strings.ReplaceAll(command, "http://localhost:8080", p.url)
		shell := exec.Command("sh", "-c", strings.ReplaceAll(command, "curl -sN", "curl -sN --max-time 5")) // a stream has no end
		shell.Dir, shell.Env = p.dir, append(cleanEnv(), "PATH="+filepath.Dir(built(t, "cloakroom"))+":"+filepath.Dir(curl)+":"+os.Getenv("PATH"))
		out, err := shell.CombinedOutput()
		if ended, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || ended.ExitCode() != 28) { // the time is over
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		said = append(said, string(out))
	}
	if len(said) != 2 || !strings.HasPrefix(said[0], "id: 0\nevent: set\ndata: ey") || said[1] != `{"sets":{},"moreAvailable":false}`+"\n" {
		t.Errorf("they say %q", said)
	}
}
