package app

import (
	"errors"
	"fmt"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

// Error is a refusal that the person or the program who asked can act on. Everything else that goes
// wrong is an ordinary error: its text is for the log, never for the answer.
type Error struct {
	Reason     guard.Reason
	Detail     string          // a sentence that says more than the reason's own; may be empty
	Field      string          // the input that it is about, "password"; may be empty
	RetryAfter time.Duration   // 0 = trying again will not help by itself
	Ending     *session.Ending // how the session ended that was meant; may be nil
	Err        error           // the cause, for the log only
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("app: %s: %v", e.Reason, e.Err)
	}
	if e.Detail != "" {
		return fmt.Sprintf("app: %s: %s", e.Reason, e.Detail)
	}
	return "app: " + string(e.Reason)
}

func (e *Error) Unwrap() error { return e.Err }

func refuse(r guard.Reason, detail string) *Error { return &Error{Reason: r, Detail: detail} }

// busyRetry is when somebody may ask again for whom there was no turn at the database: who waited has then gone.
const busyRetry = 5 * time.Second

// translate turns what the rooms below say into what the outside may hear.
func translate(err error) error {
	var (
		own       *Error
		throttled *account.ThrottledError
		busy      *account.BusyError
		policy    *account.PolicyError
		ended     *session.EndedError
	)
	switch {
	case err == nil || errors.As(err, &own):
		return err
	case errors.As(err, &throttled):
		return &Error{Reason: guard.Throttled, RetryAfter: throttled.RetryAfter, Err: err}
	case errors.As(err, &busy):
		return &Error{Reason: guard.Busy, RetryAfter: busy.RetryAfter, Err: err}
	case errors.As(err, &policy):
		return &Error{Reason: guard.WeakPassword, Detail: policy.Text, Field: "password", Err: err}
	case errors.As(err, &ended): // by another request, while this one ran
		return &Error{Reason: ended.Reason, Ending: &ended.Ending, Err: err}
	case errors.Is(err, db.ErrBusy): // nothing is broken; there is a queue
		return &Error{Reason: guard.StoreUnavailable, RetryAfter: busyRetry, Err: err}
	case errors.Is(err, session.ErrNoSession):
		return &Error{Reason: guard.NoCredentials, Err: err}
	case errors.Is(err, account.ErrWrongCredentials):
		return &Error{Reason: guard.WrongCredentials, Err: err}
	case errors.Is(err, account.ErrTaken):
		return &Error{Reason: guard.Taken, Field: "email", Err: err}
	case errors.Is(err, account.ErrLinkUnknown), errors.Is(err, grant.ErrCodeUnknown):
		return &Error{Reason: guard.InvalidLink, Err: err}
	case errors.Is(err, account.ErrLinkExpired), errors.Is(err, grant.ErrCodeExpired):
		return &Error{Reason: guard.ExpiredLink, Err: err}
	case errors.Is(err, grant.ErrCodeForeign):
		return &Error{Reason: guard.ForeignCode, Err: err}
	case errors.Is(err, grant.ErrCodeEarly):
		return &Error{Reason: guard.WrongClock, Err: err}
	}
	return err
}
