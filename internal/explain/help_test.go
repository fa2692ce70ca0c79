package explain

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"testing"
)

// signed makes an HMAC token; package jwt would refuse most of these secrets.
func signed(t testing.TB, alg, secret, claims string) string {
	t.Helper()
	return signedWith(t, `{"alg":"`+alg+`","typ":"JWT"}`, alg, secret, claims)
}

func signedWith(t testing.TB, header, alg, secret, claims string) string {
	t.Helper()
	h := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}[alg]
	text := encode([]byte(header)) + "." + encode([]byte(claims))
	mac := hmac.New(h, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}
