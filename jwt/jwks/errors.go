package jwks

import "errors"

// The rules that a URL, a fetch or a key set can break. Compare with [errors.Is]; the error itself is an [*Error].
var (
	ErrOption      = errors.New("jwks: URL or option is invalid")               // a programming or configuration error
	ErrAddress     = errors.New("jwks: address is not allowed")                 // the name leads to a private network
	ErrFetch       = errors.New("jwks: key set cannot be fetched")              // network, TLS, time
	ErrRedirect    = errors.New("jwks: redirect is not followed")               // to another host, or too many
	ErrStatus      = errors.New("jwks: answer is not 200")                      // RFC 9110 section 15
	ErrTooLarge    = errors.New("jwks: answer is too large")                    // more than Options.MaxBytes
	ErrContent     = errors.New("jwks: answer is not a key set")                // RFC 7517 section 5
	ErrSecret      = errors.New("jwks: key set publishes secrets")              // symmetric or private keys
	ErrUnavailable = errors.New("jwks: there is no key set that is new enough") // tokens can neither be accepted nor judged
)

// Error says which rule was broken, by which URL, and how.
type Error struct {
	Rule   error  // one of the sentinels of this package
	URL    string // of the key set, as it was given to [New]
	Detail string // what was found, with got and limit where there are any
	Err    error  // the cause, or nil
}

func (e *Error) Error() string {
	text := e.Rule.Error() + ": " + e.URL
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap makes [errors.Is] find the rule as well as the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Rule}
	}
	return []error{e.Rule, e.Err}
}
