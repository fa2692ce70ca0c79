package session

// Reason says why a session ended, or why a request came without one. The texts
// are stable: people script against them.
type Reason string

// How a session ends.
const (
	SignedOut          Reason = "signed-out"           // its owner signed out with it
	SignedOutElsewhere Reason = "signed-out-elsewhere" // its owner ended it from another session
	Idle               Reason = "idle"                 // unused for longer than the idle limit
	Lifetime           Reason = "lifetime"             // older than its lifetime, used or not
	Renewed            Reason = "renewed"              // followed by a session with a new id (sign-in, re-authentication)
	PasswordChanged    Reason = "password-changed"
	AccountDisabled    Reason = "account-disabled"
	EndedByAdmin       Reason = "ended-by-admin"
	TokenReuse         Reason = "token-reuse"    // a refresh token came twice: one of the two was stolen
	Evicted            Reason = "evicted"        // the account opened more sessions than it may have; this was the oldest
	BindingFailed      Reason = "binding-failed" // the session was bound to a device, and another one came
)

// Why a request has no session although none is known to have ended.
const (
	NoCredentials   Reason = "no-credentials"   // no session cookie came
	UnknownSession  Reason = "unknown-session"  // an id that was never issued, or ended so long ago that it is forgotten
	DuplicateCookie Reason = "duplicate-cookie" // two session cookies came, or one whose name differs in case: none is believed
)
