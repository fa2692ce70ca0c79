package revocation

import (
	"errors"
	"strconv"

	"github.com/cloakroom/cloakroom/jwt"
)

// The rules that a feed can break, and why a token cannot be judged. Compare with [errors.Is]; the error itself is an [*Error].
// A token that was revoked is [jwt.ErrRevoked], in an [*Error] too.
var (
	ErrOption      = errors.New("revocation: URL, credentials or option is invalid") // a programming or configuration error
	ErrStale       = errors.New("revocation: what is known is too old to judge by")  // for longer than Options.RefuseAfter
	ErrClosed      = errors.New("revocation: the feed was closed")
	ErrConnection  = errors.New("revocation: the feed cannot be read")             // network, TLS, the end of a stream
	ErrAddress     = errors.New("revocation: address is not allowed")              // the name leads to a private network
	ErrSilent      = errors.New("revocation: the feed says nothing")               // not even heartbeats
	ErrCredentials = errors.New("revocation: the issuer refuses the credentials")  // 401, 403
	ErrStatus      = errors.New("revocation: answer is no stream")                 // RFC 9110 section 15; redirects are not followed
	ErrTooLarge    = errors.New("revocation: message is too large")                // more than 1 MiB
	ErrMessage     = errors.New("revocation: message is refused")                  // RFC 8417 section 2.2, docs/revocations.md
	ErrGap         = errors.New("revocation: messages are missing")                // a new snapshot is asked for
	ErrClock       = errors.New("revocation: the clocks differ by more than 60 s") // of the issuer and of this machine
	ErrTooMany     = errors.New("revocation: there are more entries than allowed") // Options.MaxEntries
)

// Error says which rule was broken and how; for a token that was revoked, what of it was and why.
type Error struct {
	Rule error // jwt.ErrRevoked, or one of the sentinels of this package

	// Of a token that was revoked: one of the three that the revocation is about, and the reason for which the session or the account's
	// sessions ended, such as "signed-out"; "key-retired" for a key.
	Session, Account, KeyID string
	Reason                  string

	Detail string // what was found, with got and limit where there are any
	Err    error  // the cause, or nil
}

func (e *Error) Error() string {
	text := e.Rule.Error()
	for _, about := range []struct{ what, id string }{{"session", e.Session}, {"account", e.Account}, {"key", e.KeyID}} {
		if about.id != "" {
			text += ": " + about.what + " " + quote(about.id) + " (" + quote(e.Reason) + ")"
		}
	}
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

//go:noinline
func refuse(rule error, detail string) *Error { return &Error{Rule: rule, Detail: detail} }

// asRevoked is the verdict on a token.
func asRevoked(e Error) error {
	e.Rule = jwt.ErrRevoked
	return &e
}

// quote prints what came over the wire: in ASCII, and never longer than a line.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "..."
	}
	return strconv.QuoteToASCII(s)
}

func gotLimit[N int | int64](what string, got, limit N) string {
	return what + ": got " + strconv.FormatInt(int64(got), 10) + ", limit " + strconv.FormatInt(int64(limit), 10)
}
