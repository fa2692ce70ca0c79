package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"slices"
)

// ecKey is a key on one of the curves of NIST, which fixes the hash (RFC 7518 section 3.4).
type ecKey struct {
	*curve
	pub  *ecdsa.PublicKey
	priv *ecdsa.PrivateKey // nil in a public key
	x, y string            // base64url
}

type curve struct {
	elliptic.Curve
	name string
	size int // octets of a coordinate, of d, r and s (RFC 7518 sections 3.4 and 6.2)
	hash crypto.Hash
}

const (
	mostCurveSize   = 66                        // octets of a coordinate: those of P-521
	maxDERSignature = 3 + 2*(2+1+mostCurveSize) // octets of SEQUENCE { r, s }
)

// curve is for schemes that have one.
func (s *scheme) ecCurve() *curve {
	switch s.name {
	case ES256:
		return &curve{elliptic.P256(), s.curve, 32, s.hash}
	case ES384:
		return &curve{elliptic.P384(), s.curve, 48, s.hash}
	}
	return &curve{elliptic.P521(), s.curve, mostCurveSize, s.hash}
}

// newECKey takes the point in uncompressed form, 0x04 x y, and d or nil.
// Both parsers refuse points that are not on the curve, the point at infinity, and d
// outside 1 to n-1.
func newECKey(c *curve, point, d []byte) (material, error) {
	pub, err := ecdsa.ParseUncompressedPublicKey(c.Curve, point)
	if err != nil {
		return nil, &Error{Rule: ErrKey, Where: "x, y", Detail: "no point on " + c.name, Err: err}
	}
	k := &ecKey{curve: c, pub: pub, x: encodeBase64(point[1 : 1+c.size]), y: encodeBase64(point[1+c.size:])}
	if d == nil {
		return k, nil
	}
	if k.priv, err = ecdsa.ParseRawPrivateKey(c.Curve, d); err != nil {
		return nil, refuse(ErrKey, "d", "no private key on "+c.name)
	}
	if !k.priv.PublicKey.Equal(pub) {
		return nil, refuse(ErrKey, "d", "does not belong to x and y")
	}
	return k, nil
}

func generateECKey(c *curve) (material, error) {
	priv, err := ecdsa.GenerateKey(c.Curve, rand.Reader)
	if err != nil {
		return nil, err
	}
	return copyECPrivate(c, priv)
}

func copyECPrivate(c *curve, k *ecdsa.PrivateKey) (material, error) {
	//lint:ignore SA1019 D, X and Y are only asked whether they are there: Bytes panics where they are not
	if k == nil || k.Curve != c.Curve || k.D == nil || k.X == nil || k.Y == nil {
		return nil, refuse(ErrKey, "", "no private key on "+c.name)
	}
	d, err := k.Bytes()
	if err != nil {
		return nil, &Error{Rule: ErrKey, Detail: "no private key on " + c.name}
	}
	point, err := k.PublicKey.Bytes()
	if err != nil {
		return nil, &Error{Rule: ErrKey, Detail: "no point on " + c.name, Err: err}
	}
	return newECKey(c, point, d)
}

func copyECPublic(c *curve, k *ecdsa.PublicKey) (material, error) {
	//lint:ignore SA1019 as above
	if k == nil || k.Curve != c.Curve || k.X == nil || k.Y == nil {
		return nil, refuse(ErrKey, "", "no public key on "+c.name)
	}
	point, err := k.Bytes()
	if err != nil {
		return nil, &Error{Rule: ErrKey, Detail: "no point on " + c.name, Err: err}
	}
	return newECKey(c, point, nil)
}

func (k *ecKey) sign(r *room) error {
	x, y, err := ecdsa.Sign(rand.Reader, k.priv, r.hash(k.hash))
	if err != nil {
		return err
	}
	r.signature = slices.Grow(r.signature[:0], 2*k.size)[:2*k.size]
	x.FillBytes(r.signature[:k.size])
	y.FillBytes(r.signature[k.size:])
	return nil
}

// verify takes r and s side by side, each of full length (RFC 7518 section 3.4). A
// high s is as good as a low one: JWS has no rule about it.
func (k *ecKey) verify(r *room) bool {
	if len(r.signature) != 2*k.size {
		return false
	}
	der := appendDERSignature(r.der[:0], r.signature[:k.size], r.signature[k.size:])
	return ecdsa.VerifyASN1(k.pub, r.hash(k.hash), der) // refuses 0 and n or more for r and s
}

// appendDERSignature appends SEQUENCE { r, s }.
func appendDERSignature(der, r, s []byte) []byte {
	r, s = trimZeros(r), trimZeros(s)
	n := 2 + len(r) + int(r[0]>>7) + 2 + len(s) + int(s[0]>>7)
	der = append(der, 0x30)
	if n >= 0x80 {
		der = append(der, 0x81)
	}
	der = append(der, byte(n))
	return appendDERInteger(appendDERInteger(der, r), s)
}

// appendDERInteger appends the unsigned big-endian n, without zeros in front, as an ASN.1 INTEGER.
func appendDERInteger(der, n []byte) []byte {
	if n[0] >= 0x80 {
		der = append(der, 0x02, byte(len(n)+1), 0)
	} else {
		der = append(der, 0x02, byte(len(n)))
	}
	return append(der, n...)
}

func trimZeros(n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	return n
}

func (k *ecKey) private() bool    { return k.priv != nil }
func (k *ecKey) public() material { return &ecKey{curve: k.curve, pub: k.pub, x: k.x, y: k.y} }

func (k *ecKey) required() []member {
	return []member{{"crv", k.name}, {"kty", "EC"}, {"x", k.x}, {"y", k.y}}
}

func (k *ecKey) secret() ([]member, error) {
	d, err := k.priv.Bytes()
	if err != nil {
		return nil, err
	}
	return []member{{"d", encodeBase64(d)}}, nil
}
