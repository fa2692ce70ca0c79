package front

import "errors"

var (
	// ErrUnreachable: the app cannot be reached, or does not speak HTTP, or its certificate is not believed.
	ErrUnreachable = errors.New("the app does not answer")

	// ErrEnded: the session ended before the app answered.
	ErrEnded = errors.New("the session ended")

	// ErrRequest: this request cannot be passed on as it is.
	ErrRequest = errors.New("the request cannot be passed on")

	// ErrMethod: requests with this method are not passed on.
	ErrMethod = errors.New("the method is not passed on")

	errStopping = errors.New("the server stops")
)

// Error says what became of a request that got no answer from the app.
type Error struct {
	Host string
	Err  error // the rule: [ErrUnreachable], [ErrEnded], [ErrRequest] or [ErrMethod]
	Got  error // what was met; may be nil
}

func (e *Error) Error() string {
	s := "front: " + e.Host + ": " + e.Err.Error()
	if e.Got != nil {
		s += ": " + e.Got.Error()
	}
	return s
}

func (e *Error) Unwrap() []error { return []error{e.Err, e.Got} }
