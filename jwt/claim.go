package jwt

import "time"

// SessionID returns the claim "sid", the session that the token belongs to (OpenID Connect Front-Channel Logout 1.0 section 3), or "" if there is
// none, or none that is a string. It costs nothing.
func (t *Token) SessionID() string { return t.session }

// StringClaim returns one claim that is a string, registered or not, such as "client_id". It is "" if the token has no such claim, or has
// it as something else than a string; [Token.Decode] tells these apart. Names are compared octet for octet: "SID" is another claim.
//
// It costs a walk over the payload and no allocation, unless the claim has escapes in it.
func (t *Token) StringClaim(name string) string {
	switch name {
	case "iss":
		return t.claims.Issuer
	case "sub":
		return t.claims.Subject
	case "jti":
		return t.claims.ID
	case "sid":
		return t.session
	}
	p := scanner{s: t.payload}
	err := p.object()
	if err == nil {
		err = p.open()
	}
	for err == nil {
		n, more, err := p.name()
		if err != nil || !more {
			break
		}
		v, err := p.value()
		if err != nil {
			break
		}
		if n.text() == name {
			if v.kind == kindString {
				return v.text()
			}
			break // there is no second one: the verifier has seen to it
		}
	}
	return ""
}

// IssuedAt returns when the token says that it was issued, or the zero time. It is Claims().IssuedAt without a copy of the rest.
func (t *Token) IssuedAt() time.Time { return t.claims.IssuedAt.Time }
