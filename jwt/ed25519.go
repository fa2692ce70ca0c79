package jwt

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"math/big"
	"slices"
)

// edKey is an Ed25519 key (RFC 8032, RFC 8037).
type edKey struct {
	pub  ed25519.PublicKey
	priv ed25519.PrivateKey // nil in a public key
}

// newEdKey takes the public key and the seed or nil.
func newEdKey(pub, seed []byte) (material, error) {
	if len(pub) != ed25519.PublicKeySize {
		return nil, refuse(ErrKey, "x", "got "+plural(len(pub), "byte")+", want 32")
	}
	if err := checkEdPoint(pub); err != nil {
		return nil, err
	}
	k := &edKey{pub: slices.Clone(pub)}
	if seed == nil {
		return k, nil
	}
	if len(seed) != ed25519.SeedSize {
		return nil, refuse(ErrKey, "d", "got "+plural(len(seed), "byte")+", want 32")
	}
	k.priv = ed25519.NewKeyFromSeed(seed)
	if !bytes.Equal(k.priv[ed25519.SeedSize:], k.pub) {
		return nil, refuse(ErrKey, "d", "does not belong to x")
	}
	return k, nil
}

func generateEdKey() (material, error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return &edKey{pub: pub, priv: priv}, nil
}

func copyEdPrivate(k ed25519.PrivateKey) (material, error) {
	if len(k) != ed25519.PrivateKeySize {
		return nil, refuse(ErrKey, "", "Ed25519 private key: got "+plural(len(k), "byte")+", want 64")
	}
	return newEdKey(k[ed25519.SeedSize:], k[:ed25519.SeedSize])
}

var (
	edP, _ = new(big.Int).SetString("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed", 16) // 2^255-19
	edD, _ = new(big.Int).SetString("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 16)
)

// checkEdPoint refuses what crypto/ed25519 finds out only later or never:
// encodings that are not canonical, points that are not on the curve, and the eight
// points of small order, under which one signature fits nearly every message.
func checkEdPoint(pub []byte) error {
	be := slices.Clone(pub)
	slices.Reverse(be)
	sign := be[0] >> 7
	be[0] &= 0x7f
	y := new(big.Int).SetBytes(be)
	if y.Cmp(edP) >= 0 {
		return refuse(ErrKey, "x", "not a canonical Ed25519 point")
	}
	mod := func(n *big.Int) *big.Int { return n.Mod(n, edP) }
	mul := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Mul(a, b)) }
	one := big.NewInt(1)
	// -x² + y² = 1 + d x² y², so x² = (y² - 1) / (d y² + 1)
	yy := mul(y, y)
	div := mod(new(big.Int).Add(mul(edD, yy), one)) // never 0: -1/d is no square
	xx := mul(new(big.Int).Sub(yy, one), new(big.Int).ModInverse(div, edP))
	x := new(big.Int).ModSqrt(xx, edP)
	if x == nil || x.Sign() == 0 && sign == 1 {
		return refuse(ErrKey, "x", "no point on Ed25519")
	}
	for range 3 { // [8](x, y), by x = 2xy / (y²-x²), y = (y²+x²) / (2-y²+x²)
		xx, yy := mul(x, x), mul(y, y)
		dx := mod(new(big.Int).Sub(yy, xx))
		dy := mod(new(big.Int).Sub(big.NewInt(2), dx))
		nx := mul(mul(big.NewInt(2), mul(x, y)), new(big.Int).ModInverse(dx, edP))
		y = mul(mod(new(big.Int).Add(yy, xx)), new(big.Int).ModInverse(dy, edP))
		x = nx
	}
	if x.Sign() == 0 && y.Cmp(one) == 0 {
		return refuse(ErrKey, "x", "point of small order")
	}
	return nil
}

func (k *edKey) sign(r *room) error {
	r.signature = ed25519.Sign(k.priv, r.signed)
	return nil
}

func (k *edKey) verify(r *room) bool {
	return ed25519.Verify(k.pub, r.signed, r.signature) // refuses other lengths than 64
}

func (k *edKey) private() bool    { return k.priv != nil }
func (k *edKey) public() material { return &edKey{pub: k.pub} }

func (k *edKey) required() []member {
	return []member{{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", encodeBase64(k.pub)}}
}

func (k *edKey) secret() ([]member, error) {
	return []member{{"d", encodeBase64(k.priv.Seed())}}, nil
}
