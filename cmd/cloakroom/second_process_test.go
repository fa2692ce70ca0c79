package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// fast starts a server with cheap password hashes in a directory that `cloakroom` commands find.
func fast(t testing.TB, dir, addr string) *proc {
	t.Helper()
	return launch(t, addr, "ready", dir, built(t, "fast"), addr, "cloakroom-data")
}

// within asks until the answer is as wanted, and returns how long that took.
func within(t *testing.T, limit time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	for !ok() {
		if time.Since(begin) > limit+5*time.Second {
			t.Fatalf("not even after %v: %s", time.Since(begin), what)
		}
		time.Sleep(2 * time.Millisecond)
	}
	took := time.Since(begin)
	if took > limit {
		t.Errorf("%s took %v, more than %v", what, took, limit)
	}
	return took
}

// report logs what the row of the issue promises: within a second, on a machine that does nothing else.
func report(t *testing.T, what string, took []time.Duration) {
	t.Helper()
	slices.Sort(took)
	t.Logf("%s: median %v, worst of %d %v", what, took[len(took)/2].Round(time.Millisecond), len(took), took[len(took)-1].Round(time.Millisecond))
}

// TestSecondProcess: what a command changes holds in the running server within a second after the command has said so
// (ASVS 7.4.2). The times are counted from the end of the command.
func TestSecondProcess(t *testing.T) {
	t.Parallel()
	p := fast(t, t.TempDir(), freeAddr(t))

	t.Run("user disable refuses cookie, token and refresh token", func(t *testing.T) {
		t.Parallel()
		var took []time.Duration
		for i := range 20 {
			who := credentials{Email: fmt.Sprintf("lock%d@example.org", i), Password: goodPassword}
			g := p.guest()
			a, err := g.json("/api/signup", who)
			must(t, http.StatusCreated, a, err)
			a, err = p.guest().json("/api/token", who)
			tokens := must(t, http.StatusOK, a, err)
			a, err = g.ask("GET", "/api/me", "") // from here on the answer is in memory
			must(t, http.StatusOK, a, err)

			if out := p.beside("user", "disable", who.Email); out != "Disabled. 2 sessions ended.\n" {
				t.Fatalf("user disable: %s", out)
			}
			took = append(took, within(t, testenv.Soon, "the cookie is refused", func() bool {
				a, err = g.ask("GET", "/api/me", "")
				return err != nil || a.status != http.StatusOK
			}))
			if must(t, http.StatusUnauthorized, a, err).text("reason") != "account-disabled" {
				t.Fatalf("the cookie: %s", a.body)
			}
			a, err = p.guest().ask("GET", "/api/me", "", "Authorization: Bearer "+tokens.text("access_token"))
			if must(t, http.StatusUnauthorized, a, err).text("reason") != "account-disabled" {
				t.Fatalf("the access token: %s", a.body)
			}
			a, err = p.guest().form("/oauth/token", refreshForm(tokens.text("refresh_token")))
			if must(t, http.StatusBadRequest, a, err).text("session_reason") != "account-disabled" {
				t.Fatalf("the refresh token: %s", a.body)
			}
			a, err = p.guest().json("/api/signin", who)
			must(t, http.StatusUnauthorized, a, err)
		}
		report(t, "user disable", took)
	})

	t.Run("session end refuses that cookie and no other", func(t *testing.T) {
		t.Parallel()
		who := credentials{Email: "many@example.org", Password: goodPassword}
		stays := p.guest()
		a, err := stays.json("/api/signup", who)
		must(t, http.StatusCreated, a, err)
		var took []time.Duration
		for range 20 {
			g := p.guest()
			a, err := g.json("/api/signin", who)
			id := must(t, http.StatusOK, a, err).inner("session", "id")
			a, err = g.ask("GET", "/api/me", "")
			must(t, http.StatusOK, a, err)
			p.beside("session", "end", id)
			took = append(took, within(t, testenv.Soon, "the cookie is refused", func() bool {
				a, err = g.ask("GET", "/api/me", "")
				return err != nil || a.status != http.StatusOK
			}))
			if must(t, http.StatusUnauthorized, a, err).text("reason") != "ended-by-admin" {
				t.Fatalf("the cookie: %s", a.body)
			}
			a, err = stays.ask("GET", "/api/me", "")
			must(t, http.StatusOK, a, err)
		}
		report(t, "session end", took)
	})

	t.Run("user group and user enable are seen", func(t *testing.T) {
		t.Parallel()
		who := credentials{Email: "group@example.org", Password: goodPassword}
		g := p.guest()
		a, err := g.json("/api/signup", who)
		must(t, http.StatusCreated, a, err)
		var took []time.Duration
		for i := range 5 {
			for _, change := range []string{"--add", "--remove"} {
				group := fmt.Sprintf("group%d", i)
				p.beside("user", "group", who.Email, change, group)
				took = append(took, within(t, testenv.Soon, "the group has changed", func() bool {
					a, err := g.ask("GET", "/api/me", "")
					must(t, http.StatusOK, a, err)
					return strings.Contains(a.body, group) == (change == "--add")
				}))
			}
		}
		report(t, "user group", took)

		p.beside("user", "disable", who.Email)
		p.beside("user", "enable", who.Email)
		within(t, testenv.Soon, "who was let in again can sign in", func() bool {
			a, err := p.guest().json("/api/signin", who)
			return err == nil && a.status == http.StatusOK
		})
	})

	t.Run("key rotate --now signs from now on, and what the old key signed stays good", func(t *testing.T) {
		t.Parallel()
		who := credentials{Email: "key@example.org", Password: goodPassword}
		a, err := p.guest().json("/api/signup", who)
		must(t, http.StatusCreated, a, err)
		a, err = p.guest().json("/api/token", who)
		old := must(t, http.StatusOK, a, err).text("access_token")
		var took []time.Duration
		for _, alg := range []string{"EdDSA", "ES256", "RS256"} {
			kid := strings.TrimSpace(p.beside("key", "new", "--alg", alg))
			took = append(took, within(t, testenv.Soon, "the new key is published", func() bool {
				a, err := p.guest().ask("GET", "/.well-known/jwks.json", "")
				must(t, http.StatusOK, a, err)
				return strings.Contains(a.body, kid)
			}))
			p.beside("key", "rotate", "--now")
			a, err := p.guest().json("/api/token", who)
			tokens := must(t, http.StatusOK, a, err)
			fresh := tokens.text("access_token")
			took = append(took, within(t, testenv.Soon, "the new key signs", func() bool {
				if string(inspect(t, fresh).Header.KeyID) == kid {
					return true
				}
				a, err := p.guest().form("/oauth/token", refreshForm(tokens.text("refresh_token")))
				tokens = must(t, http.StatusOK, a, err)
				fresh = tokens.text("access_token")
				return false
			}))
			for _, token := range []string{old, fresh} {
				a, err = p.guest().ask("GET", "/api/me", "", "Authorization: Bearer "+token)
				must(t, http.StatusOK, a, err)
			}
		}
		report(t, "key new and key rotate --now", took)
	})
}
