//go:build !race

// The race detector has sync.Pool forget at random.

package jwt

import (
	"strings"
	"testing"
)

// A verification allocates the token, its payload, and what package crypto takes for itself; three are the budget for ours.
func TestVerifyAllocates(t *testing.T) {
	const most = 3
	for _, alg := range []Algorithm{HS256, ES256, EdDSA, RS256} {
		k := testKeys()[alg]
		token := mustSign(t, k, "at+jwt", testClaims())
		v := testVerifier(t, published(k), &VerifierOptions{Type: "at+jwt"})
		signed, signature, err := split(token)
		if err != nil {
			t.Fatal(err)
		}
		verify := bareVerify(k)
		bare := testing.AllocsPerRun(100, func() {
			if !verify(signed, signature) {
				t.Fatal("not verified")
			}
		})
		if n := testing.AllocsPerRun(100, func() {
			if _, err := v.Verify(token); err != nil {
				t.Fatal(err)
			}
		}); n-bare > most {
			t.Errorf("%s: got %v allocations beside %v of the primitive, want %d at most", alg, n-bare, bare, most)
		}
	}
}

// A signature with HMAC allocates the token, and the claims as they become an any.
func TestSignAllocates(t *testing.T) {
	const most = 2
	k, claims := testKeys()[HS256], testClaims()
	if n := testing.AllocsPerRun(100, func() {
		if _, err := Sign(k, "at+jwt", claims); err != nil {
			t.Fatal(err)
		}
	}); n > most {
		t.Errorf("got %v allocations, want %d at most", n, most)
	}
}

// split returns what a token's signature is about, and the signature.
func split(token string) (signed, signature []byte, err error) {
	dot := strings.LastIndexByte(token, '.')
	signature, err = appendBase64(nil, token[dot+1:])
	return []byte(token[:dot]), signature, err
}
