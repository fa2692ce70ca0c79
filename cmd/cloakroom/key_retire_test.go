package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestALeakedKeyIsToldElsewhere: a service in a process of its own that follows the feed refuses what a key signed within a second after
// `key retire`; one that does not goes on with the set that it has. A new token of the same program is good with both.
func TestALeakedKeyIsToldElsewhere(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "--signup", "open")
	who := credentials{Email: "anna@example.org", Password: goodPassword}
	a, err := p.guest().json("/api/signup", who)
	must(t, http.StatusCreated, a, err)
	a, err = p.guest().json("/api/token", who)
	tokens := must(t, http.StatusOK, a, err)
	leaked := tokens.text("access_token")

	j := verifierJob{Issuer: p.url, Client: "orders", Secret: secretOf(t, p, "orders"), Follow: true, Tokens: []string{leaked}}
	follows := verify(t, t.TempDir(), "follows", j)
	j.Follow = false
	deaf := verify(t, t.TempDir(), "deaf", j)
	for _, v := range []verifierProc{follows, deaf} {
		waitFor(t, "the token is accepted", func() bool { return v.all([]int{0}, "accepted") })
	}
	p.beside("key", "retire", inspect(t, leaked).Header.KeyID)
	answered := time.Now()
	waitFor(t, "the service that follows refuses it", func() bool { return v0(follows) == "key-retired" })
	_, at := follows.verdicts()
	if took := at[0].Sub(answered); took >= testenv.Soon {
		t.Errorf("refused %v after the command", took)
	} else {
		t.Logf("refused %v after the command", max(0, took).Round(time.Millisecond))
	}
	if v0(deaf) != "accepted" {
		t.Errorf("who does not follow says %s", v0(deaf))
	}

	a, err = p.guest().form("/oauth/token", refreshForm(tokens.text("refresh_token")))
	j.Tokens, j.Follow = []string{must(t, http.StatusOK, a, err).text("access_token")}, true
	again := verify(t, t.TempDir(), "again", j)
	waitFor(t, "a token of the new key is accepted", func() bool { return again.all([]int{0}, "accepted") })
}

func v0(v verifierProc) string {
	last, _ := v.verdicts()
	return last[0]
}
