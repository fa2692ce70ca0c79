package guard

import "time"

// How a principal showed who they are.
const (
	ViaSession = "session"
	ViaToken   = "token"
)

// Principal is a person, or a program that acts for one. Read it, don't change it: its slices may be shared with other
// requests.
type Principal struct {
	ID     string // account id
	Email  string
	Name   string
	Groups []string
	Admin  bool

	EmailVerified bool // Email was confirmed, by the person's answer or by an administrator: others may go by it

	Via      string    // ViaSession or ViaToken; a scheme of one's own has a name of its own
	Session  string    // public handle of the session; a token has the handle of the session that it belongs to
	AuthTime time.Time // when the person last proved who they are
	AMR      []string  // how: "pwd"
	Scopes   []string  // what a token may do; a session has no such limit
	ClientID string    // the program that a token was given to
}
