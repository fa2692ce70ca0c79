package jwt

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"unicode/utf8"
)

const maxKeyID = 256 // bytes of a "kid"; thumbprints have 43

// Key is a signing or verifying key that knows its one algorithm. It never
// changes after it was made and may be used by many goroutines.
//
// It prints itself without its material, so it may stand in a log line.
type Key struct {
	alg        Algorithm
	id         string
	thumbprint string
	ops        []string // "key_ops", nil if not given
	material   material
	header     headerCache // what Sign writes before the payload
}

// A material is the mathematics of a key: what is left when alg, kid, use and
// key_ops are taken away.
type material interface {
	sign(r *room) error // r.signed, into r.signature; only if private
	verify(r *room) bool
	private() bool
	public() material          // nil if nothing of it may be published
	required() []member        // RFC 7638 section 3.2, in lexicographic order, "kty" among them
	secret() ([]member, error) // the members that PublicJWK must not have
}

// A member is a JWK member whose value is a string.
type member struct{ name, value string }

// KeyOptions are the optional properties of a key. The zero value is safe.
type KeyOptions struct {
	ID  string   // "kid", 1 to 256 bytes; the RFC 7638 thumbprint if empty
	Use string   // "sig" or empty; anything else is refused (RFC 7517 section 4.2)
	Ops []string // "key_ops" (RFC 7517 section 4.3), of "sign" and "verify"; nil allows what the material can
}

// GenerateKey makes a new private key, or for HMAC a new secret of the hash's size.
// RSA keys have 3072 bits. The key's ID is its thumbprint.
func GenerateKey(alg Algorithm) (*Key, error) {
	s := alg.scheme()
	if s == nil {
		return nil, unknownAlgorithm(ErrKey, "alg", alg)
	}
	m, err := s.generate()
	if err != nil {
		return nil, err
	}
	return newKey(s.name, m, nil)
}

// NewKey makes a key from material of the standard library: for HMAC a []byte
// of random bytes, at least as many as the hash has (32, 48 or 64), else an *ecdsa.PrivateKey or
// *ecdsa.PublicKey on the curve of alg, an ed25519.PrivateKey or ed25519.PublicKey, an
// *rsa.PrivateKey or *rsa.PublicKey of 2048 to 16384 bits. The material is
// copied. Weak or wrong material is refused with [ErrKey].
func NewKey(alg Algorithm, keyMaterial any, opts *KeyOptions) (*Key, error) {
	s := alg.scheme()
	if s == nil {
		return nil, unknownAlgorithm(ErrKey, "alg", alg)
	}
	m, err := s.copy(keyMaterial)
	if err != nil {
		return nil, err
	}
	return newKey(s.name, m, opts)
}

func newKey(alg Algorithm, m material, opts *KeyOptions) (*Key, error) {
	var o KeyOptions
	if opts != nil {
		o = *opts
	}
	k := &Key{alg: alg, material: m, thumbprint: thumbprint(m), id: o.ID, ops: slices.Clone(o.Ops)}
	if k.id == "" {
		k.id = k.thumbprint
	}
	if len(k.id) > maxKeyID {
		return nil, refuse(ErrKey, "kid", gotLimit("too long", len(k.id), maxKeyID))
	}
	if !utf8.ValidString(k.id) {
		return nil, refuse(ErrKey, "kid", "not UTF-8")
	}
	if o.Use != "" && o.Use != "sig" {
		return nil, refuse(ErrKey, "use", "got "+quote(o.Use)+", want sig")
	}
	for i, op := range k.ops {
		if op != "sign" && op != "verify" {
			return nil, refuse(ErrKey, "key_ops", "got "+quote(op)+", want sign or verify")
		}
		if slices.Contains(k.ops[:i], op) {
			return nil, refuse(ErrKey, "key_ops", quote(op)+" occurs twice")
		}
	}
	if !k.CanSign() && !k.canVerify() {
		return nil, refuse(ErrKey, "key_ops", "allows nothing that this key can do")
	}
	return k, nil
}

// Algorithm returns the one algorithm that k signs or verifies with.
func (k *Key) Algorithm() Algorithm { return k.alg }

// ID returns the "kid": the given one, or the thumbprint.
func (k *Key) ID() string { return k.id }

// Thumbprint returns the SHA-256 JWK thumbprint (RFC 7638) in base64url. It
// is the same for a private key and its public half.
func (k *Key) Thumbprint() string { return k.thumbprint }

// CanSign reports whether k has private or secret material and its key_ops,
// if it has any, allow "sign".
func (k *Key) CanSign() bool { return k.material.private() && k.allows("sign") }

// canVerify: a private key with key_ops ["sign"] alone does not verify
// (RFC 7517 section 4.3); its Public half does.
func (k *Key) canVerify() bool { return k.allows("verify") }

func (k *Key) allows(op string) bool { return k.ops == nil || slices.Contains(k.ops, op) }

// Public returns the public half of k, with the same ID. It is nil and false
// for a symmetric key, which has none.
func (k *Key) Public() (*Key, bool) {
	m := k.material.public()
	if m == nil {
		return nil, false
	}
	p := &Key{alg: k.alg, id: k.id, thumbprint: k.thumbprint, material: m}
	if k.ops != nil {
		p.ops = []string{"verify"}
	}
	return p, true
}

// Equal reports whether k and other have the same algorithm, ID, and public
// or secret material.
func (k *Key) Equal(other *Key) bool {
	return other != nil && k.alg == other.alg && k.id == other.id && k.thumbprint == other.thumbprint
}

// String names the key without its material.
func (k *Key) String() string {
	kind := "public"
	if k.alg.symmetric() {
		kind = "secret"
	} else if k.material.private() {
		kind = "private"
	}
	return "jwt.Key(" + kind + " " + string(k.alg) + " " + quote(k.id) + ")"
}

// Format keeps every verb, %d and %#v too, from printing the material.
func (k *Key) Format(w fmt.State, _ rune) { io.WriteString(w, k.String()) }

// LogValue keeps slog from printing the material.
func (k *Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// thumbprint is RFC 7638 section 3.1.
func thumbprint(m material) string {
	sum := sha256.Sum256(appendMembers(nil, m.required()))
	return encodeBase64(sum[:])
}
