package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/jwt"
)

// deeds are what the journal says was done with keys: "key.signs system".
func deeds(t *testing.T, a *App) (all []string) {
	t.Helper()
	records, err := a.journal.After(t.Context(), a.db.View(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if strings.HasPrefix(r.Action, "key.") {
			all = append(all, r.Action+" "+r.Actor)
		}
	}
	if err := a.journal.Verify(t.Context(), a.db.View()); err != nil {
		t.Error(err)
	}
	return all
}

// TestKeysChangeByThemselves: while the server runs, without anybody asking, and in the order that the schedule has.
func TestKeysChangeByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		cfg := Config{Data: filepath.Join(t.TempDir(), "data"), Signup: SignupOpen, Fast: true, KeySchedule: grant.Schedule{Life: 40 * time.Minute, Lead: 20 * time.Minute}}
		a, err := OpenServer(t.Context(), cfg, slog.New(slog.NewTextHandler(&out, nil)))
		if err != nil {
			t.Fatal(err)
		}
		first := a.keys.Signer()
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { a.Run(ctx) })
		time.Sleep(19*time.Minute + time.Second)
		if n := len(a.PublicKeys().Keys()); n != 2 {
			t.Errorf("%d keys are published, want that of tokens and that of the feed", n)
		}
		time.Sleep(2 * time.Minute)
		if n := len(a.PublicKeys().Keys()); n != 4 || a.keys.Signer() != first {
			t.Errorf("%d keys are published, want the next ones too; signs with %v", n, a.keys.Signer())
		}
		time.Sleep(21 * time.Minute)
		if a.keys.Signer() == first {
			t.Error("the old key still signs")
		}
		cancel()
		running.Wait()
		if got, want := deeds(t, a), []string{
			"key.signs system", "key.signs system", "key.published system", "key.published system", "key.signs system", "key.signs system",
		}; !slices.Equal(got, want) {
			t.Errorf("the journal has %q", got)
		}
		for _, line := range []string{"msg=key.published actor=system subject=", "msg=key.signs actor=system subject=" + a.keys.Signer().ID()} {
			if !strings.Contains(out.String(), line) {
				t.Errorf("the log does not say %s", line)
			}
		}
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// TestAnOldKeyIsDropped a day after it was rotated, and forgotten 30 days later; each is said once, however often it is asked.
func TestAnOldKeyIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := open(t, t.TempDir(), nil)
		old := a.keys.Signer().ID()
		if _, err := a.RotateKey(t.Context(), grant.TokenKey, true, ActorCommand); err != nil {
			t.Fatal(err)
		}
		for range 32 * 24 {
			a.turnKeys(t.Context())
			a.turnKeys(t.Context())
			time.Sleep(time.Hour)
		}
		keys, _ := a.KeyPlan()
		if slices.ContainsFunc(keys, func(k grant.KeyInfo) bool { return k.ID == old }) {
			t.Error("the key is still listed")
		}
		records, err := a.journal.About(t.Context(), a.db.View(), old, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range records {
			got = append(got, r.Action)
		}
		if slices.Sort(got); !slices.Equal(got, []string{"key.dropped", "key.forgotten", "key.signs"}) {
			t.Errorf("the journal says of it %q", got)
		}
	})
}

// TestAStartAsksForAnAlgorithm, and gets it when verifiers know the key.
func TestAStartAsksForAnAlgorithm(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, nil)
	second := open(t, dir, nil, func(c *Config) { c.TokenAlg = jwt.RS256 })
	if second.keys.Signer().ID() != first.keys.Signer().ID() {
		t.Errorf("signs with %v before anybody knows it", second.keys.Signer())
	}
	_, ahead := second.KeyPlan()
	if s := ahead[0]; s.Act != grant.UseKey || s.Algorithm != jwt.RS256 || time.Until(s.At) > time.Hour || time.Until(s.At) < 59*time.Minute {
		t.Errorf("next: %+v", s)
	}
	third := open(t, dir, nil, func(c *Config) { c.TokenAlg = jwt.RS256 })
	if keys, _ := third.KeyPlan(); len(keys) != 3 {
		t.Errorf("%d keys", len(keys))
	}
}

// TestALeakedKeyIsRetired: what it signed is refused at once by the process that retires it, also a token that was seen before, within a
// second by another, and the feed tells it from the same transaction. Nobody is signed out.
func TestALeakedKeyIsRetired(t *testing.T) {
	for _, elsewhere := range []bool{false, true} {
		dir := t.TempDir()
		server := open(t, dir, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { server.Run(ctx) })
		t.Cleanup(func() { cancel(); running.Wait() })
		signUp(t, server, anna)
		tok, err := server.IssueTokens(t.Context(), Credentials{Email: anna, Password: password}, Client{})
		if err != nil {
			t.Fatal(err)
		}
		g, err := server.Guard()
		if err != nil {
			t.Fatal(err)
		}
		if d := checkBearer(g, tok.Access); !d.Allowed() { // and remembers it
			t.Fatal(d.Err)
		}
		command := server
		if elsewhere {
			command = open(t, dir, nil)
		}
		leaked := server.keys.Signer().ID()
		steps, err := command.RetireKey(t.Context(), leaked, ActorCommand)
		if err != nil || len(steps) != 2 || !steps[0].Leaked || steps[1].Act != grant.UseKey {
			t.Fatal(steps, err)
		}
		if elsewhere {
			soon(t, "the token is still accepted", func() bool { return !checkBearer(g, tok.Access).Allowed() })
		}
		if d := checkBearer(g, tok.Access); d.Reason() != guard.InvalidToken {
			t.Errorf("the token is refused with %q", d.Reason())
		}
		es, err := server.feed.Entries(t.Context(), server.db.View(), 0, 100, 100)
		if err != nil || len(es) != 1 || es[0].Kind != grant.KeyEntry || es[0].Key != leaked {
			t.Errorf("the feed tells %+v, %v", es, err)
		}
		if got := deeds(t, server); !slices.Equal(got[2:], []string{"key.retired command", "key.signs command"}) {
			t.Errorf("the journal has %q", got)
		}
		if tok, err = server.Refresh(t.Context(), tok.Refresh, "", "", Client{}); err != nil {
			t.Fatal(err)
		}
		if d := checkBearer(g, tok.Access); !d.Allowed() {
			t.Errorf("a token of the new key: %v", d.Err)
		}
	}
}

// TestAKeyIsNeverHalfRetired: whatever statement fails, either all of it happened or nothing.
func TestAKeyIsNeverHalfRetired(t *testing.T) {
	var faults db.Faults
	a := open(t, t.TempDir(), &faults)
	signer := a.keys.Signer().ID()
	for n := 1; ; n++ {
		ops := 0
		faults.Set(func(db.Op) error {
			if ops++; ops == n {
				return errors.New("disk gone")
			}
			return nil
		})
		_, err := a.RetireKey(t.Context(), signer, ActorCommand)
		faults.Set(nil)
		if ops < n {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if err == nil {
			t.Fatalf("operation %d failed and success was reported", n)
		}
		if _, err := a.reloadKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
		told, err := a.feed.Head(t.Context(), a.db.View())
		if err != nil {
			t.Fatal(err)
		}
		if retired := a.keys.Signer().ID() != signer; retired != (told == 1) {
			t.Fatalf("operation %d: retired %v, told %d", n, retired, told)
		} else if retired {
			break // all of it was committed, and reading it back failed
		}
	}
}

// TestAWatchThatIsLostMakesTokensAskForKeys: a key that another process retires is noticed with the next token.
func TestAWatchThatIsLostMakesTokensAskForKeys(t *testing.T) {
	dir := t.TempDir()
	server := open(t, dir, nil)
	signUp(t, server, anna)
	tok, err := server.IssueTokens(t.Context(), Credentials{Email: anna, Password: password}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := server.Guard()
	if err != nil {
		t.Fatal(err)
	}
	if d := checkBearer(g, tok.Access); !d.Allowed() {
		t.Fatal(d.Err)
	}
	server.follower.loseSight(errors.New("the watch is lost"))
	if d := checkBearer(g, tok.Access); !d.Allowed() {
		t.Fatal(d.Err)
	}
	if _, err := open(t, dir, nil).RetireKey(t.Context(), server.keys.Signer().ID(), ActorCommand); err != nil {
		t.Fatal(err)
	}
	if d := checkBearer(g, tok.Access); d.Reason() != guard.StoreUnavailable {
		t.Errorf("got %q", d.Reason())
	}
	if d := checkBearer(g, tok.Access); d.Reason() != guard.InvalidToken {
		t.Errorf("got %q", d.Reason())
	}
}

// TestABrokenDatabaseChangesNoKey: they sign and verify on, it is logged, and the next minute does what was due.
func TestABrokenDatabaseChangesNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var faults db.Faults
		a := open(t, t.TempDir(), &faults)
		var out bytes.Buffer
		a.log = slog.New(slog.NewTextHandler(&out, nil))
		signer := a.keys.Signer()
		time.Sleep(29 * 24 * time.Hour)
		faults.Set(func(db.Op) error { return errors.New("disk gone") })
		a.turnKeys(t.Context())
		faults.Set(nil)
		if keys, _ := a.KeyPlan(); len(keys) != 2 || a.keys.Signer() != signer || !strings.Contains(out.String(), "level=ERROR msg=key.schedule") {
			t.Errorf("%d keys; the log: %s", len(keys), out.String())
		}
		a.turnKeys(t.Context())
		if keys, _ := a.KeyPlan(); len(keys) != 4 {
			t.Errorf("%d keys after it was mended", len(keys))
		}
	})
}

// TestASharedSecretIsGivenToNobody_TK20: neither published nor fit to forge what the feed and the journal say.
func TestASharedSecretIsGivenToNobody_TK20(t *testing.T) {
	var out bytes.Buffer
	a := open(t, t.TempDir(), nil, func(c *Config) { c.TokenAlg = jwt.HS256 })
	a.log = slog.New(slog.NewTextHandler(&out, nil))
	signUp(t, a, anna)
	tok, err := a.IssueTokens(t.Context(), Credentials{Email: anna, Password: password}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	if d := bearer(t, a, tok.Access); !d.Allowed() {
		t.Error(d.Err)
	}
	set := a.PublicKeys()
	if keys := set.Keys(); len(keys) != 1 || keys[0].ID() != a.keys.FeedSigner().ID() {
		t.Errorf("%v is published", keys)
	}
	text, err := a.ExportKeys(t.Context(), ActorCommand)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := jwt.ParseKeySet(text)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jwt.NewVerifier(a.Issuer(), a.Issuer(), shared, []jwt.Algorithm{jwt.HS256}, &jwt.VerifierOptions{Type: TokenType})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(tok.Access); err != nil {
		t.Errorf("a service that was given the secret: %v", err)
	}
	if got := deeds(t, a); got[len(got)-1] != "key.exported command" {
		t.Errorf("the journal has %q", got)
	}
	a.signHead(t.Context())
	_, head, _ := strings.Cut(out.String(), "signed=")
	if _, err := jwt.VerifySignature(strings.TrimSpace(head), set, []jwt.Algorithm{jwt.ES256}); err != nil {
		t.Errorf("the head of the journal is not signed by the feed key: %v", err)
	}
	for _, secret := range []string{string(text), tok.Access} {
		if strings.Contains(out.String(), secret) {
			t.Error("a secret is logged")
		}
	}
}
