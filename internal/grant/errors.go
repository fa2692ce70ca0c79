package grant

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrWrongSecret: the signing keys of this database were wrapped under another secret file.
	ErrWrongSecret = errors.New("grant: the secret file is not the one that this database's keys were wrapped under")
	// ErrAltered: a stored key or successor does not open, or is not what its row says. The row was changed by
	// something that did not hold the secret.
	ErrAltered = errors.New("grant: a stored value was altered")
	// ErrFormat: a stored value has a version or a length that this program does not know.
	ErrFormat = errors.New("grant: a stored value has an unknown format")
	// ErrConflict: the row changed again and again under this transaction. Nothing was changed; try the transaction again.
	ErrConflict = errors.New("grant: the refresh family was changed at the same time")
	// ErrScope: the scope asked for is malformed or wider than what was granted (RFC 6749 section 6, invalid_scope).
	ErrScope = errors.New("grant: the scope is malformed or wider than the one granted")
	// ErrNoTransaction: a change was asked for outside of a transaction.
	ErrNoTransaction = errors.New("grant: this change needs a transaction")
)

// What may be wrong with a change of keys that somebody asks for; see [KeyError].
var (
	// ErrNoKey: no key has this id.
	ErrNoKey = errors.New("grant: there is no such signing key")
	// ErrNextKey: a next key waits already, and there is never a doubt which one is next.
	ErrNextKey = errors.New("grant: there is a next signing key already")
	// ErrTooEarly: the next key was not published for long enough.
	ErrTooEarly = errors.New("grant: the next signing key is not known everywhere yet")
)

// KeyError is a change of keys that cannot be made now.
type KeyError struct {
	Rule error     // ErrNoKey, ErrNextKey or ErrTooEarly
	Key  KeyInfo   // which key stands in the way; of ErrNoKey only its ID
	At   time.Time // of ErrTooEarly: when it can be made
}

func (e *KeyError) Error() string {
	switch e.Rule {
	case ErrNextKey:
		return fmt.Sprintf("%v: %s, which signs from %s", e.Rule, e.Key.ID, e.Key.NotBefore.UTC().Format(time.RFC3339))
	case ErrTooEarly:
		return fmt.Sprintf("%v: %s, published at %s, can sign from %s", e.Rule, e.Key.ID, e.Key.Created.UTC().Format(time.RFC3339), e.At.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("%v: %q", e.Rule, e.Key.ID)
}

func (e *KeyError) Unwrap() error { return e.Rule }

// Reason says why a refresh token was refused.
type Reason string

// The reasons of a [RefreshError]. To a client all of them are invalid_grant (RFC 6749 section 5.2).
const (
	Expired     Reason = "expired"      // the family is past its absolute limit
	Ended       Reason = "ended"        // the family was ended before; RefreshError.Family.EndReason says how
	Reused      Reason = "reused"       // this very presentation showed theft and ended the family
	Unknown     Reason = "unknown"      // malformed, never issued, or long forgotten
	WrongClient Reason = "wrong-client" // issued to another client; the family goes on
)

// RefreshError is the refusal of a refresh token.
type RefreshError struct {
	Reason Reason
	Family Family // the family the token belongs to; zero if Reason is Unknown or WrongClient
}

func (e *RefreshError) Error() string {
	switch e.Reason {
	case Expired:
		return fmt.Sprintf("grant: the refresh token expired at %s", e.Family.Expires.UTC().Format(time.RFC3339))
	case Ended:
		return fmt.Sprintf("grant: the refresh family was ended at %s: %s", e.Family.EndedAt.UTC().Format(time.RFC3339), e.Family.EndReason)
	case Reused:
		return "grant: the refresh token was used before: the family is ended"
	case WrongClient:
		return "grant: the refresh token was issued to another client"
	default:
		return "grant: the refresh token is not known"
	}
}

// SecretError says what is wrong with the secret file, and what helps.
type SecretError struct {
	Path string
	Err  error  // the fact
	Hint string // one line of help for the person at the terminal
}

func (e *SecretError) Error() string { return "grant: secret file " + e.Path + ": " + e.Err.Error() }
func (e *SecretError) Unwrap() error { return e.Err }
