package jwt

import (
	"crypto"
	"slices"
	"strings"
)

// Algorithm is the name of a signature algorithm as it stands in the header
// parameter "alg" (RFC 7518 section 3.1, RFC 8037 section 3.1). Names are
// compared octet for octet: "hs256" is no algorithm. There is no "none".
type Algorithm string

// When in doubt take ES256 or EdDSA.
const (
	HS256 Algorithm = "HS256" // HMAC with SHA-256: one secret both signs and verifies
	HS384 Algorithm = "HS384"
	HS512 Algorithm = "HS512"

	ES256 Algorithm = "ES256" // ECDSA on P-256 with SHA-256
	ES384 Algorithm = "ES384" // on P-384 with SHA-384
	ES512 Algorithm = "ES512" // on P-521 with SHA-512

	// EdDSA is Ed25519. RFC 9864 gives it a second name, "Ed25519", which is read as EdDSA wherever an algorithm is
	// named: in tokens, keys and lists. What is written says EdDSA, the name that every peer knows.
	EdDSA Algorithm = "EdDSA"

	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256, for peers that know nothing else
	RS384 Algorithm = "RS384"
	RS512 Algorithm = "RS512"

	PS256 Algorithm = "PS256" // RSASSA-PSS with SHA-256, and a salt as long as the hash
	PS384 Algorithm = "PS384"
	PS512 Algorithm = "PS512"
)

// A scheme is how an algorithm signs.
type scheme struct {
	name    Algorithm
	keyType string      // JWK "kty" (RFC 7518 section 6.1)
	curve   string      // JWK "crv", where keys have one
	hash    crypto.Hash // 0 where it is part of the mathematics
	pss     bool
}

// schemes are all that this package can run. For a JWK without "alg" the first that fits its type and curve counts.
var schemes = [...]scheme{
	{name: HS256, keyType: "oct", hash: crypto.SHA256},
	{name: HS384, keyType: "oct", hash: crypto.SHA384},
	{name: HS512, keyType: "oct", hash: crypto.SHA512},
	{name: ES256, keyType: "EC", curve: "P-256", hash: crypto.SHA256},
	{name: ES384, keyType: "EC", curve: "P-384", hash: crypto.SHA384},
	{name: ES512, keyType: "EC", curve: "P-521", hash: crypto.SHA512},
	{name: EdDSA, keyType: "OKP", curve: "Ed25519"},
	{name: RS256, keyType: "RSA", hash: crypto.SHA256},
	{name: RS384, keyType: "RSA", hash: crypto.SHA384},
	{name: RS512, keyType: "RSA", hash: crypto.SHA512},
	{name: PS256, keyType: "RSA", hash: crypto.SHA256, pss: true},
	{name: PS384, keyType: "RSA", hash: crypto.SHA384, pss: true},
	{name: PS512, keyType: "RSA", hash: crypto.SHA512, pss: true},
}

// Algorithms returns the algorithms that this package can run. It is a list
// to choose from, not a default: a verifier runs only what its caller names.
func Algorithms() []Algorithm {
	list := make([]Algorithm, len(schemes))
	for i, s := range schemes {
		list[i] = s.name
	}
	return list
}

// canonical is the one name under which a is compared: RFC 9864 section 2.2 has two for Ed25519.
func (a Algorithm) canonical() Algorithm {
	if a == "Ed25519" {
		return EdDSA
	}
	return a
}

func canonical(list []Algorithm) []Algorithm {
	list = slices.Clone(list)
	for i, a := range list {
		list[i] = a.canonical()
	}
	return list
}

// scheme is nil for what this package cannot run.
func (a Algorithm) scheme() *scheme {
	a = a.canonical()
	for i := range schemes {
		if schemes[i].name == a {
			return &schemes[i]
		}
	}
	return nil
}

func (a Algorithm) supported() bool { return a.scheme() != nil }

// symmetric reports whether the key that verifies can also sign.
func (a Algorithm) symmetric() bool { s := a.scheme(); return s != nil && s.keyType == "oct" }

func unknownAlgorithm(r error, where string, a Algorithm) error {
	return refuse(r, where, "got "+quote(string(a))+", want one of "+list(Algorithms()))
}

func list(algorithms []Algorithm) string {
	var names []string
	for _, a := range algorithms {
		names = append(names, string(a))
	}
	return strings.Join(names, ", ")
}
