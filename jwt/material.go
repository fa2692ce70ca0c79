package jwt

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"strconv"
)

// newMaterial accepts for each algorithm its own types and no others: there
// is no way from a public key to an HMAC secret but by converting it by hand.
func newMaterial(alg Algorithm, from any) (material, error) {
	switch alg {
	case HS256:
		if b, ok := from.([]byte); ok {
			return newSecret(b)
		}
	case ES256:
		switch k := from.(type) {
		case *ecdsa.PrivateKey:
			return copyECPrivate(k)
		case *ecdsa.PublicKey:
			return copyECPublic(k)
		}
	case EdDSA:
		switch k := from.(type) {
		case ed25519.PrivateKey:
			return copyEdPrivate(k)
		case ed25519.PublicKey:
			return newEdKey(k, nil)
		}
	case RS256:
		switch k := from.(type) {
		case *rsa.PrivateKey:
			return copyRSAPrivate(k)
		case *rsa.PublicKey:
			return copyRSAPublic(k)
		}
	default:
		return nil, refuse(ErrKey, "alg", "got "+quote(string(alg))+", want HS256, ES256, EdDSA or RS256")
	}
	return nil, refuse(ErrKey, "", fmt.Sprintf("%s has no keys of type %T", alg, from))
}

func generateMaterial(alg Algorithm) (material, error) {
	switch alg {
	case HS256:
		return generateSecret(), nil
	case ES256:
		return generateECKey()
	case EdDSA:
		return generateEdKey()
	case RS256:
		return generateRSAKey()
	}
	return nil, refuse(ErrKey, "alg", "got "+quote(string(alg))+", want HS256, ES256, EdDSA or RS256")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
