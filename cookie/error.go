package cookie

import (
	"errors"
	"strconv"
)

// Reading a request. A cookie that is not there is [http.ErrNoCookie].
var (
	// ErrDuplicate: the wanted name is there more than once. Trust none of them.
	ErrDuplicate = errors.New("more than one cookie of this name")
	// ErrCaseVariant: a name equals the wanted one, which has a cookie prefix,
	// in all but upper and lower case. Browsers without the case-insensitive
	// prefix rule (draft-22 section 5.7 steps 20 and 21) let others set it.
	ErrCaseVariant = errors.New("a cookie whose name differs only in case")
	// ErrTooMany: more than [MaxCookies] cookies. The answer is 431.
	ErrTooMany = errors.New("too many cookies")
	// ErrHeaderTooLarge: more than [MaxHeader] bytes. The answer is 431.
	ErrHeaderTooLarge = errors.New("cookie header too large")
)

// Writing a response.
var (
	// ErrName: the name is not an HTTP token (RFC 9110 section 5.6.2).
	ErrName = errors.New("bad cookie name")
	// ErrValue: the value has octets that a cookie cannot carry.
	ErrValue = errors.New("bad cookie value")
	// ErrTooLong: name and value are longer than [MaxPair] together, or an
	// attribute is longer than browsers read.
	ErrTooLong = errors.New("cookie too long")
	// ErrAttribute: an attribute is malformed, doubled, unknown or contradicts
	// another one, so that browsers would drop the attribute or the cookie.
	ErrAttribute = errors.New("bad cookie attribute")
	// ErrPrefix: the name has a prefix whose promise the attributes do not keep.
	ErrPrefix = errors.New("cookie prefix rule broken")
	// ErrLifetime: a lifetime that is over the limit, not a date, or two
	// lifetimes that say different things.
	ErrLifetime = errors.New("bad cookie lifetime")
	// ErrUnsafe: browsers would keep this cookie, but an attacker could read,
	// send or replace it. See [Check] for the rules and Unsafe* for the way out.
	ErrUnsafe = errors.New("unsafe cookie")
)

// Sealed values.
var (
	// ErrMalformed: not a sealed value of a known version.
	ErrMalformed = errors.New("malformed sealed value")
	// ErrAltered: not sealed by any of the secrets for this cookie name.
	ErrAltered = errors.New("sealed value altered, or sealed with another secret or name")
	// ErrExpired: authentic, but its lifetime is over.
	ErrExpired = errors.New("sealed value expired")
	// ErrSecret: a secret is missing or too short.
	ErrSecret = errors.New("bad secret")
)

// An Error says which rule was broken ([errors.Is] with one of the Err
// variables), where, and by how much. It never holds a cookie's value, so it
// may be logged; names and attributes in it are quoted.
type Error struct {
	Name  string // the cookie's name, as it was given or met; "" if it is about a whole header
	Rule  string // the rule in a few words
	Got   string // what was found, "" if it may not be shown
	Limit string // what is allowed, "" if there is no one answer
	Err   error  // the sentinel, never nil
}

func (e *Error) Error() string {
	text := "cookie: "
	if e.Name != "" {
		text += show(e.Name) + ": "
	}
	if e.Rule != "" {
		text += e.Rule
	} else {
		text += e.Err.Error()
	}
	if e.Got != "" {
		text += ": got " + e.Got
		if e.Limit != "" {
			text += ", limit " + e.Limit
		}
	}
	return text
}

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error { return e.Err }

// show quotes what may come from an attacker, so that it stays on one line of
// the log, and cuts it, so that it stays short.
func show(s string) string {
	const longest = 80
	if len(s) > longest {
		return strconv.Quote(s[:longest]) + "…"
	}
	return strconv.Quote(s)
}

// over is the error of a size over its limit.
func over(err error, name, rule string, got, limit int) *Error {
	return &Error{Name: name, Rule: rule, Got: strconv.Itoa(got), Limit: strconv.Itoa(limit), Err: err}
}
