package jwt

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
)

// Token is a token whose signature, type and claims were checked by a
// [Verifier]; nothing else makes one. It never changes.
type Token struct {
	header  *Header
	payload string // the strings of claims are parts of it
	claims  Claims
	session string    // "sid"
	one     [1]string // room for the usual audience
}

// Claims returns the registered claims. [Token.Decode] is for others.
func (t *Token) Claims() Claims {
	c := t.claims
	c.Audience = append(Audience(nil), c.Audience...)
	return c
}

// Header returns the header.
func (t *Token) Header() Header { return *t.header }

// Payload returns the payload as it was signed: a JSON object.
func (t *Token) Payload() []byte { return []byte(t.payload) }

// Decode puts the payload into dst, a pointer to a struct or a map, by the
// rules of encoding/json. Claims that dst has no place for are ignored (RFC
// 7519 section 4). encoding/json takes "SUB" for "sub"; so a payload with two
// members of one object that differ only in case is refused with [ErrMalformed].
func (t *Token) Decode(dst any) error {
	if err := checkFoldedNames(t.payload); err != nil {
		return asError(ErrMalformed, "payload", err)
	}
	if err := json.Unmarshal([]byte(t.payload), dst); err != nil {
		return &Error{Rule: ErrClaim, Where: "payload", Err: err}
	}
	return nil
}

// parts are the three parts of a compact token, still encoded.
type parts struct {
	header, payload, signature string
	signed                     string // header and payload with the dot between
}

// splitToken finds the two dots. It allocates nothing, however long or
// dotted the token is.
func splitToken(token string, maxBytes int) (parts, error) {
	if len(token) > maxBytes {
		return parts{}, refuse(ErrMalformed, "token", gotLimit("too many bytes", len(token), maxBytes))
	}
	if strings.HasPrefix(token, "{") {
		return parts{}, refuse(ErrJSONSerialization, "token", "it begins with a brace")
	}
	first := strings.IndexByte(token, '.')
	if first < 0 {
		return parts{}, refuse(ErrMalformed, "token", "no dot, want two")
	}
	n := strings.IndexByte(token[first+1:], '.')
	if n < 0 {
		return parts{}, refuse(ErrMalformed, "token", "one dot, want two")
	}
	second := first + 1 + n
	if strings.IndexByte(token[second+1:], '.') >= 0 {
		return parts{}, refuse(ErrMalformed, "token", "more than two dots: not a signed token in compact form")
	}
	return parts{token[:first], token[first+1 : second], token[second+1:], token[:second]}, nil
}

// decode is base64url; header may be left out where it is known.
func (p *parts) decode(r *room, known bool) error {
	if most := encoding.EncodedLen(maxHeader); len(p.header) > most {
		return refuse(ErrMalformed, "header", gotLimit("too many characters", len(p.header), most))
	}
	var err error
	if !known {
		if r.header, err = appendBase64(r.header[:0], p.header); err != nil {
			return &Error{Rule: ErrMalformed, Where: "header", Err: err}
		}
	}
	if r.payload, err = appendBase64(r.payload[:0], p.payload); err != nil {
		return &Error{Rule: ErrMalformed, Where: "payload", Err: err}
	}
	if r.signature, err = appendBase64(r.signature[:0], p.signature); err != nil {
		return &Error{Rule: ErrMalformed, Where: "signature", Err: err}
	}
	return nil
}

// A room holds the parts of a token as bytes while it is looked at or made, and what package crypto wants to see of them.
type room struct {
	header, payload, signature, signed []byte

	digest [maxDigest]byte
	der    [maxDERSignature]byte
}

var rooms = sync.Pool{New: func() any { return new(room) }}

// leave gives the room to the next token, unless this one was so large that it would lie about for nothing.
func (r *room) leave() {
	if cap(r.payload)+cap(r.signed) <= 4*defaultMaxBytes {
		rooms.Put(r)
	}
}

// otherForm tells a token whose payload is not encoded (RFC 7797) from one that is malformed, as err says.
func otherForm(token string, maxBytes int, err error) error {
	first, _, found := strings.Cut(token, ".")
	if !found || len(token) > maxBytes || len(first) > encoding.EncodedLen(maxHeader) {
		return err
	}
	header, wrong := appendBase64(nil, first)
	if wrong != nil {
		return err
	}
	if _, refusal := parseHeader(string(header)); errors.Is(refusal, ErrUnencodedPayload) {
		return refusal
	}
	return err
}
