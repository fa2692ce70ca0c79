package jar

// An Outcome is what became of a cookie.
type Outcome string

// What may become of a cookie: the first two are about a Set-Cookie line, the others about a cookie of the jar and a request.
const (
	Stored   Outcome = "stored" // also when it only deleted a cookie: see [DeletedByMaxAge] and [Expired]
	Rejected Outcome = "rejected"
	Sent     Outcome = "sent"
	Withheld Outcome = "withheld"
)

// A Verdict is what a browser did with one cookie, and why.
type Verdict struct {
	Line     string   `json:"line,omitempty"` // the Set-Cookie line as it came; "" about a request
	Name     string   `json:"name"`
	Outcome  Outcome  `json:"verdict"`
	Reasons  []Reason `json:"reasons"`            // all that apply, never nil
	Step     string   `json:"step,omitempty"`     // the first failing step of draft-22, "5.7/21.1", or "layered-cookies/15", "CHIPS"
	Detail   string   `json:"detail,omitempty"`   // the first reason in a sentence, with what was got and what is allowed
	Fix      string   `json:"fix,omitempty"`      // the corrected Set-Cookie line, where there is one
	Warnings []Reason `json:"warnings,omitempty"` // kept or sent, but a person may want to know

	// Cookie is the cookie as it was understood: stored and sent as it stands here. Of a line that was dropped before it was
	// understood, only what had been read.
	Cookie Cookie `json:"-"`
}
