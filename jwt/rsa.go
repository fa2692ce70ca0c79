package jwt

import (
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"strconv"
)

const (
	minRSABits      = 2048  // RFC 7518 section 3.3
	maxRSABits      = 16384 // above it one verification takes milliseconds
	newRSABits      = 3072  // 128 bits of security
	maxRSAExponent  = 1<<31 - 1
	maxRSAKeyOctets = maxRSABits / 8
)

// rsaKey is an RSA key of two primes.
type rsaKey struct {
	*scheme
	pub  *rsa.PublicKey
	priv *rsa.PrivateKey // nil in a public key
}

func newRSAPublic(s *scheme, n *big.Int, e int64) (*rsaKey, error) {
	if bits := n.BitLen(); bits < minRSABits || bits > maxRSABits {
		return nil, refuse(ErrKey, "n", "got "+strconv.Itoa(bits)+" bits, want 2048 to 16384")
	}
	if n.Sign() <= 0 {
		return nil, refuse(ErrKey, "n", "not positive")
	}
	if e < 3 || e > maxRSAExponent || e%2 == 0 {
		return nil, refuse(ErrKey, "e", "got "+strconv.FormatInt(e, 10)+", want an odd number from 3 to 2147483647")
	}
	if err := checkModulus(n); err != nil {
		return nil, err
	}
	return &rsaKey{scheme: s, pub: &rsa.PublicKey{N: new(big.Int).Set(n), E: int(e)}}, nil
}

// checkModulus refuses moduli with small factors, and those that bear the
// fingerprint of the flawed generator of ROCA (CVE-2017-15361): modulo each small
// prime they are a power of 65537, which a sound modulus is with a chance of 2^-27 at most.
func checkModulus(n *big.Int) error {
	roca := true
	var rest big.Int
	for _, p := range smallPrimes {
		r := rest.Mod(n, big.NewInt(p)).Int64()
		if r == 0 {
			return refuse(ErrKey, "n", "divisible by "+strconv.FormatInt(p, 10))
		}
		roca = roca && (p == 2 || isPower65537(r, p))
	}
	if roca {
		return refuse(ErrKey, "n", "made by a generator with the ROCA flaw (CVE-2017-15361)")
	}
	return nil
}

var smallPrimes = []int64{
	2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
	101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
}

func isPower65537(r, p int64) bool {
	for x := int64(1); ; {
		if x == r {
			return true
		}
		if x = x * 65537 % p; x == 1 {
			return false
		}
	}
}

// newRSAPrivate takes d and the two primes; the rest follows from them.
func newRSAPrivate(pub *rsaKey, d, p, q *big.Int) (*rsaKey, error) {
	priv := &rsa.PrivateKey{
		PublicKey: *pub.pub,
		D:         new(big.Int).Set(d),
		Primes:    []*big.Int{new(big.Int).Set(p), new(big.Int).Set(q)},
	}
	if p.BitLen() > maxRSABits || q.BitLen() > maxRSABits || d.BitLen() > maxRSABits {
		return nil, refuse(ErrKey, "d, p, q", "larger than the modulus")
	}
	if err := priv.Validate(); err != nil {
		return nil, refuse(ErrKey, "d, p, q", "do not belong to n and e") // the cause might quote a secret
	}
	priv.Precompute()
	return &rsaKey{scheme: pub.scheme, pub: pub.pub, priv: priv}, nil
}

func generateRSAKey(s *scheme) (material, error) {
	priv, err := rsa.GenerateKey(rand.Reader, newRSABits)
	if err != nil {
		return nil, err
	}
	return &rsaKey{scheme: s, pub: &priv.PublicKey, priv: priv}, nil
}

func copyRSAPrivate(s *scheme, k *rsa.PrivateKey) (material, error) {
	if k == nil || k.N == nil || k.D == nil || len(k.Primes) != 2 || k.Primes[0] == nil || k.Primes[1] == nil {
		return nil, refuse(ErrKey, "", "no RSA private key of two primes")
	}
	pub, err := newRSAPublic(s, k.N, int64(k.E))
	if err != nil {
		return nil, err
	}
	priv, err := newRSAPrivate(pub, k.D, k.Primes[0], k.Primes[1])
	if err != nil {
		return nil, err
	}
	return priv, nil
}

func copyRSAPublic(s *scheme, k *rsa.PublicKey) (material, error) {
	if k == nil || k.N == nil {
		return nil, refuse(ErrKey, "", "no RSA public key")
	}
	pub, err := newRSAPublic(s, k.N, int64(k.E))
	if err != nil {
		return nil, err
	}
	return pub, nil
}

// pssOptions: the salt is as long as the hash (RFC 7518 section 3.5), no other is accepted.
func (k *rsaKey) pssOptions() *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: k.hash}
}

func (k *rsaKey) sign(r *room) (err error) {
	if k.pss {
		r.signature, err = rsa.SignPSS(rand.Reader, k.priv, k.hash, r.hash(k.hash), k.pssOptions())
	} else {
		r.signature, err = rsa.SignPKCS1v15(rand.Reader, k.priv, k.hash, r.hash(k.hash))
	}
	return err
}

// verify: package rsa refuses signatures of another length than the modulus (RFC 8017 section 8.1.2, step 1).
func (k *rsaKey) verify(r *room) bool {
	if k.pss {
		return rsa.VerifyPSS(k.pub, k.hash, r.hash(k.hash), r.signature, k.pssOptions()) == nil
	}
	return rsa.VerifyPKCS1v15(k.pub, k.hash, r.hash(k.hash), r.signature) == nil
}

func (k *rsaKey) private() bool    { return k.priv != nil }
func (k *rsaKey) public() material { return &rsaKey{scheme: k.scheme, pub: k.pub} }

func (k *rsaKey) required() []member {
	e := big.NewInt(int64(k.pub.E))
	return []member{{"e", encodeBase64(e.Bytes())}, {"kty", "RSA"}, {"n", encodeBase64(k.pub.N.Bytes())}}
}

func (k *rsaKey) secret() ([]member, error) {
	c := k.priv.Precomputed
	return []member{
		{"d", encodeBase64(k.priv.D.Bytes())},
		{"p", encodeBase64(k.priv.Primes[0].Bytes())},
		{"q", encodeBase64(k.priv.Primes[1].Bytes())},
		{"dp", encodeBase64(c.Dp.Bytes())},
		{"dq", encodeBase64(c.Dq.Bytes())},
		{"qi", encodeBase64(c.Qinv.Bytes())},
	}, nil
}
