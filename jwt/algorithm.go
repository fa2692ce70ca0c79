package jwt

// Algorithm is the name of a signature algorithm as it stands in the header
// parameter "alg" (RFC 7518 section 3.1, RFC 8037 section 3.1). Names are
// compared octet for octet: "hs256" is no algorithm. There is no "none".
type Algorithm string

const (
	HS256 Algorithm = "HS256" // HMAC with SHA-256: one secret both signs and verifies
	ES256 Algorithm = "ES256" // ECDSA on P-256 with SHA-256; the choice when in doubt
	EdDSA Algorithm = "EdDSA" // Ed25519
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256, for peers that know nothing else
)

// Algorithms returns the algorithms that this package can run. It is a list
// to choose from, not a default: a verifier runs only what its caller names.
func Algorithms() []Algorithm { return []Algorithm{HS256, ES256, EdDSA, RS256} }

func (a Algorithm) supported() bool {
	switch a {
	case HS256, ES256, EdDSA, RS256:
		return true
	}
	return false
}

// symmetric reports whether the key that verifies can also sign.
func (a Algorithm) symmetric() bool { return a == HS256 }

// keyType is the JWK "kty" (RFC 7518 section 6.1) of keys for a.
func (a Algorithm) keyType() string {
	switch a {
	case HS256:
		return "oct"
	case ES256:
		return "EC"
	case EdDSA:
		return "OKP"
	case RS256:
		return "RSA"
	}
	return ""
}

// algorithmOf is the one algorithm for a JWK that names none.
func algorithmOf(kty string) Algorithm {
	for _, a := range Algorithms() {
		if a.keyType() == kty {
			return a
		}
	}
	return ""
}
