package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
	golang "github.com/golang-jwt/jwt/v5"
)

// tokenRow verifies a token with typed claims.
func tokenRow() row {
	secret := []byte("0123456789abcdef0123456789abcdef")
	key, err := jwt.NewKey(jwt.HS256, secret, nil)
	must(err)
	claims := jwt.Claims{Issuer: "https://a.example", Subject: "anna", Audience: jwt.Audience{"https://b.example"}, Expires: jwt.At(time.Now().Add(time.Hour)), IssuedAt: jwt.At(time.Now())}
	token, err := jwt.Sign(key, "at+jwt", claims)
	must(err)
	set, err := jwt.NewKeySet(key)
	must(err)
	v, err := jwt.NewVerifier("https://a.example", "https://b.example", set, []jwt.Algorithm{jwt.HS256}, &jwt.VerifierOptions{Type: "at+jwt"})
	must(err)
	dot := strings.LastIndexByte(token, '.')
	mac := hmac.New(sha256.New, secret)
	parser := golang.NewParser(golang.WithValidMethods([]string{"HS256"}), golang.WithIssuer("https://a.example"), golang.WithAudience("https://b.example"))
	return row{
		budget: 2.5,
		limit: subject{"HMAC + base64", func(n int) {
			for range n {
				mac.Reset()
				mac.Write([]byte(token[:dot]))
				sig, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
				must(err)
				if !hmac.Equal(sig, mac.Sum(nil)) {
					panic("signature")
				}
			}
		}},
		ours: subject{"jwt.Verifier", func(n int) {
			for range n {
				_, err := v.Verify(token)
				must(err)
			}
		}},
		peers: []subject{{"golang-jwt", func(n int) {
			for range n {
				var c golang.RegisteredClaims
				_, err := parser.ParseWithClaims(token, &c, func(*golang.Token) (any, error) { return secret, nil })
				must(err)
			}
		}}},
	}
}
