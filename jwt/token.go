package jwt

import (
	"encoding/json"
	"errors"
	"strings"
)

// Token is a token whose signature, type and claims were checked by a
// [Verifier]; nothing else makes one. It never changes.
type Token struct {
	header  Header
	payload string
	claims  Claims
}

// Claims returns the registered claims.
func (t *Token) Claims() Claims {
	c := t.claims
	c.Audience = append(Audience(nil), c.Audience...)
	return c
}

// Header returns the header.
func (t *Token) Header() Header { return t.header }

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

// takeApart splits and decodes a token. One whose header says that its payload is not encoded (RFC 7797) is
// refused for that.
func takeApart(token string, maxBytes int) (parts, decoded, error) {
	p, err := splitToken(token, maxBytes)
	if err == nil {
		var d decoded
		if d, err = p.decode(); err == nil {
			return p, d, nil
		}
	}
	first, _, _ := strings.Cut(token, ".")
	if len(token) <= maxBytes && len(first) <= encoding.EncodedLen(maxHeader) {
		if header, e := appendBase64(nil, first); e == nil {
			if _, e := parseHeader(string(header)); errors.Is(e, ErrUnencodedPayload) {
				return parts{}, decoded{}, e
			}
		}
	}
	return parts{}, decoded{}, err
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
		return parts{}, refuse(ErrJSONSerialization, "token", "")
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

// decoded are the three parts as bytes.
type decoded struct{ header, payload, signature []byte }

func (p parts) decode() (d decoded, err error) {
	if most := encoding.EncodedLen(maxHeader); len(p.header) > most {
		return decoded{}, refuse(ErrMalformed, "header", gotLimit("too many characters", len(p.header), most))
	}
	for _, part := range []struct {
		name, text string
		to         *[]byte
	}{{"header", p.header, &d.header}, {"payload", p.payload, &d.payload}, {"signature", p.signature, &d.signature}} {
		b := make([]byte, 0, encoding.DecodedLen(len(part.text)))
		if *part.to, err = appendBase64(b, part.text); err != nil {
			return decoded{}, &Error{Rule: ErrMalformed, Where: part.name, Err: err}
		}
	}
	return d, nil
}
