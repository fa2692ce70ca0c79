package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

// Each algorithm beside what is not to be had for less: the primitive, and
// base64 of the parts.
func BenchmarkVerify(b *testing.B) {
	for _, alg := range Algorithms() {
		k := testKeys()[alg]
		token := mustSign(b, k, "at+jwt", testClaims())
		v := testVerifier(b, published(k), &VerifierOptions{Type: "at+jwt"})
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(token); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(alg)+"/bare", func(b *testing.B) {
			b.ReportAllocs()
			dot := strings.LastIndexByte(token, '.')
			signed := []byte(token[:dot])
			signature, payload := []byte(token[dot+1:]), []byte(token[strings.IndexByte(token, '.')+1:dot])
			buf, raw := make([]byte, 1024), make([]byte, 1024)
			verify := bareVerify(k)
			for b.Loop() {
				if _, err := base64.RawURLEncoding.Decode(buf, payload); err != nil {
					b.Fatal(err)
				}
				n, err := base64.RawURLEncoding.Decode(raw, signature)
				if err != nil || !verify(signed, raw[:n]) {
					b.Fatal(err)
				}
			}
		})
	}
}

func bareVerify(k *Key) func(signed, signature []byte) bool {
	var room room
	digest := func(h crypto.Hash, signed []byte) []byte {
		room.signed = signed
		return room.hash(h)
	}
	switch m := k.material.(type) {
	case *secretKey:
		mac := hmac.New(k.alg.scheme().hash.New, m.bytes)
		return func(signed, signature []byte) bool {
			mac.Reset()
			mac.Write(signed)
			return hmac.Equal(mac.Sum(room.digest[:0]), signature)
		}
	case *ecKey:
		var der [160]byte
		return func(signed, signature []byte) bool {
			d := appendDERSignature(der[:0], signature[:m.size], signature[m.size:])
			return ecdsa.VerifyASN1(m.pub, digest(m.hash, signed), d)
		}
	case *edKey:
		return func(signed, signature []byte) bool { return ed25519.Verify(m.pub, signed, signature) }
	case *rsaKey:
		if m.pss {
			return func(signed, signature []byte) bool {
				return rsa.VerifyPSS(m.pub, m.hash, digest(m.hash, signed), signature, m.pssOptions()) == nil
			}
		}
		return func(signed, signature []byte) bool {
			return rsa.VerifyPKCS1v15(m.pub, m.hash, digest(m.hash, signed), signature) == nil
		}
	}
	return nil
}

func BenchmarkSign(b *testing.B) {
	claims := testClaims()
	for _, alg := range Algorithms() {
		k := testKeys()[alg]
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Sign(k, "at+jwt", claims); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("HS256/bare", func(b *testing.B) {
		b.ReportAllocs()
		k := testKeys()[HS256]
		token := mustSign(b, k, "at+jwt", claims)
		payload := payloadOf(b)
		signed := []byte(token[:strings.LastIndexByte(token, '.')])
		mac := hmac.New(sha256.New, k.material.(*secretKey).bytes)
		var sum [sha256.Size]byte
		buf := make([]byte, 1024)
		for b.Loop() {
			base64.RawURLEncoding.Encode(buf, payload)
			mac.Reset()
			mac.Write(signed)
			base64.RawURLEncoding.Encode(buf, mac.Sum(sum[:0]))
		}
	})
}

func BenchmarkRefuseMegabyteOfDots(b *testing.B) {
	k := testKeys()[HS256]
	v, err := NewVerifier(testIssuer, testAudience, mustSet(b, k), Algorithms(), &VerifierOptions{MaxBytes: 1 << 20})
	if err != nil {
		b.Fatal(err)
	}
	dots := strings.Repeat(".", 1<<20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(dots); err == nil {
			b.Fatal("accepted")
		}
	}
}

func BenchmarkClaims(b *testing.B) {
	payload := string(payloadOf(b))
	b.ReportAllocs()
	for b.Loop() {
		var t Token
		t.claims.Audience = t.one[:0]
		if _, err := parseClaims(payload, &t.claims, nil); err != nil {
			b.Fatal(err)
		}
	}
}
