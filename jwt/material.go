package jwt

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"strconv"
)

// copy accepts for each algorithm its own types and no others: there
// is no way from a public key to an HMAC secret but by converting it by hand.
func (s *scheme) copy(from any) (material, error) {
	switch s.keyType {
	case "oct":
		if b, ok := from.([]byte); ok {
			return newSecret(s.hash, b)
		}
	case "EC":
		switch k := from.(type) {
		case *ecdsa.PrivateKey:
			return copyECPrivate(s.ecCurve(), k)
		case *ecdsa.PublicKey:
			return copyECPublic(s.ecCurve(), k)
		}
	case "OKP":
		switch k := from.(type) {
		case ed25519.PrivateKey:
			return copyEdPrivate(k)
		case ed25519.PublicKey:
			return newEdKey(k, nil)
		}
	case "RSA":
		switch k := from.(type) {
		case *rsa.PrivateKey:
			return copyRSAPrivate(s, k)
		case *rsa.PublicKey:
			return copyRSAPublic(s, k)
		}
	}
	return nil, refuse(ErrKey, "", fmt.Sprintf("%s has no keys of type %T", s.name, from))
}

func (s *scheme) generate() (material, error) {
	switch s.keyType {
	case "oct":
		return generateSecret(s.hash), nil
	case "EC":
		return generateECKey(s.ecCurve())
	case "OKP":
		return generateEdKey()
	default:
		return generateRSAKey(s)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
