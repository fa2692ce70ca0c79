// Package access decides who may reach which path of which app.
//
// A [Policy] is made once, from hosts and rules, and asked for every request that a proxy passes on:
//
//	d := policy.Decide(access.Query{Host: "app.example", Target: "/admin?tab=2", Method: "GET", SignedIn: true, Groups: groups, AuthTime: at})
//
// Only [Allow] lets a request through; the zero value of a [Decision] does not.
//
// # Which rule decides
//
// A host that nothing names is [UnknownHost]. Of the rules of a host, the one with the longest path decides; of two with the same path, the one that
// names the method. Two that are alike in both are an error of the configuration. A path covers itself and what is below it, in whole segments:
// /admin covers /admin and /admin/users, not /administrator. Where no rule covers the path, the host's entry in [Config.Allow] decides; without one,
// everyone who is signed in may pass if the host is in [Config.Known]; else nobody.
//
// # Which path
//
// The rules must see the path that the app will serve, and nobody but the app knows how it reads `//`, `;` or `%2f`. So a [Policy] knows how far every app
// reads a path alike. What could lead up (`..` in any disguise), and what no browser sends (`\`, control characters, broken escapes), is [Ambiguous] at
// every host. Of everything else, all readings begin with the same text: if no rule lies beyond that text, it makes no difference, and the request
// is decided; if one does, it is [Ambiguous]. So an app without rules for paths may have `;`, `%2f` and `//` in them, and an app with a rule for
// /admin may have them below /projects, while /x;/../admin, //admin, /admin;x, /%61dmin and /Admin are refused.
//
// # Which method
//
// Some apps take the method from a header or from `_method` in the query. A request that says another method there passes if it may pass as both.
//
// # Whose page
//
// To a browser, hosts below one domain are one site: it sends an app's cookie also with the form, or the WebSocket, of a page of another app. So what
// would change something, and comes from the page of another origin, is [CrossOrigin] unless [Rule.Origins] of the rule that decides names that origin.
package access

import (
	"slices"
	"time"
)

// Policy is what was configured: it never changes, and many goroutines may use it. Nil and the zero value know no host, so they let nobody in.
type Policy struct {
	sites      map[string]*site
	unattended map[string]*site // what apps send by themselves
}

// Query is a request to an app, and who makes it.
type Query struct {
	Host   string // as in the URL: in any case, maybe with a port or a trailing dot
	Target string // path and query as on the wire, escaped: "/a%20b?c=d"
	Method string
	Others []string // methods for which the app may take it instead, as by X-HTTP-Method-Override: the rules for these have to let it through too

	SignedIn bool
	Groups   []string
	AuthTime time.Time // when the person last proved who they are

	// Origin is of the page that sends the request, if that is another than the app's and the request changes something or opens a WebSocket: as browsers
	// write it in the header of that name, so it may be "null". It is "" for what nobody's cookie comes with.
	Origin string

	// Asks is the method that a CORS preflight asks about (Access-Control-Request-Method), for the page in Origin; "" if the request is none.
	Asks string
}

// Verdict is the answer to a [Query].
type Verdict uint8

const (
	UnknownHost Verdict = iota // nothing names this host
	Ambiguous                  // apps could read this path, or method, in two ways, and the rules differ
	SignIn                     // nobody is signed in
	CrossOrigin                // the page of another origin sent it
	StepUp                     // whoever it is must sign in again
	Deny                       // whoever it is may not
	Allow
)

func (v Verdict) String() string {
	switch v {
	case UnknownHost:
		return "unknown-host"
	case Ambiguous:
		return "ambiguous"
	case SignIn:
		return "sign-in"
	case CrossOrigin:
		return "cross-origin"
	case StepUp:
		return "step-up"
	case Deny:
		return "deny"
	case Allow:
		return "allow"
	}
	return "invalid"
}

// Decision says what is to be done with a request, and why.
type Decision struct {
	Verdict Verdict
	Rule    *Rule  // that decided; nil if none did. It is shared: read it only
	Why     string // what is ambiguous: "the path holds a backslash"; "" for other verdicts
	As      string // the method for which an app may take the request, if that is why it may not pass
}

// Decide answers a query. It allocates nothing for the paths that browsers usually send.
func (p *Policy) Decide(q Query) Decision { return p.decide(q, time.Time{}) }

// skew is how far ahead another node's clock may be when it writes down that somebody signed in.
const skew = time.Minute

func (p *Policy) decide(q Query, now time.Time) Decision {
	at := p.site(q.Host)
	if at == nil {
		return Decision{Verdict: UnknownHost}
	}
	if why := checkMethod(q.Method); why != "" {
		return Decision{Verdict: Ambiguous, Why: why}
	}
	path, why := read(q.Target)
	if why != "" {
		return Decision{Verdict: Ambiguous, Why: why}
	}
	if rule := at.announced(path, &q); rule != nil {
		return Decision{Verdict: Allow, Rule: rule}
	}
	d := at.decide(path, q.Method, &q, now)
	if d.Verdict != Allow {
		return d
	}
	for m := range q.others {
		if other := at.decide(path, m, &q, now); other.Verdict != Allow {
			other.As = m
			return other
		}
	}
	return d
}

func (s *site) decide(path reading, method string, q *Query, now time.Time) Decision {
	rule, why := s.find(path, method)
	switch {
	case why != "":
		return Decision{Verdict: Ambiguous, Why: why}
	case rule == nil: // and nobody may: it would not help to sign in
		return Decision{Verdict: Deny}
	}
	return Decision{Verdict: rule.admits(q, now), Rule: rule}
}

// announced returns the rule for what a preflight asks about, if it names the origin: the app may answer. Preflights come without cookies.
func (s *site) announced(path reading, q *Query) *Rule {
	if q.SignedIn || checkMethod(q.Asks) != "" { // as where it asks about nothing
		return nil
	}
	for range q.others {
		return nil // a preflight is taken for nothing else
	}
	if rule, why := s.find(path, q.Asks); rule != nil && why == "" && slices.Contains(rule.Origins, q.Origin) {
		return rule
	}
	return nil
}

// admits tells whether the rule lets somebody through. Who is in the wrong group is not asked to sign in again for nothing.
func (r *Rule) admits(q *Query, now time.Time) Verdict {
	switch {
	case r.Public:
		return Allow
	case !q.SignedIn:
		return SignIn
	case q.Origin != "" && !slices.Contains(r.Origins, q.Origin):
		return CrossOrigin
	case len(r.Groups) > 0 && !shareOne(r.Groups, q.Groups):
		return Deny
	case r.Within > 0 && !r.within(q.AuthTime, now):
		return StepUp
	}
	return Allow
}

// within reports whether somebody signed in lately enough. The clock is read where a rule asks for it: now is set in tests alone.
func (r *Rule) within(at, now time.Time) bool {
	if now.IsZero() {
		now = time.Now()
	}
	return !at.IsZero() && now.Sub(at) <= r.Within && at.Sub(now) <= skew
}

func shareOne(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}

// checkMethod refuses what a server could take for another method: methods are case-sensitive (RFC 9110 section 9.1), and not every server knows.
func checkMethod(m string) (why string) {
	if m == "" || len(m) > 32 {
		return "the method is not 1 to 32 letters"
	}
	for i := range len(m) {
		if c := m[i]; (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return "the method is not in capital letters"
		}
	}
	return ""
}
