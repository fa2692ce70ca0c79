package jwt

import (
	"encoding/json"
	"unicode/utf8"
)

// Sign makes a token of the given type, such as "at+jwt" (RFC 8725 section
// 3.11: each kind of token its own), with the header {"alg","kid","typ"}. An empty typ
// leaves the parameter out.
//
// claims is a [Claims], a struct that embeds it, or a map; whatever encoding/json makes an
// object of. They must have exp and aud, which every [Verifier] asks for, and registered claims of the right
// types; else Sign reports [ErrClaim] or [ErrMalformed]. A key that cannot sign is [ErrKey].
func Sign(k *Key, typ string, claims any) (string, error) {
	payload, err := encodeClaims(claims)
	if err != nil {
		return "", err
	}
	return SignPayload(k, typ, payload)
}

// SignPayload signs any bytes, which need be no claims at all. It is the low
// level under [Sign] for tools and for protocols with payloads of their own; a [Verifier]
// refuses what is not a claims object with exp and aud. [VerifySignature] is its counterpart.
func SignPayload(k *Key, typ string, payload []byte) (string, error) {
	if k == nil || !k.CanSign() {
		return "", refuse(ErrKey, "", "cannot sign: a public key, or its key_ops say no")
	}
	header, err := k.header.encode(k, typ)
	if err != nil {
		return "", err
	}
	b := make([]byte, 0, len(header)+2+encoding.EncodedLen(len(payload))+96)
	b = append(b, header...)
	b = append(b, '.')
	b = encoding.AppendEncode(b, payload)
	signature, err := k.material.sign(b)
	if err != nil {
		return "", &Error{Rule: ErrKey, Where: "sign", Err: err}
	}
	b = append(b, '.')
	return string(encoding.AppendEncode(b, signature)), nil
}

func encodeClaims(claims any) ([]byte, error) {
	switch c := claims.(type) {
	case Claims:
		return c.encode()
	case *Claims:
		if c != nil {
			return c.encode()
		}
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return nil, &Error{Rule: ErrClaim, Where: "payload", Err: err}
	}
	var c Claims
	has, err := parseClaims(string(payload), &c, nil)
	if err != nil {
		return nil, err
	}
	return payload, requireClaims(has, hasExpires|hasAudience)
}

// encode writes registered claims without reflection.
func (c *Claims) encode() ([]byte, error) {
	b := append(make([]byte, 0, 256), '{')
	for _, text := range []struct{ name, value string }{{"iss", c.Issuer}, {"sub", c.Subject}, {"jti", c.ID}} {
		if text.value == "" {
			continue
		}
		if err := checkText(text.name, text.value); err != nil {
			return nil, err
		}
		b = appendString(appendName(b, text.name), text.value)
	}
	if len(c.Audience) == 0 {
		return nil, refuse(ErrClaim, "aud", "missing")
	}
	for _, one := range c.Audience {
		if err := checkText("aud", one); err != nil {
			return nil, err
		}
	}
	b = c.Audience.append(appendName(b, "aud"))
	if c.Expires.IsZero() {
		return nil, refuse(ErrClaim, "exp", "missing")
	}
	for _, date := range []struct {
		name  string
		value NumericDate
	}{{"exp", c.Expires}, {"nbf", c.NotBefore}, {"iat", c.IssuedAt}} {
		if date.value.IsZero() {
			continue
		}
		if s := date.value.Unix(); s < 0 || s > lastSecond {
			return nil, refuse(ErrClaim, date.name, "not in the years 1970 to 9999")
		}
		b = date.value.append(appendName(b, date.name))
	}
	return append(b, '}'), nil
}

func appendName(b []byte, name string) []byte {
	if len(b) > 1 {
		b = append(b, ',')
	}
	return append(appendString(b, name), ':')
}

func checkText(name, s string) error {
	if !utf8.ValidString(s) {
		return refuse(ErrClaim, name, "not UTF-8")
	}
	return nil
}
