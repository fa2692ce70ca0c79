package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/cloakroom/cloakroom/jwt"
)

// keepsSet is how long the verifiers of this test keep a key set at most, whatever comes: a quarter of the time that a key is published
// before it signs, as 15 minutes are of an hour.
const keepsSet = time.Second

// setKeeper is the key source of a service elsewhere.
type setKeeper struct {
	g     *guest
	keeps time.Duration
	mu    sync.Mutex
	set   *jwt.KeySet
	asked time.Time
}

func (k *setKeeper) Key(kid string) (*jwt.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.asked) >= k.keeps {
		k.asked = time.Now()
		a, err := k.g.ask("GET", "/.well-known/jwks.json", "")
		if err != nil {
			return nil, err
		}
		if k.set, err = jwt.ParseKeySet([]byte(a.body)); err != nil {
			return nil, err
		}
	}
	return k.set.Key(kid)
}

// A keyLoad is a server whose keys change each few seconds, programs that refresh without a pause, and services that check.
type keyLoad struct {
	t       *testing.T
	p       *proc
	keepers []*setKeeper
	checks  []*jwt.Verifier

	mu      sync.Mutex
	tokens  []string
	signers []string // in the order of their first token

	good, bad atomic.Int64
}

func (l *keyLoad) add(token string) {
	kid := inspect(l.t, token).Header.KeyID
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens = append(l.tokens, token)
	if n := len(l.signers); n == 0 || l.signers[n-1] != kid {
		l.signers = append(l.signers, kid)
	}
}

// some is a token: one of the newest, or any.
func (l *keyLoad) some(random *rand.Rand) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.tokens)
	if random.IntN(2) == 0 {
		return l.tokens[n-1-random.IntN(min(n, 4))]
	}
	return l.tokens[random.IntN(n)]
}

func (l *keyLoad) signed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.signers)
}

// me asks the server itself, and returns its reason if it refuses.
func (l *keyLoad) me(g *guest, token string) (int, string) {
	a, err := g.ask("GET", "/api/me", "", "Authorization: Bearer "+token)
	if err != nil {
		l.t.Error(err)
	}
	return a.status, a.text("reason")
}

func startKeyLoad(t *testing.T) *keyLoad {
	t.Helper()
	addr, dir := freeAddr(t), t.TempDir()
	l := &keyLoad{t: t, p: launch(t, addr, "ready", dir, built(t, "fast"), addr, "cloakroom-data", "quick-keys")}
	for n := range 3 {
		k := &setKeeper{g: l.p.guest(), keeps: keepsSet - time.Duration(n)*70*time.Millisecond} // not all at the same moments
		v, err := jwt.NewVerifier(l.p.url, l.p.url, k, []jwt.Algorithm{jwt.ES256}, &jwt.VerifierOptions{Type: "at+jwt"})
		if err != nil {
			t.Fatal(err)
		}
		l.keepers, l.checks = append(l.keepers, k), append(l.checks, v)
	}
	return l
}

// run keeps everybody busy until the returned function is called.
func (l *keyLoad) run() (stop func()) {
	ctx, cancel := context.WithCancel(l.t.Context())
	var busy sync.WaitGroup
	for n, email := range []string{"anna@example.org", "bert@example.org"} {
		g, who := l.p.guest(), credentials{Email: email, Password: goodPassword}
		a, err := g.json("/api/signup", who)
		must(l.t, http.StatusCreated, a, err)
		a, err = l.p.guest().json("/api/token", who)
		tokens := must(l.t, http.StatusOK, a, err)
		l.add(tokens.text("access_token"))
		busy.Go(func() { l.refresh(ctx, tokens.text("refresh_token")) })
		busy.Go(func() { l.forge(ctx, rand.New(rand.NewPCG(5, uint64(n)))) })
	}
	for n, v := range l.checks {
		busy.Go(func() { l.check(ctx, v, rand.New(rand.NewPCG(6, uint64(n)))) })
	}
	busy.Go(func() { l.visit(ctx, rand.New(rand.NewPCG(7, 0))) })
	return func() { cancel(); busy.Wait() }
}

func (l *keyLoad) refresh(ctx context.Context, token string) {
	for g := l.p.guest(); ctx.Err() == nil; {
		a, err := g.form("/oauth/token", refreshForm(token))
		if err != nil || a.status != http.StatusOK {
			l.t.Errorf("a refresh: %d %v %s", a.status, err, a.body)
			return
		}
		l.add(a.text("access_token"))
		token = a.text("refresh_token")
	}
}

func (l *keyLoad) check(ctx context.Context, v *jwt.Verifier, random *rand.Rand) {
	for ctx.Err() == nil {
		token := l.some(random)
		l.good.Add(1)
		if _, err := v.Verify(token); err != nil {
			l.t.Errorf("a service refuses a good token: %v", err)
			return
		}
	}
}

func (l *keyLoad) visit(ctx context.Context, random *rand.Rand) {
	for g := l.p.guest(); ctx.Err() == nil; {
		l.good.Add(1)
		if status, why := l.me(g, l.some(random)); status != http.StatusOK {
			l.t.Errorf("the server refuses a good token: %d %s", status, why)
			return
		}
	}
}

// forge shows everybody what a stranger signed under the id of a key that signs, and signatures in which one character is another.
func (l *keyLoad) forge(ctx context.Context, random *rand.Rand) {
	for g := l.p.guest(); ctx.Err() == nil; {
		token := l.some(random)
		seen := inspect(l.t, token)
		forged := l.stranger(seen)
		if dot := strings.LastIndexByte(token, '.'); random.IntN(2) == 0 && token[dot+1] != 'A' {
			forged = token[:dot+1] + "A" + token[dot+2:]
		}
		l.bad.Add(1)
		for _, v := range l.checks {
			if _, err := v.Verify(forged); !errors.Is(err, jwt.ErrSignature) {
				l.t.Errorf("a service says of a forged token: %v", err)
				return
			}
		}
		if status, why := l.me(g, forged); status != http.StatusUnauthorized || why != "invalid-token" {
			l.t.Errorf("the server says of a forged token: %d %s", status, why)
			return
		}
	}
}

// stranger signs what a token says under the id of its key.
func (l *keyLoad) stranger(seen *jwt.Inspection) string {
	key, err := jwt.GenerateKey(jwt.ES256)
	if err != nil {
		l.t.Fatal(err)
	}
	jwk, err := key.PrivateJWK()
	if err != nil {
		l.t.Fatal(err)
	}
	if key, err = jwt.ParseKey([]byte(strings.ReplaceAll(string(jwk), key.ID(), seen.Header.KeyID))); err != nil {
		l.t.Fatal(err)
	}
	forged, err := jwt.SignPayload(key, "at+jwt", seen.Payload)
	if err != nil {
		l.t.Fatal(err)
	}
	return forged
}

// nextKey is the kid of the next key for tokens, once every service has it in its set.
func (l *keyLoad) nextKey() (kid string, known bool) {
	for line := range strings.Lines(l.p.beside("key", "list", "--json")) {
		var k struct{ Kid, For, State string }
		if err := json.Unmarshal([]byte(line), &k); err != nil {
			l.t.Fatal(err)
		}
		if k.For == "token" && k.State == "next" {
			kid = k.Kid
		}
	}
	if kid == "" {
		return "", false
	}
	for _, k := range l.keepers {
		if _, err := k.Key(kid); err != nil {
			return kid, false
		}
	}
	return kid, true
}

// rotateByHand is what somebody does who wants the next key to sign: key new, wait an hour, key rotate. The hour passes by making the
// key older, once the services know it.
func (l *keyLoad) rotateByHand() {
	l.t.Helper()
	d, err := sql.Open("sqlite", "file:"+filepath.Join(l.p.dir, "cloakroom-data", "cloakroom.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		l.t.Fatal(err)
	}
	defer d.Close()
	for range 20 {
		l.command("key", "new") // or there is one
		var kid string
		within(l.t, 5*time.Second, "services know the next key", func() (known bool) {
			kid, known = l.nextKey()
			return known || kid == "" // it signs already, by itself
		})
		if _, err := d.Exec("UPDATE signing_keys SET created = created - 3600000000000 WHERE kid = ? AND state = 'next'", kid); err != nil {
			l.t.Fatal(err)
		}
		if out, err := l.command("key", "rotate"); err == nil && strings.HasPrefix(out, kid+" signs from now on.") {
			return
		}
	}
	l.t.Fatal("20 times the schedule was quicker than the hand")
}

// command is beside for what may be refused.
func (l *keyLoad) command(args ...string) (string, error) {
	cmd := exec.Command(built(l.t, "cloakroom"), args...)
	cmd.Dir, cmd.Env = l.p.dir, cleanEnv()
	out, err := cmd.Output()
	return string(out), err
}

// TestKeysUnderLoad_TK23: while a server's keys change by themselves and by hand, no good token is refused and no bad one accepted, by the
// server and by services that keep its key set. Then a key leaks, and what it signed is dead.
func TestKeysUnderLoad_TK23(t *testing.T) {
	t.Parallel()
	l := startKeyLoad(t)
	stop := l.run()
	within(t, 60*time.Second, "four keys signed, one after the other", func() bool { return l.signed() >= 4 || t.Failed() })
	for range 3 {
		l.rotateByHand()
	}
	was := l.signed()
	within(t, 30*time.Second, "and it goes on by itself", func() bool { return l.signed() >= was+1 || t.Failed() })
	stop()
	t.Logf("%d tokens of %d keys; %d checks of good tokens, %d forged ones shown to everybody", len(l.tokens), len(l.signers), l.good.Load(), l.bad.Load())

	token := l.tokens[len(l.tokens)-1]
	g := l.p.guest()
	if status, why := l.me(g, token); status != http.StatusOK {
		t.Fatal(status, why)
	}
	l.p.beside("key", "retire", inspect(t, token).Header.KeyID)
	took := within(t, testenv.Soon, "the server refuses what a leaked key signed", func() bool {
		status, _ := l.me(g, token)
		return status == http.StatusUnauthorized
	})
	for n, v := range l.checks {
		within(t, testenv.Soon, "a service refuses it when it fetches the set", func() bool {
			_, err := v.Verify(token)
			return errors.Is(err, jwt.ErrUnknownKey)
		})
		if _, err := v.Verify(l.tokens[0]); err != nil {
			t.Errorf("service %d refuses what another key signed: %v", n, err)
		}
	}
	t.Logf("a leaked key: its token was refused by the server %v after the command", took)
}
