package jwt

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
)

const (
	maxKeyBytes = 64 << 10 // a private RSA key of 16384 bits has 13 KiB
)

// ParseKey reads a JSON Web Key (RFC 7517), public, private or symmetric.
//
// A key has one algorithm: its "alg", which no token changes. Where a JWK
// names none, the curve does (P-256 is ES256, P-384 ES384, P-521 ES512, Ed25519 EdDSA), oct is HS256
// and RSA is RS256; [ParseKeyFor] is for those who know better.
//
// Everything doubtful is refused
// with [ErrKey]: another alg or curve, a use other than "sig", key_ops without "sign" and
// "verify", weak or impossible material, members of two key types, doubled members,
// values that are not canonical. x5u, x5c and x5t are ignored: a key is what it is given as.
func ParseKey(jwk []byte) (*Key, error) { return ParseKeyFor(jwk, Algorithms()) }

// ParseKeyFor is [ParseKey] for a JWK that may lack "alg" and belongs to one
// of algorithms: without an alg the key is for the first of them that its type and
// curve fit. The list comes from whoever knows what the issuer signs with, never from a token. A JWK with an alg
// keeps it, listed or not.
func ParseKeyFor(jwk []byte, algorithms []Algorithm) (*Key, error) {
	k, _, err := parseKey(string(jwk), algorithms)
	return k, err
}

// A jwkObject is a JWK as text, before anything is believed.
type jwkObject struct {
	strings map[string]string
	ops     []string // nil if there is no "key_ops"
}

// materialNames are all members that carry key material (RFC 7518 section 6, RFC 8037
// section 2). A key has those of its own type only.
var materialNames = map[string]string{
	"crv": "EC OKP", "x": "EC OKP", "y": "EC", "d": "EC OKP RSA",
	"n": "RSA", "e": "RSA", "p": "RSA", "q": "RSA", "dp": "RSA", "dq": "RSA", "qi": "RSA", "oth": "RSA",
	"k": "oct",
}

// parseKey says foreign for a key that may be sound, but not for us: one of a set
// that RFC 7517 section 5 says to skip.
func parseKey(jwk string, algorithms []Algorithm) (k *Key, foreign bool, err error) {
	o, err := readJWK(jwk)
	if err != nil {
		return nil, false, err
	}
	kty, found := o.strings["kty"]
	if !found {
		return nil, false, refuse(ErrKey, "kty", "missing")
	}
	if !slices.ContainsFunc(schemes[:], func(s scheme) bool { return s.keyType == kty }) {
		return nil, true, refuse(ErrKey, "kty", "got "+quote(kty)+", want EC, OKP, RSA or oct")
	}
	if use, found := o.strings["use"]; found && use != "sig" {
		return nil, true, refuse(ErrKey, "use", "got "+quote(use)+", want sig")
	}
	if o.ops != nil && !slices.Contains(o.ops, "sign") && !slices.Contains(o.ops, "verify") {
		return nil, true, refuse(ErrKey, "key_ops", "neither sign nor verify")
	}
	scheme, foreign, err := o.scheme(kty, algorithms)
	if err != nil {
		return nil, foreign, err
	}
	m, err := o.material(scheme)
	if err != nil {
		return nil, false, err
	}
	if kid, found := o.strings["kid"]; found && kid == "" {
		return nil, false, refuse(ErrKey, "kid", "empty")
	}
	k, err = newKey(scheme.name, m, &KeyOptions{ID: o.strings["kid"], Ops: o.ops})
	return k, false, err
}

// scheme is that of "alg"; without it the first of algorithms that fits.
func (o *jwkObject) scheme(kty string, algorithms []Algorithm) (s *scheme, foreign bool, err error) {
	if name, found := o.strings["alg"]; found {
		alg := Algorithm(name)
		if s = alg.scheme(); s == nil {
			return nil, true, unknownAlgorithm(ErrKey, "alg", alg)
		}
		if s.keyType != kty {
			return nil, false, refuse(ErrKey, "alg", name+" has no keys of type "+kty)
		}
		return s, false, nil
	}
	for _, alg := range algorithms {
		if s := alg.scheme(); s != nil && s.keyType == kty && (s.curve == "" || s.curve == o.strings["crv"]) {
			return s, false, nil
		}
	}
	if crv, found := o.strings["crv"]; found && (kty == "EC" || kty == "OKP") {
		return nil, true, refuse(ErrKey, "crv", "got "+quote(crv)+" without alg, which is for none of "+list(algorithms))
	}
	return nil, true, refuse(ErrKey, "alg", "missing, and a key of type "+kty+" is for none of "+list(algorithms))
}

func readJWK(jwk string) (*jwkObject, error) {
	if len(jwk) > maxKeyBytes {
		return nil, refuse(ErrKey, "", gotLimit("too many bytes", len(jwk), maxKeyBytes))
	}
	o := &jwkObject{strings: make(map[string]string)}
	err := eachMember(jwk, func(name string, v value) error {
		switch name {
		case "kty", "use", "alg", "kid", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi", "k":
			if v.kind != kindString {
				return refuse(ErrKey, name, "got "+v.kind.String()+", want string")
			}
			o.strings[name] = v.text()
		case "oth":
			return refuse(ErrKey, name, "more than two primes are not supported")
		case "key_ops":
			if v.kind != kindArray {
				return refuse(ErrKey, name, "got "+v.kind.String()+", want array")
			}
			o.ops = []string{}
			return eachElement(v, func(op value) error {
				if op.kind != kindString {
					return refuse(ErrKey, name, "got "+op.kind.String()+" in the array, want string")
				}
				o.ops = append(o.ops, op.text())
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return nil, asError(ErrKey, "", err)
	}
	return o, nil
}

func (o *jwkObject) material(s *scheme) (material, error) {
	kty := s.keyType
	for name := range o.strings {
		if types, ok := materialNames[name]; ok && !slices.Contains(strings.Fields(types), kty) {
			return nil, refuse(ErrKey, name, "does not belong to a key of type "+kty)
		}
	}
	switch kty {
	case "oct":
		k, err := o.octets("k", true)
		if err != nil {
			return nil, err
		}
		return newSecret(s.hash, k)
	case "EC":
		return o.ec(s.ecCurve())
	case "OKP":
		return o.ed()
	default:
		return o.rsa(s)
	}
}

func (o *jwkObject) ec(c *curve) (material, error) {
	if crv := o.strings["crv"]; crv != c.name {
		return nil, refuse(ErrKey, "crv", "got "+quote(crv)+", want "+c.name)
	}
	point := []byte{0x04}
	for _, name := range []string{"x", "y"} {
		b, err := o.octets(name, true)
		if err != nil {
			return nil, err
		}
		if len(b) != c.size {
			return nil, refuse(ErrKey, name, "got "+plural(len(b), "byte")+", want "+strconv.Itoa(c.size))
		}
		point = append(point, b...)
	}
	d, err := o.octets("d", false)
	if err != nil {
		return nil, err
	}
	if d != nil && len(d) != c.size {
		return nil, refuse(ErrKey, "d", "got "+plural(len(d), "byte")+", want "+strconv.Itoa(c.size))
	}
	return newECKey(c, point, d)
}

func (o *jwkObject) ed() (material, error) {
	if crv := o.strings["crv"]; crv != "Ed25519" {
		return nil, refuse(ErrKey, "crv", "got "+quote(crv)+", want Ed25519")
	}
	x, err := o.octets("x", true)
	if err != nil {
		return nil, err
	}
	d, err := o.octets("d", false)
	if err != nil {
		return nil, err
	}
	return newEdKey(x, d)
}

func (o *jwkObject) rsa(s *scheme) (material, error) {
	var ints [8]*big.Int
	for i, name := range []string{"n", "e", "d", "p", "q", "dp", "dq", "qi"} {
		n, err := o.integer(name, i < 2)
		if err != nil {
			return nil, err
		}
		ints[i] = n
	}
	n, e, d, p, q := ints[0], ints[1], ints[2], ints[3], ints[4]
	if e.BitLen() > 31 {
		return nil, refuse(ErrKey, "e", gotLimit("too many bits", e.BitLen(), 31))
	}
	pub, err := newRSAPublic(s, n, e.Int64())
	if err != nil {
		return nil, err
	}
	if d == nil {
		for i, name := range []string{"p", "q", "dp", "dq", "qi"} {
			if ints[3+i] != nil {
				return nil, refuse(ErrKey, name, "given without d")
			}
		}
		return pub, nil
	}
	if p == nil || q == nil {
		return nil, refuse(ErrKey, "p, q", "missing in a private key")
	}
	priv, err := newRSAPrivate(pub, d, p, q)
	if err != nil {
		return nil, err
	}
	c := priv.priv.Precomputed
	for i, want := range []*big.Int{c.Dp, c.Dq, c.Qinv} {
		if got := ints[5+i]; got != nil && got.Cmp(want) != 0 {
			return nil, refuse(ErrKey, []string{"dp", "dq", "qi"}[i], "does not belong to d, p and q")
		}
	}
	return priv, nil
}

// octets decodes a base64url member; nil if it is absent and not required.
func (o *jwkObject) octets(name string, required bool) ([]byte, error) {
	s, found := o.strings[name]
	if !found {
		if required {
			return nil, refuse(ErrKey, name, "missing")
		}
		return nil, nil
	}
	b, err := appendBase64([]byte{}, s)
	if err != nil {
		return nil, &Error{Rule: ErrKey, Where: name, Err: err}
	}
	return b, nil
}

// integer decodes a Base64urlUInt (RFC 7518 section 2): no leading zero octet.
func (o *jwkObject) integer(name string, required bool) (*big.Int, error) {
	b, err := o.octets(name, required)
	if b == nil || err != nil {
		return nil, err
	}
	if len(b) == 0 || b[0] == 0 {
		return nil, refuse(ErrKey, name, "empty, or begins with a zero octet")
	}
	if len(b) > maxRSAKeyOctets {
		return nil, refuse(ErrKey, name, gotLimit("too many bytes", len(b), maxRSAKeyOctets))
	}
	return new(big.Int).SetBytes(b), nil
}

// MarshalJSON returns the public JWK: never d, p, q, dp, dq, qi or k. A
// symmetric key has nothing to publish and is refused with [ErrKey].
func (k *Key) MarshalJSON() ([]byte, error) {
	if k.material.public() == nil {
		return nil, refuse(ErrKey, "", "a symmetric key is not published; PrivateJWK is for storing it")
	}
	p, _ := k.Public()
	return p.jwk(p.material.required()), nil
}

// PrivateJWK returns the JWK with all private or secret members, for storing
// it encrypted or in a file that nobody else can read. Publish
// [Key.MarshalJSON] instead. A key without a private part is refused.
func (k *Key) PrivateJWK() ([]byte, error) {
	if !k.material.private() {
		return nil, refuse(ErrKey, "", "has no private part")
	}
	secret, err := k.material.secret()
	if err != nil {
		return nil, &Error{Rule: ErrKey, Err: err}
	}
	return k.jwk(slices.Concat(k.material.required(), secret)), nil
}

func (k *Key) jwk(members []member) []byte {
	members = append(members, member{"alg", string(k.alg)}, member{"kid", k.id})
	if k.ops == nil {
		members = append(members, member{"use", "sig"})
	}
	b := appendMembers(nil, members)
	if k.ops == nil {
		return b
	}
	b = append(b[:len(b)-1], `,"key_ops":[`...)
	for i, op := range k.ops {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, op)
	}
	return append(b, "]}"...)
}

func appendMembers(b []byte, members []member) []byte {
	b = append(b, '{')
	for i, m := range members {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, m.name)
		b = append(b, ':')
		b = appendString(b, m.value)
	}
	return append(b, '}')
}
