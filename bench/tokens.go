package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	golang "github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwa"
	jwx "github.com/lestrrat-go/jwx/v3/jwt"
)

const (
	tokenIssuer   = "https://a.example"
	tokenAudience = "https://b.example"
)

// signer is one key, as each library wants it.
type signer struct {
	alg     jwt.Algorithm
	private any
	public  any
}

func newSigner(alg jwt.Algorithm) signer {
	switch alg {
	case jwt.HS256:
		secret := []byte("0123456789abcdef0123456789abcdef")
		return signer{alg, secret, secret}
	case jwt.ES256:
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
		return signer{alg, k, &k.PublicKey}
	case jwt.EdDSA:
		public, private, err := ed25519.GenerateKey(rand.Reader)
		must(err)
		return signer{alg, private, public}
	default:
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		must(err)
		return signer{alg, k, &k.PublicKey}
	}
}

func tokenClaims() jwt.Claims {
	return jwt.Claims{Issuer: tokenIssuer, Subject: "anna", Audience: jwt.Audience{tokenAudience}, Expires: jwt.At(time.Now().Add(time.Hour)), IssuedAt: jwt.At(time.Now())}
}

// tokens are the rows of package jwt: HMAC in times of its limit, the others in what they cost above it.
func tokens(t *table, rounds int) {
	t.heading("%-40s %10s %10s %7s %7s %7s  %s\n", "tokens", "limit", "ours", "ratio", "budget", "allocs", "peers")
	for _, one := range []struct {
		what string
		make func() row
	}{{"HS256 verify with typed claims", func() row { return verifyRow(jwt.HS256, 0) }}, {"HS256 sign", signRow}} {
		if !t.wants(one.what) {
			continue
		}
		r := one.make()
		d := pair(r.limit, r.ours, 500*rounds)
		others := ""
		for _, p := range r.peers {
			others += fmt.Sprintf("%s %.1fx  ", p.name, pair(r.limit, p, 10*rounds).ratio)
		}
		holds := d.ratio <= r.budget && d.allocs <= 3
		t.printf("%-40s %10s %10s %6.2fx %6.1fx %7.1f  %s%s\n", one.what, ns(d.limitNS), ns(d.oursNS), d.ratio, r.budget, d.allocs, others, t.verdict(holds))
	}
	t.heading("\n%-40s %10s %10s %10s %7s %7s  %s\n", "tokens, above the primitive", "limit", "ours", "above", "budget", "allocs", "peers, above")
	for _, alg := range []jwt.Algorithm{jwt.EdDSA, jwt.ES256, jwt.RS256} {
		what := string(alg) + " verify"
		if !t.wants(what) {
			continue
		}
		const budget = 1500
		r := verifyRow(alg, 0)
		d := pair(r.limit, r.ours, 500*rounds)
		others := ""
		for _, p := range r.peers {
			others += p.name + " " + ns(pair(r.limit, p, 10*rounds).aboveNS) + "  "
		}
		above := fmt.Sprintf("%.0f ±%.0f", d.aboveNS, d.errNS)
		t.printf("%-40s %10s %10s %10s %7s %7.1f  %s%s\n", what, ns(d.limitNS), ns(d.oursNS), above, ns(budget), d.allocs, others, t.verdict(d.aboveNS <= budget))
	}
	if what := "ES256 verify, a token seen before"; t.wants(what) {
		r := verifyRow(jwt.ES256, 1<<20)
		d := pair(r.limit, r.ours, 20*rounds)
		t.printf("%-40s %10s %10s\n", what, ns(d.limitNS), ns(d.oursNS))
	}
}

// verifyRow verifies a token with typed claims; keep is the memory for tokens seen before.
func verifyRow(alg jwt.Algorithm, keep int) row {
	s := newSigner(alg)
	key, err := jwt.NewKey(alg, s.private, nil)
	must(err)
	token, err := jwt.Sign(key, "at+jwt", tokenClaims())
	must(err)
	if public, ok := key.Public(); ok {
		key = public
	}
	set, err := jwt.NewKeySet(key)
	must(err)
	v, err := jwt.NewVerifier(tokenIssuer, tokenAudience, set, []jwt.Algorithm{alg}, &jwt.VerifierOptions{Type: "at+jwt", KeepBytes: keep})
	must(err)
	return row{
		budget: 2.5,
		limit:  subject{"primitive + base64", bareVerify(s, token)},
		ours: subject{"jwt.Verifier", func(n int) {
			for range n {
				_, err := v.Verify(token)
				must(err)
			}
		}},
		peers: []subject{{"golang-jwt", golangVerify(s, token)}, {"go-jose", joseVerify(s, token)}, {"jwx", jwxVerify(s, token)}},
	}
}

// bareVerify is the least that anybody must do: the signature out of base64, and the primitive.
func bareVerify(s signer, token string) func(int) {
	dot := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	must(err)
	check := barePrimitive(s, []byte(token[:dot]), signature)
	return func(n int) {
		for range n {
			sig, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
			must(err)
			if !check(sig) {
				panic("signature")
			}
		}
	}
}

// barePrimitive verifies with what package crypto offers for each. For ECDSA that wants ASN.1, which is made of the signature beforehand.
func barePrimitive(s signer, signed, signature []byte) func(sig []byte) bool {
	switch k := s.public.(type) {
	case []byte:
		mac := hmac.New(sha256.New, k)
		return func(sig []byte) bool {
			mac.Reset()
			mac.Write(signed)
			return hmac.Equal(sig, mac.Sum(nil))
		}
	case ed25519.PublicKey:
		return func(sig []byte) bool { return ed25519.Verify(k, signed, sig) }
	case *ecdsa.PublicKey:
		der, err := asn1.Marshal([]*big.Int{new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])})
		must(err)
		return func([]byte) bool {
			digest := sha256.Sum256(signed)
			return ecdsa.VerifyASN1(k, digest[:], der)
		}
	default:
		return func(sig []byte) bool {
			digest := sha256.Sum256(signed)
			return rsa.VerifyPKCS1v15(k.(*rsa.PublicKey), crypto.SHA256, digest[:], sig) == nil
		}
	}
}

func golangVerify(s signer, token string) func(int) {
	parser := golang.NewParser(golang.WithValidMethods([]string{string(s.alg)}), golang.WithIssuer(tokenIssuer), golang.WithAudience(tokenAudience))
	return func(n int) {
		for range n {
			var c golang.RegisteredClaims
			_, err := parser.ParseWithClaims(token, &c, func(*golang.Token) (any, error) { return s.public, nil })
			must(err)
		}
	}
}

func joseVerify(s signer, token string) func(int) {
	algs := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(s.alg)}
	return func(n int) {
		for range n {
			tok, err := josejwt.ParseSigned(token, algs)
			must(err)
			var c josejwt.Claims
			must(tok.Claims(s.public, &c))
			must(c.Validate(josejwt.Expected{Issuer: tokenIssuer, AnyAudience: josejwt.Audience{tokenAudience}, Time: time.Now()}))
		}
	}
}

func jwxVerify(s signer, token string) func(int) {
	alg, ok := jwa.LookupSignatureAlgorithm(string(s.alg))
	if !ok {
		panic(s.alg)
	}
	text := []byte(token)
	return func(n int) {
		for range n {
			_, err := jwx.Parse(text, jwx.WithKey(alg, s.public), jwx.WithIssuer(tokenIssuer), jwx.WithAudience(tokenAudience))
			must(err)
		}
	}
}

// signRow signs claims with HMAC.
func signRow() row {
	s := newSigner(jwt.HS256)
	key, err := jwt.NewKey(jwt.HS256, s.private, nil)
	must(err)
	claims := tokenClaims()
	token, err := jwt.Sign(key, "at+jwt", claims)
	must(err)
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(err)
	mac := hmac.New(sha256.New, s.private.([]byte))
	peerClaims := golang.RegisteredClaims{
		Issuer: tokenIssuer, Subject: "anna", Audience: golang.ClaimStrings{tokenAudience},
		ExpiresAt: golang.NewNumericDate(claims.Expires.Time), IssuedAt: golang.NewNumericDate(claims.IssuedAt.Time),
	}
	return row{
		budget: 2,
		limit: subject{"HMAC + base64", func(n int) {
			b := make([]byte, 0, 1024)
			for range n {
				b = append(append(b[:0], parts[0]...), '.')
				b = base64.RawURLEncoding.AppendEncode(b, payload)
				mac.Reset()
				mac.Write(b)
				b = base64.RawURLEncoding.AppendEncode(append(b, '.'), mac.Sum(nil))
				if string(b) != token {
					panic(token)
				}
			}
		}},
		ours: subject{"jwt.Sign", func(n int) {
			for range n {
				_, err := jwt.Sign(key, "at+jwt", claims)
				must(err)
			}
		}},
		peers: []subject{{"golang-jwt", func(n int) {
			for range n {
				_, err := golang.NewWithClaims(golang.SigningMethodHS256, peerClaims).SignedString(s.private)
				must(err)
			}
		}}},
	}
}
