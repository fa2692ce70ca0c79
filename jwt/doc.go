// Package jwt signs and verifies JSON Web Tokens in their compact form
// (RFC 7515, 7517, 7518, 7519, 8037, 8725).
//
// The common case is a key, a signed token and a verifier:
//
//	key, err := jwt.GenerateKey(jwt.ES256)
//	token, err := jwt.Sign(key, "at+jwt", jwt.Claims{
//		Issuer:   "https://login.example",
//		Subject:  "alice",
//		Audience: jwt.Audience{"https://api.example"},
//		Expires:  jwt.At(time.Now().Add(10 * time.Minute)),
//	})
//	keys, err := jwt.NewKeySet(key)
//	verifier, err := jwt.NewVerifier("https://login.example", "https://api.example",
//		keys, []jwt.Algorithm{jwt.ES256}, &jwt.VerifierOptions{Type: "at+jwt"})
//	t, err := verifier.Verify(token) // t.Claims().Subject
//
// What it refuses, whatever the options say: the algorithm none, an algorithm
// that the caller did not list or that is not the key's own, keys named or
// carried by the token itself (jku, x5u, jwk, x5c), any critical header,
// doubled JSON members, base64url with padding, white space or stray bits, and
// tokens without an expiry. A refused token never comes back beside its error.
//
// It signs and verifies with HMAC, ECDSA, Ed25519, RSA and RSA-PSS; [Algorithms] are the names. A key has one of
// them for all its life. Encrypted tokens (JWE) are refused as malformed; the JSON serializations, detached and
// unencoded payloads with errors of their own.
package jwt
