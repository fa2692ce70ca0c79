package guard

import "github.com/cloakroom/cloakroom/session"

// Reason is a stable code that says why somebody was turned away or signed out. This file is the one list of them:
// people script against the codes, so they change only with a note in CHANGELOG.md.
type Reason = session.Reason

// The reasons why a request is refused. The reasons why a session ended are beside it, in package session.
const (
	// who is it?
	NoCredentials        = session.NoCredentials
	UnknownSession       = session.UnknownSession
	DuplicateCookie      = session.DuplicateCookie
	DuplicateCredentials = Reason("duplicate-credentials")
	InvalidToken         = Reason("invalid-token")
	ExpiredToken         = Reason("expired-token")
	UnknownAccount       = Reason("unknown-account")

	// may they?
	InsufficientScope        = Reason("insufficient-scope")
	NotInGroup               = Reason("not-in-group")
	AdminRequired            = Reason("admin-required")
	ReauthenticationRequired = Reason("reauthentication-required")
	MethodNotAllowed         = Reason("method-not-allowed")

	// signing in and up
	WrongCredentials = Reason("wrong-credentials")
	Throttled        = Reason("throttled")
	Busy             = Reason("busy")
	Taken            = Reason("taken")
	SignupClosed     = Reason("signup-closed")
	WeakPassword     = Reason("weak-password")
	InvalidEmail     = Reason("invalid-email")
	InvalidLink      = Reason("invalid-link")
	ExpiredLink      = Reason("expired-link")
	SetupDone        = Reason("setup-done")
	CookieRefused    = Reason("cookie-refused")

	// the request itself
	MalformedRequest     = Reason("malformed-request")
	InvalidInput         = Reason("invalid-input")
	TooLarge             = Reason("too-large")
	UnsupportedMediaType = Reason("unsupported-media-type")
	NotAcceptable        = Reason("not-acceptable")
	NotFound             = Reason("not-found")
	CrossOrigin          = Reason("cross-origin")
	FormToken            = Reason("form-token")
	InvalidReturnTo      = Reason("invalid-return-to")
	UntrustedProxy       = Reason("untrusted-proxy")
	AmbiguousPath        = Reason("ambiguous-path")
	UnknownHost          = Reason("unknown-host")
	UnknownPort          = Reason("unknown-port")
	PlainHTTP            = Reason("plain-http")
	PrefixNotPassed      = Reason("prefix-not-passed")
	ForeignCode          = Reason("foreign-code")
	WrongClock           = Reason("wrong-clock")

	// tokens and programs
	InvalidClient        = Reason("invalid-client")
	ClientMismatch       = Reason("client-mismatch")
	UnsupportedGrantType = Reason("unsupported-grant-type")

	// a refresh token
	TokenExpired = Reason("expired")
	TokenEnded   = Reason("ended")
	TokenReused  = Reason("reused")
	TokenUnknown = Reason("unknown")

	// ourselves
	AppUnreachable   = Reason("app-unreachable")
	StoreUnavailable = Reason("store-unavailable")
	InternalError    = Reason("internal-error")
)

// sentences are in the order in which a person meets them. Each is ASCII without quotes or backslashes, because it also
// stands in the error_description of RFC 6750, section 3, which allows no others.
var sentences = []struct {
	reason   Reason
	sentence string
}{
	// how a session ended
	{session.SignedOut, "You signed out."},
	{session.SignedOutElsewhere, "You were signed out from another device."},
	{session.Idle, "You were signed out because nothing happened for too long."},
	{session.Lifetime, "You were signed out because you had been signed in for as long as this site allows."},
	{session.Renewed, "This sign-in was replaced by a newer one."},
	{session.PasswordChanged, "You were signed out because the password was changed."},
	{session.AccountDisabled, "You were signed out because this account was disabled."},
	{session.EndedByAdmin, "You were signed out by an administrator."},
	{session.TokenReuse, "You were signed out because a token of this sign-in was used twice: somebody may have copied it."},
	{session.Evicted, "You were signed out because you signed in on too many other devices."},
	{session.BindingFailed, "You were signed out because this sign-in was used on a device that it does not belong to."},

	{NoCredentials, "You are not signed in."},
	{UnknownSession, "Your sign-in is not known here, or it ended too long ago."},
	{DuplicateCookie, "The browser sent two session cookies. Delete the cookies of this site and sign in again."},
	{DuplicateCredentials, "The request names more than one token."},
	{InvalidToken, "The token is not valid."},
	{ExpiredToken, "The token has expired."},
	{UnknownAccount, "This account does not exist any more."},

	{InsufficientScope, "The token does not allow this."},
	{NotInGroup, "You are signed in, but not in a group that may do this."},
	{AdminRequired, "You are signed in, but only an administrator may do this."},
	{ReauthenticationRequired, "Your sign-in is too old for this. Enter your password again."},
	{MethodNotAllowed, "This address does not take requests of that method."},

	{WrongCredentials, "The e-mail address or the password is wrong."},
	{Throttled, "There were too many wrong passwords. Wait a little and try again."},
	{Busy, "Too many people are signing in at this moment. Try again in a few seconds."},
	{Taken, "There is already an account with this e-mail address."},
	{SignupClosed, "This site does not take sign-ups, or only with an invitation."},
	{WeakPassword, "This password is too easy to guess. Choose a longer or a less common one."},
	{InvalidEmail, "This is not an e-mail address."},
	{InvalidLink, "This link is not known, or it was used already."},
	{ExpiredLink, "This link has expired. Ask for a new one."},
	{SetupDone, "This site is set up already."},
	{CookieRefused, "The browser did not keep the sign-in cookie. Allow cookies for this site; Safari needs https."},

	{MalformedRequest, "The request is not well formed."},
	{InvalidInput, "Something in the request is missing or not as it should be."},
	{TooLarge, "The request is too large."},
	{UnsupportedMediaType, "The request has a body of a type that is not taken here."},
	{NotAcceptable, "What is here is of a type that the request does not accept."},
	{NotFound, "There is nothing here."},
	{CrossOrigin, "The request was sent by another site."},
	{FormToken, "The form is too old, or it came from another browser. Load the page again."},
	{InvalidReturnTo, "The address to return to is not one of this site."},
	{UntrustedProxy, "The request came from a proxy that this server was not told to trust."},
	{AmbiguousPath, "The address can be read in more than one way."},
	{UnknownHost, "No app is set up here under this name."},
	{UnknownPort, "The app of this name is not set up here at this port."},
	{PlainHTTP, "The app was opened by plain http, over which a browser keeps no sign-in. Open it by https."},
	{PrefixNotPassed, "The proxy asks about an address that it should hand to the sign-in: everything below /.cloakroom/."},
	{ForeignCode, "This sign-in was on its way to another browser or to another site. Open the page that you wanted again."},
	{WrongClock, "The clocks of the servers differ, so that it cannot be told whether this is still good."},

	{InvalidClient, "The program did not prove who it is."},
	{ClientMismatch, "The token was given to another program."},
	{UnsupportedGrantType, "This kind of grant is not offered here."},

	{TokenExpired, "The refresh token has expired."},
	{TokenEnded, "The sign-in of the refresh token has ended."},
	{TokenReused, "The refresh token was used before."},
	{TokenUnknown, "The refresh token is not known here, or its sign-in ended too long ago."},

	{AppUnreachable, "The app does not answer. Try again soon."},
	{StoreUnavailable, "It cannot be found out now who you are, because a part of the server does not answer. Try again soon."},
	{InternalError, "Something went wrong in the server. It was not you."},
}

// endsSession reports whether a reason is one for which a session ends: whoever comes with it must sign in again.
func endsSession(r Reason) bool {
	switch r {
	case session.SignedOut, session.SignedOutElsewhere, session.Idle, session.Lifetime, session.Renewed,
		session.PasswordChanged, session.AccountDisabled, session.EndedByAdmin, session.TokenReuse, session.Evicted,
		session.BindingFailed:
		return true
	}
	return false
}

// Sentence returns what a reason means, in words that a person understands, or "" for a code that is not ours.
func Sentence(r Reason) string {
	for i := range sentences {
		if sentences[i].reason == r {
			return sentences[i].sentence
		}
	}
	return ""
}

// Reasons returns all codes, the reasons why a session ends first.
func Reasons() []Reason {
	all := make([]Reason, len(sentences))
	for i := range sentences {
		all[i] = sentences[i].reason
	}
	return all
}
