package guard

import (
	"errors"
	"fmt"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

// ErrNoCredentials is what a [Scheme] returns where its kind of credential is absent: the next scheme is asked.
// A credential that is there and bad is never absent.
var ErrNoCredentials = errors.New("guard: no credentials")

// Error is a refusal with its reason. Schemes, rules and the functions given to them return it; any other error means that
// the question could not be answered and becomes [StoreUnavailable].
type Error struct {
	Reason Reason
	Detail string          // for the Step and the log; the caller of the site is not told
	Ending *session.Ending // how the session ended, where that is the reason
	Err    error           // the cause, or nil

	oauth  string        // error code of RFC 6750, section 3.1
	scopes string        // for oauth "insufficient_scope"
	maxAge time.Duration // for oauth "insufficient_user_authentication", RFC 9470
	allow  string        // for MethodNotAllowed: the Allow header
}

func (e *Error) Error() string {
	s := "guard: " + string(e.Reason)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// PanicError is the Err of a decision that was refused because a scheme or a rule panicked.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// refusal makes an *Error with a reason of any error that is not ErrNoCredentials.
func refusal(err error) *Error {
	var ended *session.EndedError
	e, ok := errors.AsType[*Error](err)
	switch {
	case ok && e.Reason != "" && err == error(e):
		return e
	case ok && e.Reason != "":
		c := *e
		c.Err = err
		return &c
	case errors.As(err, &ended):
		return ending(&ended.Ending, err)
	case errors.Is(err, session.ErrNotFound):
		return &Error{Reason: UnknownSession, Err: err}
	default:
		return &Error{Reason: StoreUnavailable, Err: err}
	}
}

func ending(end *session.Ending, err error) *Error {
	e := &Error{Reason: end.Reason, Ending: end, Err: err}
	if e.Reason == "" {
		e.Reason = UnknownSession
	}
	return e
}
