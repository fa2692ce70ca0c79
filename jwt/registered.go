package jwt

import (
	"math/bits"
	"time"
)

// registered says which of the registered claims a payload has.
type registered uint8

const (
	hasIssuer registered = 1 << iota
	hasSubject
	hasAudience
	hasExpires
	hasNotBefore
	hasIssuedAt
	hasID
)

// parseClaims reads the registered claims of a payload and checks the whole of it
// as JSON. Claims that are not registered are not looked into. other, if not nil, is
// called with the name and kind of each.
func parseClaims(payload string, c *Claims, other func(name string, v value)) (has registered, err error) {
	p := scanner{s: payload}
	if err = p.object(); err == nil {
		err = p.open()
	}
	var seen names // that are not registered
	for err == nil {
		bit := p.registeredName()
		if bit == 0 {
			n, more, err := p.name()
			if err != nil {
				return has, asError(ErrMalformed, "payload", err)
			}
			if !more {
				break
			}
			name := n.text()
			if bit = registeredClaim(name); bit == 0 {
				if !seen.add(name) {
					return has, asError(ErrMalformed, "payload", p.twice(name))
				}
				v, err := p.value()
				if err != nil {
					return has, asError(ErrMalformed, "payload", err)
				}
				if other != nil {
					other(name, v)
				}
				continue
			}
		}
		if has&bit != 0 {
			return has, asError(ErrMalformed, "payload", p.twice(bit.name()))
		}
		has |= bit
		if err := c.read(&p, bit); err != nil {
			return has, err
		}
	}
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return has, asError(ErrMalformed, "payload", err)
	}
	return has, nil
}

// registeredName reads the name of a registered claim with its colon, as everybody writes it. If anything else stands there it reads
// nothing and returns 0, and [scanner.name] says what it is.
func (p *scanner) registeredName() registered {
	s := p.s[p.i:]
	if !p.first {
		if s == "" || s[0] != ',' {
			return 0
		}
		s = s[1:]
	}
	const size = len(`"iss":`)
	if len(s) < size || s[0] != '"' || s[4] != '"' || s[5] != ':' {
		return 0
	}
	bit := registeredClaim(s[1:4])
	if bit != 0 {
		p.first = false
		p.named = len(p.s) - len(s)
		p.i = p.named + size
	}
	return bit
}

func registeredClaim(name string) registered {
	switch name {
	case "iss":
		return hasIssuer
	case "sub":
		return hasSubject
	case "aud":
		return hasAudience
	case "exp":
		return hasExpires
	case "nbf":
		return hasNotBefore
	case "iat":
		return hasIssuedAt
	case "jti":
		return hasID
	}
	return 0
}

// name is that of the first claim of a set.
func (r registered) name() string {
	return [...]string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}[bits.TrailingZeros8(uint8(r))]
}

// read reads the value of a registered claim.
func (c *Claims) read(p *scanner, bit registered) error {
	switch bit {
	case hasIssuer:
		return readText(p, bit, &c.Issuer)
	case hasSubject:
		return readText(p, bit, &c.Subject)
	case hasID:
		return readText(p, bit, &c.ID)
	case hasExpires:
		return readDate(p, bit, &c.Expires)
	case hasNotBefore:
		return readDate(p, bit, &c.NotBefore)
	case hasIssuedAt:
		return readDate(p, bit, &c.IssuedAt)
	}
	v, err := p.value()
	if err != nil {
		return asError(ErrMalformed, "payload", err)
	}
	c.Audience, err = parseAudience(v, c.Audience)
	return err
}

func readText(p *scanner, bit registered, to *string) error {
	v, err := p.value()
	if err != nil {
		return asError(ErrMalformed, "payload", err)
	}
	if v.kind != kindString {
		return refuse(ErrClaim, bit.name(), "got "+v.kind.String()+", want string")
	}
	*to = v.text()
	return nil
}

func readDate(p *scanner, bit registered, to *NumericDate) error {
	if n, ok := p.seconds(); ok {
		to.Time = time.Unix(n, 0).UTC()
		return nil
	}
	v, err := p.value()
	if err != nil {
		return asError(ErrMalformed, "payload", err)
	}
	d, wrong := parseDate(v)
	if wrong != "" {
		return refuse(ErrClaim, bit.name(), wrong)
	}
	*to = d
	return nil
}

// seconds reads what nearly all dates are: at most eleven digits and nothing else. It reads nothing if anything else stands there.
func (p *scanner) seconds() (n int64, ok bool) {
	s := p.s[p.i:]
	i := 0
	for i < len(s) && s[i]-'0' <= 9 {
		n = n*10 + int64(s[i]-'0')
		i++
	}
	if i == 0 || i > 11 || s[0] == '0' || i == len(s) || s[i] != ',' && s[i] != '}' {
		return 0, false
	}
	p.i += i
	return n, true
}

func requireClaims(has, required registered) error {
	if missing := required &^ has; missing != 0 {
		return refuse(ErrClaim, missing.name(), "missing")
	}
	return nil
}

// nonEmpty reports whether the registered claim with this name is there and not "".
func (c *Claims) nonEmpty(has registered, name string) bool {
	switch name {
	case "iss":
		return c.Issuer != ""
	case "sub":
		return c.Subject != ""
	case "jti":
		return c.ID != ""
	case "aud":
		return has&hasAudience != 0
	case "exp":
		return has&hasExpires != 0
	case "nbf":
		return has&hasNotBefore != 0
	case "iat":
		return has&hasIssuedAt != 0
	}
	return false
}
