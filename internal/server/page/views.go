package page

import "time"

// Names of the form fields. A handler reads what a page posts by these names only.
const (
	FieldFormToken  = "form_token"       // every POST form
	FieldReturnTo   = "return_to"        // sign-in, sign-up, confirm
	FieldEmail      = "email"            // set-up, sign-in, sign-up, invite
	FieldName       = "name"             // set-up, sign-up, account
	FieldPassword   = "password"         // set-up, sign-in, sign-up, confirm; never sent back
	FieldRemember   = "remember"         // sign-in: "1" when ticked
	FieldLink       = "link"             // set-up, sign-up (the invitation), reset: the token of the one-time link
	FieldCurrent    = "current_password" // security
	FieldNew        = "new_password"     // reset, security
	FieldGroups     = "groups"           // invite: names separated by commas or spaces
	FieldSession    = "session"          // devices: the public handle of the session to end
	FieldAction     = "action"           // devices: one of the three below
	FieldReveal     = "reveal"           // "1" or "0": show the page again with the password readable (or masked), do nothing else
	FieldTheme      = "theme"            // footer: "", "light", "dark"
	ActionEnd       = "end"
	ActionEndOthers = "end-others"
	ActionSeen      = "seen" // the notice of thefts up to FieldSession is put away
)

// Paths that the pages link to and post to.
const (
	PathSetup    = "/setup"
	PathSignIn   = "/signin"
	PathSignUp   = "/signup"
	PathSignOut  = "/signout"
	PathReset    = "/reset"
	PathAccount  = "/account"
	PathDevices  = "/account/sessions"
	PathSecurity = "/account/security"
	PathConfirm  = "/confirm"
	PathInvite   = "/admin/invite"
)

// Person is who is signed in. Every page that has one shows it beside a sign-out button.
type Person struct {
	Name, Email string
	Admin       bool // links the pages of an administrator
}

// Theme is "" (as the system), "light" or "dark"; anything else counts as "".
type Theme string

// Frame is what all pages share. The zero value is an English page for nobody.
type Frame struct {
	Title     string    // "" = the page's own
	Person    *Person   // nil = nobody is signed in
	FormToken string    // bound to the session; required when the page has a POST form
	Lang      string    // "" = "en"
	Theme     Theme     //
	Notices   []Notice  // what just happened, shown once above the page
	Now       time.Time // zero = time.Now().UTC(); its location is the one in which times are shown
	Action    string    // where the page's own form posts; "" = the page's path
	ThemePath string    // where the footer posts the theme; "" = no theme buttons
	Here      string    // path and query to come back to from there; "" = the page's path
}

// Tone is how a notice looks; "" is Info.
type Tone string

const (
	Info Tone = "info"
	Good Tone = "good" // something was done
	Warn Tone = "warn" // something to look at
)

// Notice is one sentence above a page, such as "Your name was changed."
type Notice struct {
	Tone Tone
	Text string
	At   time.Time // shown after the text unless zero
}

// Problem is why something was not done. The page has words for the codes below (and for those of the
// stable list of reasons); Text, where given, is used instead of them.
type Problem struct {
	Code       string
	Text       string
	RetryAfter time.Duration // with Throttled and Busy
}

// Codes that the pages have words for.
const (
	WrongCredentials = "wrong-credentials"
	Throttled        = "throttled"
	Busy             = "busy"
	NoCookie         = "no-cookie"    // the browser did not send our cookie back
	FormExpired      = "form-expired" // the form token did not match
	Missing          = "missing"
	BadEmail         = "bad-email"
	BadName          = "bad-name"
	BadGroup         = "bad-group"
	Taken            = "taken"
	WeakPassword     = "weak-password"
	PasswordShort    = "password-short"
	PasswordLong     = "password-long"
	PasswordCommon   = "password-common"
	PasswordSame     = "password-same"
	WrongPassword    = "wrong-password" // security, confirm: the present password
	LinkExpired      = "link-expired"
	LinkUsed         = "link-used"
	LinkUnknown      = "link-unknown"
	SignupClosed     = "signup-closed"
	SignupOff        = "signup-off" // not even by invitation
	SetupDone        = "setup-done"
	Unavailable      = "store-unavailable"
)

// Errors holds the problem of each form field by its name; the key "" is the whole form. Problems of the
// whole form that no input can mend (an expired link, closed sign-up) take the place of the form.
type Errors map[string]Problem

// Ended says how a session ended.
type Ended struct {
	Reason string    // a stable code: "idle", "signed-out-elsewhere", …
	Text   string    // used instead of the page's sentence for the reason
	At     time.Time // zero = not known
	Device string    // "Firefox on Linux"; "" = not known
	Handle string    // the public handle; its first characters are the ticket number
}

// Setup makes the first administrator, by a one-time link.
type Setup struct {
	Frame
	Link        string // token of the link, sent back hidden
	Email, Name string
	Errors      Errors // "" with LinkExpired, LinkUsed, LinkUnknown, SetupDone: no form
	Reveal      bool   // the password field is readable
	CanReveal   bool   // the handler knows FieldReveal
}

// SignIn asks for e-mail and password and says why the last session ended.
type SignIn struct {
	Frame
	Email       string
	Remember    bool
	RememberFor time.Duration // shown beside the box; 0 = no box
	ReturnTo    string        // sent back hidden
	ReturnHost  string        // "app.example" if ReturnTo is another app
	Ended       *Ended        // nil = nothing to tell
	SignedOut   bool          // the person has just signed out here
	SignUpOpen  bool
	Errors      Errors // "" with WrongCredentials, Throttled, Busy, NoCookie, FormExpired
	Reveal      bool
	CanReveal   bool
}

// SignUp makes an account.
type SignUp struct {
	Frame
	Invitation  string // token of the invitation, sent back hidden as FieldLink; "" = open sign-up
	Email, Name string
	EmailFixed  bool // the invitation names the address
	ReturnTo    string
	ReturnHost  string
	Errors      Errors // "" with SignupClosed, LinkExpired, LinkUsed, LinkUnknown: no form
	Reveal      bool
	CanReveal   bool
}

// Reset chooses a new password, by a one-time link.
type Reset struct {
	Frame
	Link      string
	Email     string // whose password
	Errors    Errors
	Reveal    bool
	CanReveal bool
}

// Theft is a sign-in that was ended because somebody else seems to have used a copy of its token.
type Theft struct {
	At     time.Time
	Device string // "curl/8.5.0"; "" = not known
	Handle string // the public handle; its first characters are the ticket number
}

// Session is one live sign-in, as its owner sees it.
type Session struct {
	Handle   string
	Device   string // "Firefox on Linux"
	Program  bool   // a token session: it has no cookie
	Client   string // name of the program, where known
	Current  bool   // the one that asks
	Remember bool
	Method   string // "password"
	SignedIn time.Time
	Seen     time.Time
	IdleAt   time.Time // zero = no idle limit
	Expires  time.Time
	Apps     []App // at which it is known too; they end with it
}

// App is the host of an app, and since when a session is known there.
type App struct {
	Host  string
	Since time.Time
}

// Account says who is signed in, how, and until when.
type Account struct {
	Frame
	ID      string
	Name    string // as typed, where Errors has a problem with it
	Email   string
	Groups  []string
	Session Session
	Thefts  []Theft // newest first; none = nothing to tell
	CanEdit bool    // the form to change the name is shown
	Errors  Errors
}

// Devices lists the sessions of one person.
type Devices struct {
	Frame
	Sessions []Session // the current one is shown first, the others in this order
	Ended    []Ended   // newest first
	Thefts   []Theft   // newest first; none = nothing to tell
	Errors   Errors    // "" only
}

// Event is one line of a person's recent history.
type Event struct {
	At     time.Time
	Text   string // "Password changed"
	Device string
	Addr   string
}

// Security changes the password.
type Security struct {
	Frame
	Email     string    // for password managers
	Changed   time.Time // of the password; zero = not known
	Others    int       // other sessions, which a change ends
	Events    []Event   // newest first
	Errors    Errors
	Reveal    bool
	CanReveal bool
}

// Confirm asks for the password again before something that matters.
type Confirm struct {
	Frame
	Email     string
	What      string // "to make an invitation"; "" = "to go on"
	ReturnTo  string
	Errors    Errors
	Reveal    bool
	CanReveal bool
}

// Invitation is a link that was made just now. It is shown once.
type Invitation struct {
	URL     string
	Email   string
	Groups  []string
	Expires time.Time
}

// Invite makes an invitation link.
type Invite struct {
	Frame
	Email  string
	Groups string   // as typed
	Known  []string // groups that exist
	Made   *Invitation
	Errors Errors
}

// Error says that a page could not be shown. Status alone is enough: the page has words for
// 400, 401, 403, 404, 405, 413, 415, 429, 431, 500 and 503.
type Error struct {
	Frame
	Status     int
	Heading    string
	Sentence   string
	Hint       string
	RequestID  string
	RetryAfter time.Duration
	BackURL    string // "" = "/"
	BackText   string
}

// Refused stands at an app's address, instead of the app, where a person cannot be sent on to sign in: they sent a form, or signing in does
// not help.
type Refused struct {
	Frame
	Status   int
	Sentence string // why
	Unsent   bool   // the request would have changed something
	SignIn   string // "" if that does not help
}

func (v Refused) words() errorWords { return Error{Status: v.Status}.words() }

// Diagnosis says what is wrong between an app, its proxy and us, to whoever may be able to mend it.
type Diagnosis struct {
	Frame
	Host     string    // of the app; "" = not known
	Link     string    // to the app, to try again
	Findings []Finding // the most likely first; never empty
	Probed   bool      // we went to the app's address ourselves
}

// Finding is one thing that is wrong.
type Finding struct {
	Heading string
	Text    string // what was seen
	Fix     string // what helps
	Line    string // the Set-Cookie line that it is about, "" = none
	Better  string // as it should be
}
