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
