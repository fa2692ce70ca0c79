package session

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/cloakroom/cloakroom/cookie"
)

var (
	// ErrName: the name of a value is empty or longer than 255 bytes.
	ErrName = errors.New("name of a value: want 1 to 255 bytes")

	// ErrTooLarge: the session would hold more data than Options.MaxData.
	ErrTooLarge = errors.New("too much data")

	// ErrValue: a value cannot be written as JSON, or the stored one is of another type.
	ErrValue = errors.New("value does not fit its type")

	// ErrData: the data of a stored record cannot be read. It was written by a newer
	// version of this package, or damaged.
	ErrData = errors.New("data of the record cannot be read")

	// ErrTooLate: the first byte of the response is out, so that neither a
	// cookie nor an error can reach the client any more.
	ErrTooLate = errors.New("the response has begun")

	// ErrNoSession: there is no stored session to do this to.
	ErrNoSession = errors.New("no session")

	// ErrSignIn: a SignIn that asks for what cannot be.
	ErrSignIn = errors.New("sign-in not possible")
)

// Error says which rule was broken, and by how much.
type Error struct {
	Err   error  // one of the sentinels of this package
	Name  string // of the value, if there is one
	Got   int    // bytes, if Limit is not 0
	Limit int
	Cause error // what was underneath, if anything
}

func (e *Error) Error() string {
	text := "session: " + e.Err.Error()
	if e.Name != "" {
		text += fmt.Sprintf(": %q", e.Name)
	}
	if e.Limit != 0 {
		text += fmt.Sprintf(": got %d bytes, limit %d", e.Got, e.Limit)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the sentinel and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Cause}
}

// answerError is the default of Options.OnError. It tells the client no more than a code.
func answerError(w http.ResponseWriter, _ *http.Request, err error) {
	var ended *EndedError
	switch {
	case errors.Is(err, cookie.ErrTooMany), errors.Is(err, cookie.ErrHeaderTooLarge):
		http.Error(w, "too-many-cookies", http.StatusRequestHeaderFieldsTooLarge)
	case errors.As(err, &ended):
		http.Error(w, string(ended.Reason), http.StatusUnauthorized)
	default:
		http.Error(w, "store-unavailable", http.StatusServiceUnavailable)
	}
}
