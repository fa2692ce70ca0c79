package jwt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
)

const p256Size = 32 // octets of a coordinate, of d, r and s (RFC 7518 sections 3.4 and 6.2)

// ecKey is a key on P-256.
type ecKey struct {
	pub  *ecdsa.PublicKey
	priv *ecdsa.PrivateKey // nil in a public key
	x, y string            // base64url
}

// newECKey takes the point in uncompressed form, 0x04 x y, and d or nil.
// Both parsers refuse points that are not on the curve, the point at infinity, and d
// outside 1 to n-1.
func newECKey(point, d []byte) (material, error) {
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, &Error{Rule: ErrKey, Where: "x, y", Detail: "no point on P-256", Err: err}
	}
	k := &ecKey{pub: pub, x: encodeBase64(point[1 : 1+p256Size]), y: encodeBase64(point[1+p256Size:])}
	if d == nil {
		return k, nil
	}
	if k.priv, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), d); err != nil {
		return nil, refuse(ErrKey, "d", "no private key on P-256")
	}
	if !k.priv.PublicKey.Equal(pub) {
		return nil, refuse(ErrKey, "d", "does not belong to x and y")
	}
	return k, nil
}

func generateECKey() (material, error) {
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return copyECPrivate(priv)
}

func copyECPrivate(k *ecdsa.PrivateKey) (material, error) {
	//lint:ignore SA1019 D, X and Y are only asked whether they are there: Bytes panics where they are not
	if k == nil || k.Curve != elliptic.P256() || k.D == nil || k.X == nil || k.Y == nil {
		return nil, refuse(ErrKey, "", "no private key on P-256")
	}
	d, err := k.Bytes()
	if err != nil {
		return nil, &Error{Rule: ErrKey, Detail: "no private key on P-256"}
	}
	point, err := k.PublicKey.Bytes()
	if err != nil {
		return nil, &Error{Rule: ErrKey, Detail: "no point on P-256", Err: err}
	}
	return newECKey(point, d)
}

func copyECPublic(k *ecdsa.PublicKey) (material, error) {
	//lint:ignore SA1019 as above
	if k == nil || k.Curve != elliptic.P256() || k.X == nil || k.Y == nil {
		return nil, refuse(ErrKey, "", "no public key on P-256")
	}
	point, err := k.Bytes()
	if err != nil {
		return nil, &Error{Rule: ErrKey, Detail: "no point on P-256", Err: err}
	}
	return newECKey(point, nil)
}

func (k *ecKey) sign(signed string) ([]byte, error) {
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, k.priv, digest[:])
	if err != nil {
		return nil, err
	}
	signature := make([]byte, 2*p256Size)
	r.FillBytes(signature[:p256Size])
	s.FillBytes(signature[p256Size:])
	return signature, nil
}

// verify takes r and s side by side, 32 octets each (RFC 7518 section 3.4). A
// high s is as good as a low one: JWS has no rule about it.
func (k *ecKey) verify(signed string, signature []byte) bool {
	if len(signature) != 2*p256Size {
		return false
	}
	var buf [2 + 2*(3+p256Size)]byte
	der := append(buf[:0], 0x30, 0)
	der = appendDERInteger(der, signature[:p256Size])
	der = appendDERInteger(der, signature[p256Size:])
	der[1] = byte(len(der) - 2)
	digest := sha256.Sum256([]byte(signed))
	return ecdsa.VerifyASN1(k.pub, digest[:], der) // refuses 0 and n or more for r and s
}

// appendDERInteger appends the unsigned big-endian n as an ASN.1 INTEGER.
func appendDERInteger(der, n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	if n[0] >= 0x80 {
		der = append(der, 0x02, byte(len(n)+1), 0)
	} else {
		der = append(der, 0x02, byte(len(n)))
	}
	return append(der, n...)
}

func (k *ecKey) private() bool    { return k.priv != nil }
func (k *ecKey) public() material { return &ecKey{pub: k.pub, x: k.x, y: k.y} }

func (k *ecKey) required() []member {
	return []member{{"crv", "P-256"}, {"kty", "EC"}, {"x", k.x}, {"y", k.y}}
}

func (k *ecKey) secret() ([]member, error) {
	d, err := k.priv.Bytes()
	if err != nil {
		return nil, err
	}
	return []member{{"d", encodeBase64(d)}}, nil
}
