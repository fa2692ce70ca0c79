package cookie

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A sealed value is unpadded base64url (RFC 4648 section 5) of
//
//	offset  size
//	0       1    version, 1
//	1       1    hint: which secret may have sealed it
//	2       8    expiry: Unix nanoseconds, big endian, signed
//	10      12   nonce, random
//	22      n    the value, encrypted
//	22+n    16   tag
//
// by AES-256-GCM. The additional data is the first ten octets and then the
// cookie's name, so neither can be changed, nor the value be used under another
// name. Each secret gives, by HKDF-SHA-256 (RFC 5869) without salt,
//
//	key:  32 octets, info "cloakroom cookie seal v1 key"
//	hint: 1 octet,   info "cloakroom cookie seal v1 hint"
//
// The hint spares trying all secrets; it says nothing of the secret, and two
// secrets may share one. testdata/sealed.json has examples.
const (
	sealVersion  = 1
	sealHead     = 10
	sealNonce    = 12
	sealTag      = 16
	sealOverhead = sealHead + sealNonce + sealTag
	minSecret    = 32
)

// A Sealer makes values that the client keeps but can neither read nor alter.
// It is safe for concurrent use. Printing it does not show its keys.
//
// A sealed value is as good as its lifetime: the server keeps nothing, so it
// cannot take a value back, and a stolen copy works until it expires. For who is
// signed in, use a session.
//
// Nonces are random, so one secret may seal at most 2^32 values (NIST SP 800-38D
// section 8.3): at a hundred a second that is after 497 days. Give a new secret
// in front of the old one before that.
type Sealer struct {
	keys []sealKey // the first seals
}

type sealKey struct {
	aead cipher.AEAD
	hint byte
}

// NewSealer returns a Sealer. The first secret seals and all of them open, so a
// secret is changed by putting the new one in front, and the old one is dropped
// when the longest lifetime is over. A secret has at least 32 octets and should
// be random; a wrong one is an *[Error] that wraps [ErrSecret]. The secrets are
// not kept.
func NewSealer(secrets ...[]byte) (*Sealer, error) {
	if len(secrets) == 0 {
		return nil, &Error{Rule: "no secret", Err: ErrSecret}
	}
	s := &Sealer{keys: make([]sealKey, len(secrets))}
	for i, secret := range secrets {
		if len(secret) < minSecret {
			return nil, &Error{
				Rule: "secret " + strconv.Itoa(i+1) + " too short, in octets", Err: ErrSecret,
				Got: strconv.Itoa(len(secret)), Limit: "at least " + strconv.Itoa(minSecret),
			}
		}
		key, err := newSealKey(secret)
		if err != nil {
			return nil, err
		}
		s.keys[i] = key
	}
	return s, nil
}

func newSealKey(secret []byte) (sealKey, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "cloakroom cookie seal v1 key", 32)
	if err != nil {
		return sealKey{}, err
	}
	hint, err := hkdf.Key(sha256.New, secret, nil, "cloakroom cookie seal v1 hint", 1)
	if err != nil {
		return sealKey{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealKey{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return sealKey{}, err
	}
	return sealKey{aead: aead, hint: hint[0]}, nil
}

// Seal returns value as text for a cookie of this name, to be opened within
// lifetime, which is more than 0 and at most [MaxAge]. The text is 4/3 of the
// value and 51 octets longer. The error is an *[Error] that wraps [ErrName],
// [ErrLifetime], or [ErrTooLong] if name and text are longer than [MaxPair].
func (s *Sealer) Seal(name string, value []byte, lifetime time.Duration) (string, error) {
	return s.seal(name, value, lifetime, time.Now())
}

func (s *Sealer) seal(name string, value []byte, lifetime time.Duration, now time.Time) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	if lifetime <= 0 || lifetime > MaxAge {
		return "", &Error{Name: name, Rule: "bad lifetime", Got: lifetime.String(), Limit: MaxAge.String(), Err: ErrLifetime}
	}
	// Before the allocation, and before the sum could overflow.
	size := len(value) + sealOverhead
	text := base64.RawURLEncoding.EncodedLen(size)
	if len(value) > MaxPair || len(name)+text > MaxPair {
		return "", over(ErrTooLong, name, "sealed value too long", len(name)+text, MaxPair)
	}

	// One buffer: head and name (the additional data), head and box, text.
	aad := sealHead + len(name)
	buf := make([]byte, 0, aad+size+text)
	buf = append(buf, sealVersion, s.keys[0].hint)
	buf = binary.BigEndian.AppendUint64(buf, uint64(now.Add(lifetime).UnixNano()))
	buf = append(buf, name...)
	buf = append(buf, buf[:sealHead]...)
	buf = s.keys[0].aead.Seal(buf, nil, value, buf[:aad])
	buf = base64.RawURLEncoding.AppendEncode(buf, buf[aad:])
	return string(buf[aad+size:]), nil
}

// Open returns the value that was sealed for a cookie of this name. The error is
// an *[Error] that wraps [ErrMalformed] if the text is not a sealed value,
// [ErrAltered] if it is not authentic, [ErrExpired] if its lifetime is over. A
// value is open until its last nanosecond. The result is the caller's.
func (s *Sealer) Open(name, sealed string) ([]byte, error) {
	return s.open(name, sealed, time.Now())
}

// strict refuses bits behind the end, so that one sealed value has one spelling.
var strict = base64.RawURLEncoding.Strict()

func (s *Sealer) open(name, sealed string, now time.Time) ([]byte, error) {
	malformed := func(rule string) error { return &Error{Name: name, Rule: rule, Err: ErrMalformed} }
	if len(sealed) > MaxPair || len(name) > MaxPair {
		return nil, over(ErrMalformed, name, "sealed value too long", max(len(sealed), len(name)), MaxPair)
	}
	size := strict.DecodedLen(len(sealed))
	if size < sealOverhead {
		return nil, malformed("sealed value too short")
	}
	// encoding/base64 skips line ends even when strict.
	if strings.IndexByte(sealed, '\n') >= 0 || strings.IndexByte(sealed, '\r') >= 0 {
		return nil, malformed("sealed value is not base64url")
	}

	// One buffer: head and name (the additional data), head and box. The value
	// is decrypted where its box was.
	aad := sealHead + len(name)
	buf := make([]byte, aad, aad+size)
	buf, err := strict.AppendDecode(buf, []byte(sealed))
	if err != nil {
		return nil, malformed("sealed value is not base64url")
	}
	head, box := buf[aad:aad+sealHead], buf[aad+sealHead:]
	if head[0] != sealVersion {
		return nil, &Error{
			Name: name, Rule: "unknown version of a sealed value", Err: ErrMalformed,
			Got: strconv.Itoa(int(head[0])), Limit: strconv.Itoa(sealVersion),
		}
	}
	copy(buf, head)
	copy(buf[sealHead:], name)
	for _, k := range s.keys {
		if k.hint != head[1] {
			continue
		}
		// A failed try wipes its output, so the box must stay as it is.
		value, err := k.aead.Open(nil, nil, box, buf[:aad])
		if err != nil {
			continue
		}
		// Only now: an expiry that is not authentic says nothing.
		expiry := time.Unix(0, int64(binary.BigEndian.Uint64(head[2:])))
		if now.After(expiry) {
			return nil, &Error{Name: name, Got: "expiry " + expiry.UTC().Format(time.RFC3339), Err: ErrExpired}
		}
		return value, nil
	}
	return nil, &Error{Name: name, Err: ErrAltered}
}

// Format implements [fmt.Formatter]: no verb shows the keys.
func (s *Sealer) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "cookie.Sealer(%d secrets)", len(s.keys))
}
