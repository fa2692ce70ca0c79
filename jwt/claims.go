package jwt

import (
	"strconv"
	"strings"
	"time"
)

// Claims are the registered claims (RFC 7519 section 4.1). Embed them in a
// struct of your own to add others:
//
//	type AccessClaims struct {
//		jwt.Claims
//		Scope string `json:"scope"`
//	}
type Claims struct {
	Issuer    string      `json:"iss,omitempty"`
	Subject   string      `json:"sub,omitempty"`
	Audience  Audience    `json:"aud,omitempty"`
	Expires   NumericDate `json:"exp,omitzero"`
	NotBefore NumericDate `json:"nbf,omitzero"`
	IssuedAt  NumericDate `json:"iat,omitzero"`
	ID        string      `json:"jti,omitempty"`
}

// Audience is whom a token is for. One audience is written as a string, more
// as an array (RFC 7519 section 4.1.3); both are read.
type Audience []string

// Contains reports whether a is one of the audiences, octet for octet.
func (a Audience) Contains(audience string) bool {
	for _, one := range a {
		if one == audience {
			return true
		}
	}
	return false
}

// MarshalJSON writes one audience as a string, others as an array.
func (a Audience) MarshalJSON() ([]byte, error) {
	for _, one := range a {
		if err := checkText("aud", one); err != nil {
			return nil, err
		}
	}
	return a.append(nil), nil
}

func (a Audience) append(b []byte) []byte {
	if len(a) == 1 {
		return appendString(b, a[0])
	}
	b = append(b, '[')
	for i, one := range a {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, one)
	}
	return append(b, ']')
}

// UnmarshalJSON reads a string or a non-empty array of strings.
func (a *Audience) UnmarshalJSON(data []byte) error {
	v, err := checkJSON(string(data))
	if err != nil {
		return asError(ErrClaim, "aud", err)
	}
	got, err := parseAudience(v, nil)
	if err != nil {
		return err
	}
	*a = got
	return nil
}

// parseAudience appends to a, which is empty.
func parseAudience(v value, a Audience) (Audience, error) {
	switch v.kind {
	case kindString:
		return append(a, v.text()), nil
	case kindArray:
		err := eachElement(v, func(one value) error {
			if one.kind != kindString {
				return refuse(ErrClaim, "aud", "got "+one.kind.String()+" in the array, want string")
			}
			a = append(a, one.text())
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(a) == 0 {
			return nil, refuse(ErrClaim, "aud", "empty array")
		}
		return a, nil
	}
	return nil, refuse(ErrClaim, "aud", "got "+v.kind.String()+", want string or array of strings")
}

// NumericDate is a moment as tokens write it: seconds since 1970, UTC, which
// may have a fraction (RFC 7519 section 2). The zero value is "not given". Read it as
// the [time.Time] that it embeds.
type NumericDate struct{ time.Time }

// At returns t as a NumericDate, without its fraction of a second.
func At(t time.Time) NumericDate { return NumericDate{time.Unix(t.Unix(), 0).UTC()} }

// lastSecond is the end of the year 9999, where RFC 3339 ends, too.
const lastSecond = 253402300799

// MarshalJSON writes the number of seconds, with a fraction if there is one.
// Moments before 1970 and after 9999 are refused.
func (d NumericDate) MarshalJSON() ([]byte, error) {
	if s := d.Unix(); s < 0 || s > lastSecond {
		return nil, refuse(ErrClaim, "", "date "+strconv.FormatInt(s, 10)+" is not in 1970 to 9999")
	}
	return d.append(nil), nil
}

func (d NumericDate) append(b []byte) []byte {
	b = strconv.AppendInt(b, d.Unix(), 10)
	if ns := d.Nanosecond(); ns != 0 {
		b = append(b, '.')
		digits := strconv.Itoa(1_000_000_000 + ns)[1:]
		b = append(b, strings.TrimRight(digits, "0")...)
	}
	return b
}

// UnmarshalJSON reads a number from 0 to the end of the year 9999. Fractions
// are cut to nanoseconds. Strings, null, booleans, negative and larger numbers are refused.
func (d *NumericDate) UnmarshalJSON(data []byte) error {
	v, err := checkJSON(string(data))
	if err != nil {
		return asError(ErrClaim, "", err)
	}
	got, text := parseDate(v)
	if text != "" {
		return refuse(ErrClaim, "", text)
	}
	*d = got
	return nil
}

// parseDate reads a date exactly: going through a float would move the last
// valid moment by up to a quarter of a microsecond. It returns what is wrong, or "".
func parseDate(v value) (NumericDate, string) {
	if v.kind != kindNumber {
		return NumericDate{}, "got " + v.kind.String() + ", want number"
	}
	s := v.raw
	if n, ok := wholeSeconds(s); ok {
		return NumericDate{time.Unix(n, 0).UTC()}, ""
	}
	if s[0] == '-' {
		return NumericDate{}, "got " + quote(s) + ", want no negative number"
	}
	exponent := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n < -1000 || n > 1000 {
			return NumericDate{}, "got " + quote(s) + ", out of range"
		}
		s, exponent = s[:i], n
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if exponent > 0 { // move the point to the right
		fraction += strings.Repeat("0", max(0, exponent-len(fraction)))
		whole, fraction = whole+fraction[:exponent], fraction[exponent:]
	} else if exponent < 0 { // to the left
		whole = strings.Repeat("0", max(0, -exponent-len(whole))) + whole
		at := len(whole) + exponent
		whole, fraction = whole[:at], whole[at:]+fraction
	}
	whole = strings.TrimLeft(whole, "0")
	if len(whole) > len("253402300799") {
		return NumericDate{}, "got " + quote(v.raw) + ", out of range"
	}
	seconds := int64(0)
	for _, c := range []byte(whole) {
		seconds = seconds*10 + int64(c-'0')
	}
	if seconds > lastSecond {
		return NumericDate{}, "got " + quote(v.raw) + ", out of range"
	}
	ns := int64(0)
	for i := range 9 {
		ns *= 10
		if i < len(fraction) {
			ns += int64(fraction[i] - '0')
		}
	}
	return NumericDate{time.Unix(seconds, ns).UTC()}, ""
}

// wholeSeconds reads what nearly all dates are: at most eleven digits and nothing else.
func wholeSeconds(s string) (n int64, ok bool) {
	if len(s) > 11 {
		return 0, false
	}
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	return n, true
}

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
		n, more, err := p.name()
		if err != nil {
			return has, asError(ErrMalformed, "payload", err)
		}
		if !more {
			break
		}
		name := n.text()
		bit := registeredClaim(name)
		if bit != 0 && has&bit != 0 || bit == 0 && !seen.add(name) {
			return has, asError(ErrMalformed, "payload", p.twice(name))
		}
		has |= bit
		v, err := p.value()
		if err != nil {
			return has, asError(ErrMalformed, "payload", err)
		}
		if bit != 0 {
			err = c.set(bit, name, v)
		} else if other != nil {
			other(name, v)
		}
		if err != nil {
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

func (c *Claims) set(bit registered, name string, v value) (err error) {
	switch bit {
	case hasIssuer:
		return claimText(&c.Issuer, name, v)
	case hasSubject:
		return claimText(&c.Subject, name, v)
	case hasID:
		return claimText(&c.ID, name, v)
	case hasExpires:
		return claimDate(&c.Expires, name, v)
	case hasNotBefore:
		return claimDate(&c.NotBefore, name, v)
	case hasIssuedAt:
		return claimDate(&c.IssuedAt, name, v)
	case hasAudience:
		c.Audience, err = parseAudience(v, c.Audience)
	}
	return err
}

func claimText(to *string, name string, v value) error {
	if v.kind != kindString {
		return refuse(ErrClaim, name, "got "+v.kind.String()+", want string")
	}
	*to = v.text()
	return nil
}

func claimDate(to *NumericDate, name string, v value) error {
	d, text := parseDate(v)
	if text != "" {
		return refuse(ErrClaim, name, text)
	}
	*to = d
	return nil
}

func requireClaims(has, required registered) error {
	if has&required == required {
		return nil
	}
	for i, name := range [...]string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"} {
		if bit := registered(1) << i; required&bit != 0 && has&bit == 0 {
			return refuse(ErrClaim, name, "missing")
		}
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
