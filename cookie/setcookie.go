package cookie

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// New returns a cookie that [Set] accepts as it is, if its name begins with
// __Host-: Path=/, Secure, HttpOnly, SameSite=Lax, and gone when the browser
// ends. Change the fields you need; the most wanted one is MaxAge, in seconds.
func New(name, value string) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value,
		Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// Format returns the value of a Set-Cookie header for a cookie that passes
// [Check], else "" and the error of Check. Reading the line gives back the same
// name and value, octet for octet. Most programs need [Set].
//
// As in net/http, MaxAge 0 means no Max-Age and a negative one Max-Age=0. Raw
// and RawExpires are not used.
func Format(c *http.Cookie) (string, error) { return format(c, time.Now()) }

func format(c *http.Cookie, now time.Time) (string, error) {
	if err := check(c, now); err != nil {
		return "", err
	}
	return line(c), nil
}

// UnsafeFormat is [Format] for a cookie that passes [UnsafeCheck].
func UnsafeFormat(c *http.Cookie) (string, error) { return unsafeFormat(c, time.Now()) }

func unsafeFormat(c *http.Cookie, now time.Time) (string, error) {
	if err := unsafeCheck(c, now); err != nil {
		return "", err
	}
	return line(c), nil
}

// line writes a cookie that was checked, in the order of net/http.
func line(c *http.Cookie) string {
	const attributes = len("; Path=; Domain=; Expires=Mon, 02 Jan 2006 15:04:05 GMT; Max-Age=34560000; HttpOnly; Secure; SameSite=Strict; Partitioned")
	b := make([]byte, 0, len(c.Name)+len("=")+len(c.Value)+len(c.Path)+len(c.Domain)+attributes)
	b = append(append(append(b, c.Name...), '='), c.Value...)
	if c.Path != "" {
		b = append(append(b, "; Path="...), c.Path...)
	}
	if c.Domain != "" {
		b = append(append(b, "; Domain="...), c.Domain...)
	}
	if !c.Expires.IsZero() {
		b = expires(c).AppendFormat(append(b, "; Expires="...), http.TimeFormat)
	}
	if c.MaxAge != 0 {
		b = strconv.AppendInt(append(b, "; Max-Age="...), int64(max(c.MaxAge, 0)), 10)
	}
	if c.HttpOnly {
		b = append(b, "; HttpOnly"...)
	}
	if c.Secure {
		b = append(b, "; Secure"...)
	}
	switch c.SameSite {
	case http.SameSiteLaxMode:
		b = append(b, "; SameSite=Lax"...)
	case http.SameSiteStrictMode:
		b = append(b, "; SameSite=Strict"...)
	case http.SameSiteNoneMode:
		b = append(b, "; SameSite=None"...)
	}
	if c.Partitioned {
		b = append(b, "; Partitioned"...)
	}
	return string(b)
}

// ParseSet reads the value of a Set-Cookie header as a server may write it
// (RFC 6265 section 4.1, with the rules of [UnsafeCheck]), not as a browser
// guesses it (section 5.2). What it accepts, [UnsafeFormat] can write, except
// that a date may have passed, and gives the same cookie again.
//
// Attributes may come in any order, in any case, with any number of spaces or
// tabs before them. An unknown, empty or doubled one is an error, and so is a
// date in any form but IMF-fixdate. The error is an *[Error] as from UnsafeCheck.
func ParseSet(line string) (*http.Cookie, error) {
	if len(line) > maxLine {
		return nil, over(ErrTooLong, "", "Set-Cookie line too long", len(line), maxLine)
	}
	pair, rest, more := strings.Cut(line, ";")
	name, value, named := strings.Cut(pair, "=")
	if !named {
		return nil, &Error{Rule: "cookie without a name: no = in it", Err: ErrName}
	}
	c := &http.Cookie{Name: name, Value: value, Raw: line}
	for seen := attribute(0); more; {
		var av string
		av, rest, more = strings.Cut(rest, ";")
		if err := parseAttribute(c, strings.TrimLeft(av, " \t"), &seen); err != nil {
			return nil, err
		}
	}
	if err := checkGrammar(c); err != nil {
		return nil, err
	}
	return c, nil
}

// An attribute is one bit for each name that a Set-Cookie line may have once
// (RFC 6265 section 4.1.1).
type attribute uint8

const (
	avExpires attribute = 1 << iota
	avMaxAge
	avDomain
	avPath
	avSameSite
	avSecure
	avHTTPOnly
	avPartitioned
)

var attributes = [...]struct {
	name string
	bit  attribute
}{
	{"Expires", avExpires},
	{"Max-Age", avMaxAge},
	{"Domain", avDomain},
	{"Path", avPath},
	{"SameSite", avSameSite},
	{"Secure", avSecure},
	{"HttpOnly", avHTTPOnly},
	{"Partitioned", avPartitioned},
}

func parseAttribute(c *http.Cookie, av string, seen *attribute) error {
	name, value, valued := strings.Cut(av, "=")
	bad := func(rule, got string) error {
		return &Error{Name: c.Name, Rule: rule, Got: show(got), Err: ErrAttribute}
	}
	var bit attribute
	for _, a := range attributes {
		if equalFold(name, a.name) {
			bit = a.bit
		}
	}
	switch {
	case bit == 0:
		return bad("unknown attribute", name)
	case *seen&bit != 0:
		return bad("attribute twice", name)
	case valued && bit >= avSecure:
		return bad("attribute must not have a value", av)
	case value == "" && bit < avSecure:
		return bad("attribute without a value", av)
	}
	*seen |= bit
	switch bit {
	case avExpires:
		return parseExpires(c, value)
	case avMaxAge:
		return parseMaxAge(c, value)
	case avDomain:
		c.Domain = value
	case avPath:
		c.Path = value
	case avSameSite:
		switch {
		case equalFold(value, "Lax"):
			c.SameSite = http.SameSiteLaxMode
		case equalFold(value, "Strict"):
			c.SameSite = http.SameSiteStrictMode
		case equalFold(value, "None"):
			c.SameSite = http.SameSiteNoneMode
		default:
			return bad("SameSite must be Strict, Lax or None", value)
		}
	case avSecure:
		c.Secure = true
	case avHTTPOnly:
		c.HttpOnly = true
	case avPartitioned:
		c.Partitioned = true
	}
	return nil
}

// parseExpires takes IMF-fixdate only (RFC 9110 section 5.6.7). time.Parse alone
// would also take wrong weekdays, lower case and fractions of a second.
func parseExpires(c *http.Cookie, value string) error {
	t, err := time.Parse(http.TimeFormat, value)
	if err != nil || t.Format(http.TimeFormat) != value || t.IsZero() {
		return &Error{Name: c.Name, Rule: "Expires must look like Mon, 02 Jan 2006 15:04:05 GMT", Got: show(value), Err: ErrLifetime}
	}
	c.Expires, c.RawExpires = t.UTC(), value
	return nil
}

// parseMaxAge takes digits only, without zeros in front.
func parseMaxAge(c *http.Cookie, value string) error {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil || value[0] == '0' && len(value) > 1 {
		return &Error{Name: c.Name, Rule: "Max-Age must be a number of seconds", Got: show(value), Limit: "34560000", Err: ErrLifetime}
	}
	if c.MaxAge = int(n); n == 0 {
		c.MaxAge = -1
	}
	return nil
}
