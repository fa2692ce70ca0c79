// Package account is about people: who has an account, how they prove it, and how they get one.
//
//	accounts := account.New(&account.Options{Logger: log})
//	acct, err := accounts.Authenticate(ctx, d, account.Attempt{Email: email, Password: password, Addr: addr})
//
// Start at authenticate.go, which is the one place that compares a password. Everything that changes something takes the transaction of its
// caller, who commits it together with what else has to happen, and then calls [Accounts.Forget].
package account

import (
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cloakroom/cloakroom/internal/account/password"
)

// Migrations make this room's tables; give them to db.Open.
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Account is one person's. Groups is shared with others that hold the same account: copy it before you change it.
type Account struct {
	ID              string // 22 characters, random; never used again
	Email           string // canonical
	Name            string
	Groups          []string // sorted
	Admin           bool
	Disabled        bool
	EmailTrusted    bool // verified, or written by an administrator
	Created         time.Time
	PasswordChanged time.Time // zero = has no password
}

var (
	ErrNotFound = errors.New("account: no such account")
	ErrTaken    = errors.New("account: the address has an account")

	// ErrWrongCredentials is the one answer to an unknown address, a wrong password and a disabled account (AU-10).
	ErrWrongCredentials = errors.New("account: wrong address or password")

	ErrLinkUnknown = errors.New("account: the link is not known, or was used")
	ErrLinkExpired = errors.New("account: the link has expired")

	// Which rule an *Error is about.
	ErrEmail = errors.New("not an e-mail address")
	ErrName  = errors.New("not a name")
	ErrGroup = errors.New("not the name of a group")
	ErrLink  = errors.New("not a link that can be made")
)

// Error says what is wrong with an input: which rule (ErrEmail, ErrName, …) and how.
type Error struct {
	Err        error
	What       string
	Got, Limit int // 0 if the rule has no number
}

func (e *Error) Error() string {
	s := "account: " + e.Err.Error() + ": " + e.What
	if e.Limit > 0 {
		s += fmt.Sprintf(": got %d, limit %d", e.Got, e.Limit)
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// What the password room says comes through unchanged; callers need not know that it exists.
type (
	BusyError   = password.BusyError
	PolicyError = password.PolicyError
)

// Options: the zero value is right for a server.
type Options struct {
	Gate     *password.Gate // bounds how many passwords are hashed at once; nil = max(1, cores - 1), with a queue
	Throttle Throttle       // limits of failed sign-ins
	Logger   *slog.Logger   // nil = slog.Default()

	// Hasher is the command of a process that hashes passwords, see [password.Worker]; none = this process hashes. Ignored if Gate is set.
	Hasher []string

	// Fast makes hashes that protect nothing, for throwaway servers and tests. Ignored if Gate is set.
	Fast bool
}

// Accounts is the room. Safe for concurrent use; one for each database.
type Accounts struct {
	gate     *password.Gate
	worker   *password.Worker // nil: this process hashes
	throttle *throttle
	cache    *cache
	log      *slog.Logger
}

// New makes the room. It opens nothing and allocates next to nothing: see [password] for what the first hash costs.
func New(o *Options) *Accounts {
	if o == nil {
		o = &Options{}
	}
	a := &Accounts{gate: o.Gate, throttle: newThrottle(o.Throttle), cache: newCache(), log: o.Logger}
	if a.gate == nil {
		if h := o.Hasher; len(h) > 0 {
			a.worker = password.NewWorker(o.Logger, h[0], h[1:]...)
		}
		g := &password.GateOptions{Worker: a.worker}
		if o.Fast {
			g.Params = password.FastParams
		}
		a.gate = password.NewGate(g)
	}
	if a.log == nil {
		a.log = slog.Default()
	}
	return a
}

// Close ends the process that hashes. What is under way is answered.
func (a *Accounts) Close() {
	if a.worker != nil {
		a.worker.Close()
	}
}

// Gate is the gate in front of the hashes, for metrics.
func (a *Accounts) Gate() *password.Gate { return a.gate }

const maxName = 100 // code points

// CheckName accepts what may stand in a page and in a Remote-Name header: at most 100 characters in NFC, none of them a control character or one
// that turns the direction of what follows. Nothing is trimmed. The error is an [*Error] with ErrName.
func CheckName(name string) error {
	bad := func(what string) error { return &Error{Err: ErrName, What: what} }
	if len(name) > maxName*utf8.UTFMax {
		return &Error{Err: ErrName, What: "too many bytes", Got: len(name), Limit: maxName * utf8.UTFMax}
	}
	if !utf8.ValidString(name) {
		return bad("not UTF-8")
	}
	if n := utf8.RuneCountInString(name); n > maxName {
		return &Error{Err: ErrName, What: "too many characters", Got: n, Limit: maxName}
	}
	for _, r := range name {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return bad("a control character")
		case unicode.Is(unicode.Bidi_Control, r):
			return bad("a character that turns the direction of text")
		}
	}
	return nil
}

// tidyName is the form that is stored.
func tidyName(name string) string { return norm.NFC.String(name) }
