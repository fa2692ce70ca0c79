package jwt

import (
	"cmp"
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
	r := rooms.Get().(*room)
	defer r.leave()
	payload, err := appendClaims(r.payload[:0], claims)
	if err != nil {
		return "", err
	}
	r.payload = payload
	return r.sign(k, typ, payload)
}

// SignPayload signs any bytes, which need be no claims at all. It is the low
// level under [Sign] for tools and for protocols with payloads of their own; a [Verifier]
// refuses what is not a claims object with exp and aud. [VerifySignature] is its counterpart.
func SignPayload(k *Key, typ string, payload []byte) (string, error) {
	r := rooms.Get().(*room)
	defer r.leave()
	return r.sign(k, typ, payload)
}

func (r *room) sign(k *Key, typ string, payload []byte) (string, error) {
	if k == nil || !k.CanSign() {
		return "", refuse(ErrKey, "", "cannot sign: a public key, or its key_ops say no")
	}
	header, err := k.header.encode(k, typ)
	if err != nil {
		return "", err
	}
	r.signed = append(append(r.signed[:0], header...), '.')
	r.signed = appendEncoded(r.signed, payload)
	if err := k.material.sign(r); err != nil {
		return "", &Error{Rule: ErrKey, Where: "sign", Err: err}
	}
	r.signed = appendEncoded(append(r.signed, '.'), r.signature)
	return string(r.signed), nil
}

func appendClaims(b []byte, claims any) ([]byte, error) {
	switch c := claims.(type) {
	case Claims:
		return c.append(b)
	case *Claims:
		if c != nil {
			return c.append(b)
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
	return append(b, payload...), requireClaims(has, hasExpires|hasAudience)
}

// append writes registered claims without reflection, at the beginning of b.
func (c *Claims) append(b []byte) ([]byte, error) {
	if len(c.Audience) == 0 {
		return nil, refuse(ErrClaim, "aud", "missing")
	}
	if c.Expires.IsZero() {
		return nil, refuse(ErrClaim, "exp", "missing")
	}
	b = append(b, `{"aud":`...)
	b = c.Audience.append(b)
	var err error
	if b, err = appendDate(b, `,"exp":`, c.Expires); err != nil {
		return nil, err
	}
	if b, err = appendDate(b, `,"nbf":`, c.NotBefore); err != nil {
		return nil, err
	}
	if b, err = appendDate(b, `,"iat":`, c.IssuedAt); err != nil {
		return nil, err
	}
	b = appendText(b, `,"iss":`, c.Issuer)
	b = appendText(b, `,"sub":`, c.Subject)
	b = appendText(b, `,"jti":`, c.ID)
	b = append(b, '}')
	if !utf8.Valid(b) {
		return nil, c.checkTexts()
	}
	return b, nil
}

// appendText appends a member that is left out if it is empty; name has its comma, quotes and colon.
func appendText(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return appendString(append(b, name...), text)
}

func appendDate(b []byte, name string, d NumericDate) ([]byte, error) {
	if d.IsZero() {
		return b, nil
	}
	if s := d.Unix(); s < 0 || s > lastSecond {
		return nil, refuse(ErrClaim, name[2:5], "not in the years 1970 to 9999")
	}
	return d.append(append(b, name...)), nil
}

// checkTexts finds the first claim that is not UTF-8.
func (c *Claims) checkTexts() error {
	for _, one := range c.Audience {
		if err := checkText("aud", one); err != nil {
			return err
		}
	}
	return cmp.Or(checkText("iss", c.Issuer), checkText("sub", c.Subject), checkText("jti", c.ID))
}

func checkText(name, s string) error {
	if !utf8.ValidString(s) {
		return refuse(ErrClaim, name, "not UTF-8")
	}
	return nil
}
