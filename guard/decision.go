package guard

import (
	"context"

	"github.com/cloakroom/cloakroom/session"
)

// Outcome is how a step ended.
type Outcome uint8

const (
	Refused Outcome = iota // also the zero value
	Absent                 // the scheme found no credential of its kind
	Passed
)

func (o Outcome) String() string {
	switch o {
	case Absent:
		return "absent"
	case Passed:
		return "passed"
	}
	return "refused"
}

// Step is one scheme or one rule that was asked.
type Step struct {
	Name    string // of the scheme or rule: "session", "bearer", "group"
	Outcome Outcome
	Reason  Reason // "" if it passed
	Detail  string // more for the log, may be ""; holds no secret
}

// String is the line for a log: "session: passed", "group: refused (not-in-group)".
func (s Step) String() string {
	line := s.Name + ": " + s.Outcome.String()
	if s.Outcome == Refused {
		line += " (" + string(s.Reason) + ")"
	}
	return line
}

// Decision is the answer to one request. The zero Decision is denied.
type Decision struct {
	// Principal is who the request comes from; nil unless it is allowed.
	Principal *Principal
	// Err is why the request is refused, for the log; nil if it is allowed, else an *Error.
	Err error
	// Ending is how the session of the request ended, where that is the reason and the store still knows.
	Ending *session.Ending

	guard  *Guard
	who    *Principal // found by a scheme, before the rules
	e      *Error     // Err, or nil
	scheme int        // the one that decided; len(schemes) if all were absent
	rules  int        // how many passed
	ok     bool
}

// Allowed reports whether a scheme knows the caller and every rule agreed.
func (d Decision) Allowed() bool { return d.ok && d.Principal != nil }

// Reason says why the request is refused; "" if it is allowed.
func (d Decision) Reason() Reason {
	switch {
	case d.Allowed():
		return ""
	case d.e == nil:
		return InternalError // nobody decided
	}
	return d.e.Reason
}

// Identified returns who the request comes from although a rule may have refused them: for the page that says "you are
// signed in as …, but". It proves nothing about what they may do; nil where no scheme knew them.
func (d Decision) Identified() *Principal { return d.who }

// Steps returns what was asked, in that order. Only the last one can have refused; what stands after it was not asked.
// It makes a new slice at each call: ask for it where somebody reads it.
func (d Decision) Steps() []Step {
	if d.guard == nil {
		return nil
	}
	schemes, rules := d.guard.schemes, d.guard.rules
	steps := make([]Step, 0, min(d.scheme+1, len(schemes))+min(d.rules+1, len(rules)))
	for i := range schemes[:d.scheme] {
		steps = append(steps, Step{Name: schemes[i].name, Outcome: Absent, Reason: NoCredentials})
	}
	if d.scheme == len(schemes) {
		return steps
	}
	if d.who == nil {
		return append(steps, d.refused(schemes[d.scheme].name))
	}
	steps = append(steps, Step{Name: schemes[d.scheme].name, Outcome: Passed})
	for i := range rules[:d.rules] {
		steps = append(steps, Step{Name: rules[i].name, Outcome: Passed})
	}
	if d.rules < len(rules) {
		steps = append(steps, d.refused(rules[d.rules].name))
	}
	return steps
}

func (d Decision) refused(name string) Step {
	s := Step{Name: name, Reason: d.Reason()}
	if d.e != nil {
		s.Detail = d.e.Detail
	}
	return s
}

// refuse is the only way to a reason; whatever was there before, the decision is denied after it.
func (d *Decision) refuse(e *Error) {
	d.ok, d.Principal = false, nil
	d.e, d.Err, d.Ending = e, e, e.Ending
}

func (d *Decision) allow(p *Principal) { d.ok, d.Principal = true, p }

type contextKey struct{}

// NewContext returns a context that holds the decision, for handlers below a Check of one's own.
func NewContext(ctx context.Context, d *Decision) context.Context {
	return context.WithValue(ctx, contextKey{}, d)
}

// FromContext returns the decision that [Guard.Handler] made for this request, or nil where no guard stands before the
// handler.
func FromContext(ctx context.Context) *Decision {
	d, _ := ctx.Value(contextKey{}).(*Decision)
	return d
}
