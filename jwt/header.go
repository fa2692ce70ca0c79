package jwt

import (
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

const maxHeader = 4 << 10 // bytes of JSON; ours have about 100

// Header is the protected header of a token (RFC 7515 section 4), as far as
// this package understands it. jku, jwk, x5u and x5c are not in it: they are the
// stranger's word on whom to trust.
type Header struct {
	Algorithm   Algorithm // "alg"; EdDSA if it is "Ed25519"
	KeyID       string    // "kid"; "" if absent
	Type        string    // "typ" as it stands there; "" if absent
	ContentType string    // "cty"; "" if absent

	hasKeyID bool
	hasType  bool
}

// parseHeader reads a header, RFC 7515 section 5.2, steps 3 to 5. All it
// returns is still unverified.
func parseHeader(json string) (Header, error) {
	var h Header
	hasAlg := false
	var critical error
	err := eachMember(json, func(name string, v value) error {
		switch name {
		case "alg":
			hasAlg = true
			err := headerText((*string)(&h.Algorithm), name, v)
			h.Algorithm = h.Algorithm.canonical()
			return err
		case "kid":
			h.hasKeyID = true
			return headerText(&h.KeyID, name, v)
		case "typ":
			h.hasType = true
			return headerText(&h.Type, name, v)
		case "cty":
			return headerText(&h.ContentType, name, v)
		case "crit":
			// Section 4.1.11: what is critical must be understood; we understand none.
			if critical == nil {
				critical = refuse(ErrCritical, name, "got "+quote(v.raw))
			}
		case "b64":
			// RFC 7797 section 6: b64 is no good without crit, so even true is critical.
			critical = refuse(ErrCritical, name, "got "+quote(v.raw))
			if v.raw == "false" {
				critical = refuse(ErrUnencodedPayload, name, "got false")
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return Header{}, asError(ErrMalformed, "header", err)
	case critical != nil:
		return Header{}, critical
	case !hasAlg:
		return Header{}, refuse(ErrMalformed, "header", "alg is missing")
	case len(h.KeyID) > maxKeyID:
		return Header{}, refuse(ErrMalformed, "header", gotLimit("kid is too long", len(h.KeyID), maxKeyID))
	}
	return h, nil
}

func headerText(to *string, name string, v value) error {
	if v.kind != kindString {
		return refuse(ErrMalformed, "header", name+": got "+string(v.kind)+", want string")
	}
	*to = v.text()
	return nil
}

// hasMediaType compares media types as RFC 7515 section 4.1.9 has it: without
// regard to case, and "application/" may be left out where there is no other slash.
func hasMediaType(typ, want string) bool {
	return equalASCII(shortType(typ), shortType(want))
}

func shortType(t string) string {
	const prefix = "application/"
	if len(t) > len(prefix) && equalASCII(t[:len(prefix)], prefix) && !strings.Contains(t[len(prefix):], "/") {
		return t[len(prefix):]
	}
	return t
}

// equalASCII ignores the case of A to Z only: strings.EqualFold would take the Kelvin sign for a k.
func equalASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// headerCache keeps the encoded header that a key wrote last: a key signs tokens of
// one or two types all its life.
type headerCache struct {
	last atomic.Pointer[encodedHeader]
}

type encodedHeader struct{ typ, encoded string }

// encode returns the base64url header {"alg","kid","typ"}.
func (c *headerCache) encode(k *Key, typ string) (string, error) {
	if h := c.last.Load(); h != nil && h.typ == typ {
		return h.encoded, nil
	}
	if !utf8.ValidString(typ) || len(typ) > maxKeyID {
		return "", refuse(ErrType, "typ", "got "+quote(typ)+", want at most 256 bytes of UTF-8")
	}
	members := []member{{"alg", string(k.alg)}, {"kid", k.id}}
	if typ != "" {
		members = append(members, member{"typ", typ})
	}
	h := &encodedHeader{typ, encodeBase64(appendMembers(nil, members))}
	c.last.Store(h)
	return h.encoded, nil
}
