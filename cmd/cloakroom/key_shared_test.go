package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/cloakroom/cloakroom/jwt"
)

// TestASharedSecretEndToEnd_TK20: with --token-alg HS256 a real server signs and verifies, publishes nothing of it, and a second service that was
// given the secret by `key export` verifies too, also across a rotation.
func TestASharedSecretEndToEnd_TK20(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, dir, "--token-alg", "HS256", "--signup", "open")
	who := credentials{Email: "anna@example.org", Password: goodPassword}
	a, err := p.guest().json("/api/signup", who)
	must(t, http.StatusCreated, a, err)
	sign := func() string {
		a, err := p.guest().json("/api/token", who)
		token := must(t, http.StatusOK, a, err).text("access_token")
		if seen := inspect(t, token); seen.Header.Algorithm != jwt.HS256 {
			t.Fatalf("signed with %s", seen.Header.Algorithm)
		}
		a, err = p.guest().ask("GET", "/api/me", "", "Authorization: Bearer "+token)
		must(t, http.StatusOK, a, err)
		return token
	}
	first := sign()
	p.beside("key", "new")
	file := filepath.Join(dir, "shared.json")
	share := func() {
		if err := os.WriteFile(file, []byte(p.beside("key", "export")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verdict := func(token string) string {
		cmd := exec.Command(built(t, "cloakroom"), "token", "verify", "--jwks", file, "--alg", "HS256", "--issuer", p.url, "--audience", p.url, "--type", "at+jwt")
		cmd.Env, cmd.Stdin = cleanEnv(), strings.NewReader(token)
		out, _ := cmd.Output()
		return string(out)
	}
	share()
	if got := verdict(first); !strings.HasPrefix(got, "ok ") {
		t.Errorf("the second service says %s", got)
	}

	p.beside("key", "rotate", "--now")
	var second string
	within(t, testenv.Soon, "the new key signs", func() bool {
		second = sign()
		return inspect(t, second).Header.KeyID != inspect(t, first).Header.KeyID
	})
	for _, token := range []string{first, second} { // with what was shared before the rotation
		if got := verdict(token); !strings.HasPrefix(got, "ok ") {
			t.Errorf("after a rotation the second service says %s", got)
		}
	}
	p.beside("key", "retire", inspect(t, second).Header.KeyID)
	share()
	if got := verdict(second); !strings.HasPrefix(got, "refused unknown-key") {
		t.Errorf("of a key that was retired at once the second service says %s", got)
	}

	a, err = p.guest().ask("GET", "/.well-known/jwks.json", "")
	set, parseErr := jwt.ParseKeySet([]byte(must(t, http.StatusOK, a, err).body))
	if parseErr != nil || len(set.Keys()) != 1 || set.Keys()[0].Algorithm() != jwt.ES256 {
		t.Errorf("published: %s, %v; want the feed key alone", a.body, parseErr)
	}
	shared, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(shared), `"k":`) {
		t.Fatal("this test tests nothing")
	}
	for _, word := range []string{`"k":`, `"oct"`, inspect(t, first).Header.KeyID, inspect(t, second).Header.KeyID} {
		if strings.Contains(a.body, word) {
			t.Errorf("%s is published", word)
		}
	}

	// With another algorithm nothing is given away.
	p.stop(syscall.SIGTERM)
	other := serve(t, t.TempDir())
	cmd := exec.Command(built(t, "cloakroom"), "key", "export")
	cmd.Dir, cmd.Env = other.dir, cleanEnv()
	if out, err := cmd.Output(); err == nil || len(out) > 0 {
		t.Errorf("key export gave %d bytes, %v", len(out), err)
	}
}
