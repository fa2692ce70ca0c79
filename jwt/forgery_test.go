package jwt

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// testKeys has one private key of each algorithm. Those of RSA, which are slow to make, have the same numbers: a token of one
// is refused by another for its algorithm alone.
var testKeys = sync.OnceValue(func() map[Algorithm]*Key { return newTestKeys() })

// strangers are other keys for the same algorithms.
var strangers = sync.OnceValue(func() map[Algorithm]*Key { return newTestKeys() })

func newTestKeys() map[Algorithm]*Key {
	numbers, err := rsa.GenerateKey(rand.Reader, minRSABits)
	if err != nil {
		panic(err)
	}
	keys := make(map[Algorithm]*Key)
	for _, alg := range Algorithms() {
		var k *Key
		if alg.scheme().keyType == "RSA" {
			k, err = NewKey(alg, numbers, nil)
		} else {
			k, err = GenerateKey(alg)
		}
		if err != nil {
			panic(err)
		}
		keys[alg] = k
	}
	return keys
}

const (
	testIssuer   = "https://login.example"
	testAudience = "https://api.example"
)

func testClaims() Claims {
	now := time.Now()
	return Claims{
		Issuer: testIssuer, Subject: "alice", Audience: Audience{testAudience},
		Expires: At(now.Add(10 * time.Minute)), IssuedAt: At(now), ID: "t1",
	}
}

// testVerifier allows every algorithm: what is refused here is not refused by the list.
func testVerifier(t testing.TB, k *Key, opts *VerifierOptions) *Verifier {
	t.Helper()
	v, err := NewVerifier(testIssuer, testAudience, mustSet(t, k), Algorithms(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// published is what everybody may know of k.
func published(k *Key) *Key {
	if p, ok := k.Public(); ok {
		return p
	}
	return k
}

func mustSign(t testing.TB, k *Key, typ string, claims any) string {
	t.Helper()
	token, err := Sign(k, typ, claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func payloadOf(t testing.TB) []byte {
	t.Helper()
	c := testClaims()
	b, err := c.append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// join makes a token of a header and payload as text and a signature over both.
func join(header string, payload []byte, sign func(signed string) []byte) string {
	signed := encodeBase64([]byte(header)) + "." + encodeBase64(payload)
	return signed + "." + encodeBase64(sign(signed))
}

func signWith(t testing.TB, k *Key) func(string) []byte {
	return func(signed string) []byte {
		r := room{signed: []byte(signed)}
		if err := k.material.sign(&r); err != nil {
			t.Fatal(err)
		}
		return r.signature
	}
}

func hmacWith(secret []byte) func(string) []byte { return hmacOf(HS256, secret) }

func hmacOf(alg Algorithm, secret []byte) func(string) []byte {
	return func(signed string) []byte {
		m := hmac.New(alg.scheme().hash.New, secret)
		m.Write([]byte(signed))
		return m.Sum(nil)
	}
}

func noSignature(string) []byte { return nil }

func refused(t testing.TB, v *Verifier, story, token string, want error) {
	t.Helper()
	got, err := v.Verify(token)
	if err == nil || got != nil {
		t.Errorf("%s: accepted: token %v, error %v", story, got, err)
		return
	}
	if want != nil && !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", story, err, want)
	}
}

func TestGoodTokensPass(t *testing.T) {
	for alg, k := range testKeys() {
		v := testVerifier(t, published(k), nil)
		token := mustSign(t, k, "JWT", testClaims())
		got, err := v.Verify(token)
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		if c := got.Claims(); c.Subject != "alice" || c.ID != "t1" || got.Header().Algorithm != alg || got.Header().KeyID != k.ID() {
			t.Errorf("%s: got %+v, %+v", alg, c, got.Header())
		}
		// The hand-made header of the forgeries below is good when the signature is.
		byHand := join(`{"alg":"`+string(alg)+`","kid":"`+k.ID()+`"}`, payloadOf(t), signWith(t, k))
		if _, err := v.Verify(byHand); err != nil {
			t.Errorf("%s by hand: %v", alg, err)
		}
	}
}

// registeredAlgorithms are the names for signatures of the IANA registry "JSON
// Web Signature and Encryption Algorithms", and a few for encryption.
var registeredAlgorithms = strings.Fields(`HS256 HS384 HS512 RS256 RS384 RS512 ES256 ES384 ES512 PS256 PS384 PS512
	none EdDSA Ed25519 Ed448 ES256K RS1 RSA1_5 RSA-OAEP RSA-OAEP-256 RSA-OAEP-384 RSA-OAEP-512 A128KW A192KW A256KW dir
	ECDH-ES ECDH-ES+A128KW ECDH-ES+A192KW ECDH-ES+A256KW A128GCMKW A192GCMKW A256GCMKW PBES2-HS256+A128KW
	PBES2-HS384+A192KW PBES2-HS512+A256KW A128CBC-HS256 A192CBC-HS384 A256CBC-HS512 A128GCM A192GCM A256GCM
	HS1 ESP256 ESP384 ESP512 ML-DSA-44 ML-DSA-65 ML-DSA-87`)

func TestNoneInEveryCaseAndEveryOtherName_TK01_TK03_CV13(t *testing.T) {
	var names []string
	for bits := range 16 {
		name := []byte("none")
		for i := range name {
			if bits>>i&1 == 1 {
				name[i] -= 'a' - 'A'
			}
		}
		names = append(names, string(name))
	}
	names = append(names, "", " ", "none ", " none", "none\x00", "nоne" /* Cyrillic o */, "hs256", "Hs256", "HS256 ", "es256", "eddsa", "EDDSA", "rs256")
	names = append(names, registeredAlgorithms...)
	payload := payloadOf(t)
	for alg, k := range testKeys() {
		v := testVerifier(t, published(k), nil)
		for _, name := range names {
			for _, kid := range []string{`,"kid":"` + k.ID() + `"`, ""} {
				header := string(appendString([]byte(`{"alg":`), name)) + kid + "}"
				story := fmt.Sprintf("%s key, alg %q, kid %q", alg, name, kid)
				refused(t, v, story+", no signature", join(header, payload, noSignature), nil)
				refused(t, v, story+", empty HMAC key", join(header, payload, hmacWith(nil)), nil)
				if Algorithm(name).canonical() != alg { // even under a good signature of the key itself
					want := ErrAlgorithm
					if kid == "" && Algorithm(name).supported() {
						want = ErrUnknownKey // there is none for that algorithm
					}
					refused(t, v, story+", signed by the key", join(header, payload, signWith(t, k)), want)
				}
			}
		}
	}
}

func TestAllowListIsRequiredAndExact_TK01(t *testing.T) {
	keys := mustSet(t, testKeys()[ES256])
	for _, list := range [][]Algorithm{nil, {}, {"none"}, {""}, {"es256"}, {ES256, "none"}, {"ES256K"}} {
		if v, err := NewVerifier(testIssuer, testAudience, keys, list, nil); err == nil || v != nil {
			t.Errorf("list %q: got %v, %v, want a refusal", list, v, err)
		}
		if _, err := VerifySignature("a.b.c", keys, list); !errors.Is(err, ErrOption) {
			t.Errorf("list %q: got %v, want %v", list, err, ErrOption)
		}
	}
	// A good token, by a known key, whose algorithm is not on the list.
	v, err := NewVerifier(testIssuer, testAudience, keys, []Algorithm{EdDSA, RS256, HS256}, nil)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, v, "ES256 not listed", mustSign(t, testKeys()[ES256], "", testClaims()), ErrAlgorithm)
}

// The caller's list is copied: it cannot grow behind the verifier.
func TestAllowListIsCopied_TK01(t *testing.T) {
	k := testKeys()[ES256]
	list := []Algorithm{EdDSA}
	v, err := NewVerifier(testIssuer, testAudience, mustSet(t, k), list, nil)
	if err != nil {
		t.Fatal(err)
	}
	list[0] = ES256
	refused(t, v, "the list was changed later", mustSign(t, k, "", testClaims()), ErrAlgorithm)
}

// publicForms are the ways in which libraries have taken a published key for
// an HMAC secret.
func publicForms(t *testing.T, k *Key) map[string][]byte {
	t.Helper()
	var std any
	switch m := k.material.(type) {
	case *ecKey:
		std = m.pub
	case *edKey:
		std = m.pub
	case *rsaKey:
		std = m.pub
	}
	der, err := x509.MarshalPKIXPublicKey(std)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	jwk, err := k.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string][]byte{
		"DER": der, "PEM": block, "PEM without its last line end": bytes.TrimSpace(block),
		"PEM with CRLF": bytes.ReplaceAll(block, []byte("\n"), []byte("\r\n")), "JWK": jwk, "kid": []byte(k.ID()),
	}
	switch m := k.material.(type) {
	case *ecKey:
		point, err := m.pub.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		forms["point"], forms["x"] = point, point[1:1+m.size]
	case *edKey:
		forms["x"] = m.pub
	case *rsaKey:
		forms["n"] = m.pub.N.Bytes()
		forms["PKCS1 DER"] = x509.MarshalPKCS1PublicKey(m.pub)
		forms["PKCS1 PEM"] = pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: forms["PKCS1 DER"]})
	}
	return forms
}

func TestPublicKeyAsSecret_TK02_CV14_CV16(t *testing.T) {
	payload := payloadOf(t)
	for alg, k := range testKeys() {
		if alg.symmetric() {
			continue
		}
		v := testVerifier(t, published(k), nil)
		for form, secret := range publicForms(t, k) {
			for _, kid := range []string{`,"kid":"` + k.ID() + `"`, ""} {
				for _, hs := range []Algorithm{HS256, HS384, HS512} {
					story := fmt.Sprintf("%s as %s for %s", alg, form, hs)
					refused(t, v, story, join(`{"alg":"`+string(hs)+`"`+kid+`}`, payload, hmacOf(hs, secret)), nil)
					refused(t, v, story+", own alg", join(`{"alg":"`+string(alg)+`"`+kid+`}`, payload, hmacOf(hs, secret)), ErrSignature)
				}
			}
			switch form { // the others are bytes like any
			case "kid", "x", "point", "n":
			default:
				for _, hs := range []Algorithm{HS256, HS384, HS512} {
					if _, err := NewKey(hs, secret, nil); !errors.Is(err, ErrKey) {
						t.Errorf("%s as %s was taken for a secret of %s: %v", alg, form, hs, err)
					}
				}
			}
		}
	}
}

// Material of one algorithm is no key of another, whatever it is wrapped in.
func TestMaterialFitsOneAlgorithm_TK02(t *testing.T) {
	materials := map[string]any{"nil": nil, "string": strings.Repeat("x", 40), "int": 1, "nil bytes": []byte(nil),
		"nil ec": (*ecdsa.PrivateKey)(nil), "empty ec": &ecdsa.PublicKey{}, "nil ed": ed25519.PrivateKey(nil),
		"short ed": ed25519.PublicKey("short"), "nil rsa": (*rsa.PublicKey)(nil), "empty rsa": &rsa.PrivateKey{}}
	fits := map[string][]Algorithm{}
	add := func(name string, m any, algs ...Algorithm) { materials[name], fits[name] = m, algs }
	for alg, k := range testKeys() {
		switch m := k.material.(type) {
		case *ecKey:
			add(string(alg)+" private", m.priv, alg)
			add(string(alg)+" public", m.pub, alg)
		case *edKey:
			add("ed private", m.priv, EdDSA, "Ed25519")
			add("ed public", m.pub, EdDSA, "Ed25519")
		case *rsaKey:
			add("rsa private", m.priv, RS256, RS384, RS512, PS256, PS384, PS512)
			add("rsa public", m.pub, RS256, RS384, RS512, PS256, PS384, PS512)
		}
	}
	for size, algs := range map[int][]Algorithm{
		31: nil, 32: {HS256}, 47: {HS256}, 48: {HS256, HS384}, 63: {HS256, HS384}, 64: {HS256, HS384, HS512}, 65: {HS256, HS384, HS512},
	} {
		add(fmt.Sprintf("%d bytes", size), bytes.Repeat([]byte{7}, size), algs...)
	}
	for _, alg := range append(Algorithms(), "Ed25519", "", "none", "ES256K", "hs256") {
		for name, m := range materials {
			k, err := NewKey(alg, m, nil)
			if want := slices.Contains(fits[name], alg); (err == nil) != want || (k != nil) != want {
				t.Errorf("%s of %s: got %v, %v", alg, name, k, err)
			}
		}
	}
}

// Every key of a set is tried with tokens of every other's algorithm.
func TestAlgorithmsOfOtherKeys_TK02(t *testing.T) {
	payload := payloadOf(t)
	for alg, k := range testKeys() {
		v := testVerifier(t, published(k), nil)
		for other, o := range testKeys() {
			if other == alg {
				continue
			}
			header := `{"alg":"` + string(other) + `","kid":"` + k.ID() + `"}`
			refused(t, v, string(other)+" under the kid of "+string(alg), join(header, payload, signWith(t, o)), ErrAlgorithm)
		}
	}
}

// The key that the token itself carries or points at is never used.
func TestEmbeddedKeys_TK04(t *testing.T) {
	payload := payloadOf(t)
	for _, alg := range Algorithms() {
		if alg.symmetric() {
			continue // there is nothing to embed
		}
		k, attacker := testKeys()[alg], newTestKey(t, alg)
		v := testVerifier(t, published(k), nil)
		jwk, err := attacker.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		for _, extra := range []string{
			`"jwk":` + string(jwk),
			`"jku":"http://127.0.0.1:1/jwks.json"`,
			`"x5u":"http://127.0.0.1:1/cert.pem"`,
			`"x5c":["MIIB"]`,
			`"jwk":` + string(jwk) + `,"jku":"https://evil.example"`,
		} {
			for _, kid := range []string{`"kid":"` + k.ID() + `",`, `"kid":"` + attacker.ID() + `",`, ""} {
				header := `{"alg":"` + string(alg) + `",` + kid + extra + `}`
				refused(t, v, header, join(header, payload, signWith(t, attacker)), nil)
				// They do no harm either: with the real signature the token is what it is.
				if kid != "" && strings.Contains(kid, k.ID()) {
					if _, err := v.Verify(join(header, payload, signWith(t, k))); err != nil {
						t.Errorf("%s: %v", header, err)
					}
				}
			}
		}
	}
}

func newTestKey(t testing.TB, alg Algorithm) *Key {
	t.Helper()
	if alg.scheme().keyType == "RSA" {
		return strangers()[alg]
	}
	k, err := GenerateKey(alg)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// CVE-2022-21449, and its relatives for all numbers that are special.
func TestPsychicSignatures(t *testing.T) {
	payload := payloadOf(t)
	for _, alg := range []Algorithm{ES256, ES384, ES512} {
		k := testKeys()[alg]
		v := testVerifier(t, published(k), nil)
		m := k.material.(*ecKey)
		n, p, one := m.Params().N, m.Params().P, big.NewInt(1)
		most := new(big.Int).Sub(new(big.Int).Lsh(one, uint(8*m.size)), one)
		special := []*big.Int{big.NewInt(0), one, new(big.Int).Sub(n, one), n, new(big.Int).Add(n, one), new(big.Int).Sub(p, one), p, most}
		header := `{"alg":"` + string(alg) + `","kid":"` + k.ID() + `"}`
		for _, r := range special {
			for _, s := range special {
				signature := append(r.FillBytes(make([]byte, m.size)), s.FillBytes(make([]byte, m.size))...)
				refused(t, v, fmt.Sprintf("%s r %x s %x", alg, r, s), join(header, payload, func(string) []byte { return signature }), ErrSignature)
			}
		}
	}
	for alg, k := range testKeys() {
		v := testVerifier(t, published(k), nil)
		header := `{"alg":"` + string(alg) + `","kid":"` + k.ID() + `"}`
		for _, size := range []int{0, 1, 31, 32, 33, 47, 48, 49, 63, 64, 65, 95, 96, 97, 131, 132, 133, 255, 256, 257, 384, 512} {
			for _, fill := range []byte{0, 1, 0xff} {
				zero := bytes.Repeat([]byte{fill}, size)
				refused(t, v, fmt.Sprintf("%s %d bytes of %d", alg, size, fill), join(header, payload, func(string) []byte { return zero }), ErrSignature)
			}
		}
	}
}

// RFC 7518 section 3.4: r and s side by side, neither DER nor longer nor shorter. Both
// s and n-s are good: JWS asks for no low s.
func TestECDSASignatureForm(t *testing.T) {
	for _, alg := range []Algorithm{ES256, ES384, ES512} {
		k := testKeys()[alg]
		v := testVerifier(t, published(k), nil)
		header, payload := `{"alg":"`+string(alg)+`","kid":"`+k.ID()+`"}`, payloadOf(t)
		m := k.material.(*ecKey)
		n, size := m.Params().N, m.size
		change := func(f func(sig []byte) []byte) string {
			return join(header, payload, func(signed string) []byte { return f(signWith(t, k)(signed)) })
		}
		other := change(func(sig []byte) []byte {
			s := new(big.Int).SetBytes(sig[size:])
			s.Sub(n, s).FillBytes(sig[size:])
			return sig
		})
		if _, err := v.Verify(other); err != nil {
			t.Errorf("%s n-s: %v", alg, err)
		}
		for story, f := range map[string]func([]byte) []byte{
			"DER":            func(sig []byte) []byte { return appendDERSignature(nil, sig[:size], sig[size:]) },
			"zero appended":  func(sig []byte) []byte { return append(sig, 0) },
			"zero prepended": func(sig []byte) []byte { return append([]byte{0}, sig...) },
			"a zero before each": func(sig []byte) []byte {
				return append(append([]byte{0}, sig[:size]...), append([]byte{0}, sig[size:]...)...)
			},
			"a zero between":  func(sig []byte) []byte { return append(append(sig[:size:size], 0), sig[size:]...) },
			"s and r swapped": func(sig []byte) []byte { return append(sig[size:2*size:2*size], sig[:size]...) },
			"r alone":         func(sig []byte) []byte { return sig[:size] },
			"r + n":           func(sig []byte) []byte { return plusOrder(sig, n, 0, size) },
			"s + n":           func(sig []byte) []byte { return plusOrder(sig, n, size, 2*size) },
		} {
			refused(t, v, string(alg)+" "+story, change(f), ErrSignature)
		}
	}
}

// plusOrder adds n to the number in sig[from:to], or leaves a forgery of another kind where the sum has no room.
func plusOrder(sig []byte, n *big.Int, from, to int) []byte {
	sum := new(big.Int).Add(new(big.Int).SetBytes(sig[from:to]), n)
	if sum.BitLen() > 8*(to-from) {
		sum = n
	}
	sum.FillBytes(sig[from:to])
	return sig
}

// RFC 8017: a signature of RSA is as long as the modulus, and one number has one spelling.
func TestRSASignatureForm(t *testing.T) {
	for _, alg := range []Algorithm{RS256, RS384, RS512, PS256, PS384, PS512} {
		k := testKeys()[alg]
		v := testVerifier(t, published(k), nil)
		n := k.material.(*rsaKey).pub.N
		for story, f := range map[string]func([]byte) []byte{
			"a zero before": func(sig []byte) []byte { return append([]byte{0}, sig...) },
			"a zero after":  func(sig []byte) []byte { return append(sig, 0) },
			"s + n":         func(sig []byte) []byte { return new(big.Int).Add(new(big.Int).SetBytes(sig), n).Bytes() },
			"n - s":         func(sig []byte) []byte { return new(big.Int).Sub(n, new(big.Int).SetBytes(sig)).FillBytes(sig) },
			"n":             func(sig []byte) []byte { return n.FillBytes(sig) },
			"one":           func(sig []byte) []byte { return big.NewInt(1).FillBytes(sig) },
		} {
			token := join(`{"alg":"`+string(alg)+`","kid":"`+k.ID()+`"}`, payloadOf(t), func(signed string) []byte { return f(signWith(t, k)(signed)) })
			refused(t, v, string(alg)+" "+story, token, ErrSignature)
		}
	}
}

// RFC 9864 section 2.2: one algorithm with two names. Nothing else has two.
func TestEd25519IsEdDSA(t *testing.T) {
	k := testKeys()[EdDSA]
	jwk := strings.Replace(string(toJSON(t, published(k))), `"EdDSA"`, `"Ed25519"`, 1)
	renamed, err := ParseKey([]byte(jwk))
	if err != nil || renamed.Algorithm() != EdDSA || !renamed.Equal(published(k)) {
		t.Fatalf("%s: got %v, %v", jwk, renamed, err)
	}
	for _, name := range []Algorithm{EdDSA, "Ed25519"} {
		token := join(`{"alg":"`+string(name)+`"}`, payloadOf(t), signWith(t, k))
		for _, list := range [][]Algorithm{{EdDSA}, {"Ed25519"}} {
			v, err := NewVerifier(testIssuer, testAudience, mustSet(t, renamed), list, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := v.Verify(token); err != nil || got.Header().Algorithm != EdDSA {
				t.Errorf("%s, list %s: got %v, %v", name, list, got, err)
			}
			if _, err := VerifySignature(token, mustSet(t, renamed), list); err != nil {
				t.Errorf("%s, list %s: %v", name, list, err)
			}
		}
		if generated, err := GenerateKey(name); err != nil || generated.Algorithm() != EdDSA {
			t.Errorf("%s: got %v, %v", name, generated, err)
		}
	}
	for _, name := range []string{"ed25519", "Ed448", "ESP256", "ES256K"} {
		refused(t, testVerifier(t, renamed, nil), name, join(`{"alg":"`+name+`"}`, payloadOf(t), signWith(t, k)), ErrAlgorithm)
	}
}

func TestSignatureComesBeforeClaims_TK09_CV02(t *testing.T) {
	for alg, k := range testKeys() {
		v := testVerifier(t, published(k), &VerifierOptions{Type: "at+jwt"})
		stranger := newTestKeyLike(t, k)
		expired := testClaims()
		expired.Expires = At(time.Now().Add(-time.Hour))
		refused(t, v, string(alg)+" expired", mustSign(t, k, "at+jwt", expired), ErrExpired)
		refused(t, v, string(alg)+" expired, of another type and badly signed", mustSign(t, stranger, "x+jwt", expired), ErrSignature)
		broken := `{"alg":"` + string(alg) + `","kid":"` + k.ID() + `"}`
		_, err := v.Verify(join(broken, []byte(`{"sub":"s3cret-subject"`), signWith(t, stranger)))
		if !errors.Is(err, ErrSignature) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: a claim that is not verified is in the error: %v", alg, err)
		}
	}
}

// newTestKeyLike makes another key with the same kid.
func newTestKeyLike(t testing.TB, k *Key) *Key {
	t.Helper()
	o := newTestKey(t, k.alg)
	o, err := newKey(k.alg, o.material, &KeyOptions{ID: k.id})
	if err != nil {
		t.Fatal(err)
	}
	return o
}
