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
	switch m := k.material.(type) {
	case *secretKey:
		mac := hmac.New(sha256.New, m.bytes)
		var sum [sha256.Size]byte
		return func(signed, signature []byte) bool {
			mac.Reset()
			mac.Write(signed)
			return hmac.Equal(mac.Sum(sum[:0]), signature)
		}
	case *ecKey:
		var der [80]byte
		return func(signed, signature []byte) bool {
			d := appendDERInteger(append(der[:0], 0x30, 0), signature[:p256Size])
			d = appendDERInteger(d, signature[p256Size:])
			d[1] = byte(len(d) - 2)
			digest := sha256.Sum256(signed)
			return ecdsa.VerifyASN1(m.pub, digest[:], d)
		}
	case *edKey:
		return func(signed, signature []byte) bool { return ed25519.Verify(m.pub, signed, signature) }
	case *rsaKey:
		return func(signed, signature []byte) bool {
			digest := sha256.Sum256(signed)
			return rsa.VerifyPKCS1v15(m.pub, crypto.SHA256, digest[:], signature) == nil
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
