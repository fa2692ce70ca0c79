package jwt

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// keeping is a verifier that keeps tokens, and the source of its keys, which a test may exchange.
func keeping(t *testing.T, k *Key, opts VerifierOptions) (*Verifier, *sourceFunc) {
	t.Helper()
	set := mustSet(t, published(k))
	source := sourceFunc(set.Key)
	opts.KeepBytes = max(opts.KeepBytes, 1<<20)
	v, err := NewVerifier(testIssuer, testAudience, sourceFunc(func(kid string) (*Key, error) { return source(kid) }), Algorithms(), &opts)
	if err != nil {
		t.Fatal(err)
	}
	return v, &source
}

func TestKeptTokenIsTheSame(t *testing.T) {
	for alg, k := range testKeys() {
		v, _ := keeping(t, k, VerifierOptions{})
		token := mustSign(t, k, "", testClaims())
		first, err := v.Verify(token)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := v.Verify(token); err != nil || again != first {
			t.Errorf("%s: got %v, %v, want the token of before", alg, again, err)
		}
		for i := range token { // a token that differs anywhere is another
			changed := []byte(token)
			changed[i] ^= 1
			refused(t, v, fmt.Sprintf("%s: character %d", alg, i), string(changed), nil)
		}
		refused(t, v, "cut", token[:len(token)-1], nil)
		refused(t, v, "longer", token+"A", nil)
	}
}

// Nothing that is kept outlives what a verification would find now.
func TestKeptTokenIsCheckedAgain_TK12(t *testing.T) {
	k := testKeys()[ES256]
	now := time.Unix(1_800_000_000, 0)
	c := testClaims()
	c.NotBefore, c.IssuedAt, c.Expires = At(now.Add(-time.Minute)), At(now.Add(-time.Minute)), At(now.Add(time.Minute))
	token := mustSign(t, k, "", c)
	down := errors.New("store is down")
	onlySigns, err := newKey(k.alg, k.material, &KeyOptions{ID: k.id, Ops: []string{"sign"}})
	if err != nil {
		t.Fatal(err)
	}
	stranger := published(newTestKeyLike(t, k))
	answer := func(k *Key, err error) sourceFunc { return func(string) (*Key, error) { return k, err } }
	for _, row := range []struct {
		story  string
		at     time.Time
		source sourceFunc // nil: as before
		want   error
	}{
		{"just before exp", c.Expires.Add(-1), nil, nil},
		{"at exp", c.Expires.Time, nil, ErrExpired},
		{"at nbf", c.NotBefore.Time, nil, nil},
		{"just before nbf", c.NotBefore.Add(-1), nil, ErrNotYetValid},
		{"the key was retired", now, answer(nil, refuse(ErrUnknownKey, "kid", "")), ErrUnknownKey},
		{"the source returns nothing", now, answer(nil, nil), ErrUnknownKey},
		{"the source is down", now, answer(nil, down), down},
		{"another key has its place", now, answer(stranger, nil), ErrSignature},
		{"a key of another algorithm has its place", now, answer(testKeys()[EdDSA], nil), ErrAlgorithm},
		{"the key may not verify any more", now, answer(onlySigns, nil), ErrKey},
	} {
		v, source := keeping(t, k, VerifierOptions{})
		if _, err := v.VerifyAt(token, now); err != nil {
			t.Fatal(err)
		}
		if row.source != nil {
			*source = row.source
		}
		if got, err := v.VerifyAt(token, row.at); !errors.Is(err, row.want) || (got == nil) != (row.want != nil) {
			t.Errorf("%s: got %v, %v, want %v", row.story, got, err, row.want)
		}
	}
}

func TestRevokedIsAskedEachTime(t *testing.T) {
	k := testKeys()[HS256]
	token := mustSign(t, k, "", testClaims())
	down := errors.New("nobody knows")
	for _, keep := range []int{0, 1 << 20} {
		var answer error
		asked := 0
		v := testVerifier(t, k, &VerifierOptions{KeepBytes: keep, Revoked: func(t *Token) error {
			if asked++; t.Claims().ID != "t1" {
				return errors.New("asked about another token")
			}
			return answer
		}})
		for i, say := range []error{nil, nil, ErrRevoked, down, nil} {
			answer = say
			if got, err := v.Verify(token); !errors.Is(err, answer) || (got == nil) != (answer != nil) || asked != i+1 {
				t.Errorf("keeping %d, question %d of %d: got %v, %v, want %v", keep, i, asked, got, err, answer)
			}
		}
		answer = ErrRevoked
		if _, steps := v.Steps(token, time.Now()); steps[len(steps)-1].Check != CheckRevocation || Reason(steps[len(steps)-1].Err) != "revoked" {
			t.Errorf("got %v", steps)
		}
		asked = 0
		expired := testClaims()
		expired.Expires = At(time.Now().Add(-time.Second))
		refused(t, v, "expired", mustSign(t, k, "", expired), ErrExpired)
		if asked > 0 {
			t.Error("asked about a token that is refused anyway")
		}
	}
}

func TestKeptTokensAreBounded(t *testing.T) {
	k := testKeys()[HS256]
	const most = 64 << 10
	v := testVerifier(t, k, &VerifierOptions{KeepBytes: most})
	used := mustSign(t, k, "", testClaims())
	first, err := v.Verify(used)
	if err != nil {
		t.Fatal(err)
	}
	early := ""
	for i := range 1000 {
		c := testClaims()
		c.ID = fmt.Sprint(i)
		token := mustSign(t, k, "", c)
		if i == 0 {
			early = token
		}
		if _, err := v.Verify(token); err != nil {
			t.Fatal(err)
		}
		if got, err := v.Verify(used); err != nil || got != first {
			t.Fatalf("after %d others the token in use is forgotten: %v", i, err)
		}
		sum := 0
		for _, generation := range []map[[32]byte]*keptToken{v.kept.young, v.kept.old} {
			for _, k := range generation {
				sum += k.size()
			}
		}
		if sum > most {
			t.Fatalf("%d bytes are kept, limit %d", sum, most)
		}
	}
	if v.kept.find(hashToken(early)) != nil {
		t.Error("a token that nobody used is still kept")
	}
	tiny := testVerifier(t, k, &VerifierOptions{KeepBytes: 1000})
	for range 2 {
		if _, err := tiny.Verify(used); err != nil || len(tiny.kept.young) > 0 {
			t.Errorf("no room for one: %v, %d kept", err, len(tiny.kept.young))
		}
	}
}

func TestKeptTokensOfManyGoroutines(t *testing.T) {
	k := testKeys()[HS256]
	v := testVerifier(t, k, &VerifierOptions{KeepBytes: 16 << 10})
	var tokens []string
	for i := range 40 {
		c := testClaims()
		c.ID = fmt.Sprint(i)
		tokens = append(tokens, mustSign(t, k, "", c))
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 400 {
				id := fmt.Sprint(i % 40)
				if got, err := v.Verify(tokens[i%40]); err != nil || got.Claims().ID != id {
					t.Errorf("got %v, %v, want token %s", got, err, id)
				}
			}
		})
	}
	group.Wait()
}
