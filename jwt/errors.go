package jwt

import (
	"errors"
	"strconv"
)

// A rule is what a sentinel error is made of: its stable code and its text.
type rule struct {
	code, text string
	wider      error // the rule of which it is a case, or nil
}

func (r *rule) Error() string { return "jwt: " + r.text }
func (r *rule) Unwrap() error { return r.wider }

// The rules that a token or a key can break. Compare with [errors.Is]; the
// error itself is an [*Error] that says where and how much.
var (
	ErrMalformed   error = &rule{"malformed", "token is malformed", nil}              // RFC 7515 section 5.2, steps 1 to 7
	ErrCritical    error = &rule{"critical", "critical header is not supported", nil} // RFC 7515 section 4.1.11
	ErrAlgorithm   error = &rule{"algorithm", "algorithm is not allowed", nil}        // RFC 8725 section 3.1
	ErrUnknownKey  error = &rule{"unknown-key", "key is unknown", nil}                // RFC 7515 section 6
	ErrSignature   error = &rule{"signature", "signature is wrong", nil}              // RFC 7515 section 5.2, step 8
	ErrType        error = &rule{"type", "token is of another type", nil}             // RFC 8725 section 3.11
	ErrClaim       error = &rule{"claim", "claim is missing or invalid", nil}         // RFC 7519 section 4.1
	ErrIssuer      error = &rule{"issuer", "issuer is another one", nil}              // RFC 7519 section 4.1.1
	ErrAudience    error = &rule{"audience", "token is for another audience", nil}    // RFC 7519 section 4.1.3
	ErrExpired     error = &rule{"expired", "token has expired", nil}                 // RFC 7519 section 4.1.4
	ErrNotYetValid error = &rule{"not-yet-valid", "token is not valid yet", nil}      // RFC 7519 sections 4.1.5 and 4.1.6
	ErrRevoked     error = &rule{"revoked", "token was revoked", nil}                 // RFC 7009, or whatever VerifierOptions.Revoked says
	ErrKey         error = &rule{"key", "key is refused", nil}                        // RFC 7517, RFC 7518 section 6
	ErrOption      error = &rule{"option", "option is invalid", nil}                  // a programming or configuration error

	// Forms of a signed token that this package does not read. Each wraps the wider rule that it breaks: ErrMalformed,
	// ErrCritical and ErrSignature.
	ErrJSONSerialization error = &rule{"json-serialization", "token is in JSON, want the compact form", ErrMalformed} // RFC 7515 section 7.2
	ErrUnencodedPayload  error = &rule{"unencoded-payload", "payload is not encoded", ErrCritical}                    // RFC 7797: b64 is false
	ErrDetached          error = &rule{"detached", "payload is detached", ErrSignature}                               // RFC 7515 appendix F
)

// Error says which rule was broken, where, and by what.
type Error struct {
	Rule   error  // one of the sentinels of this package
	Where  string // "token", "header", "payload", a claim ("exp"), a JWK member ("x"), or ""
	Detail string // what was found, with got and limit where there are any
	Err    error  // the cause, or nil
}

func (e *Error) Error() string {
	text := e.Rule.Error()
	if e.Where != "" {
		text += ": " + e.Where
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap makes errors.Is find the rule as well as the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Rule}
	}
	return []error{e.Rule, e.Err}
}

// Reason returns the stable one-word code of the rule that err reports:
// "malformed", "json-serialization", "unencoded-payload", "detached", "critical", "algorithm", "unknown-key", "signature", "type",
// "claim", "issuer", "audience", "expired", "not-yet-valid", "revoked", "key", "option".
// It is "" for nil and for errors that are no verdict of this package, such as
// a key source that could not be asked.
func Reason(err error) string {
	var r *rule
	if errors.As(err, &r) {
		return r.code
	}
	return ""
}

// It stands in 126 places: written into each, it would add 20 kB to a program.
//
//go:noinline
func refuse(r error, where, detail string) *Error {
	return &Error{Rule: r, Where: where, Detail: detail}
}

func gotLimit(what string, got, limit int) string {
	return what + ": got " + strconv.Itoa(got) + ", limit " + strconv.Itoa(limit)
}

// quote prints data of a stranger: quoted, and never longer than a line.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "..."
	}
	return strconv.QuoteToASCII(s)
}

// asError gives err, which the JSON scanner or a visitor of its members
// returned, the rule and place it lacks.
func asError(r error, where string, err error) error {
	if e, ok := err.(*Error); ok {
		return e
	}
	return &Error{Rule: r, Where: where, Err: err}
}
