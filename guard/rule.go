package guard

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Group admits people who are in at least one of the groups, compared exactly. Without names it admits nobody.
func Group(names ...string) Rule {
	names = slices.Clone(names)
	detail := "needs one of: " + strings.Join(names, ", ")
	return &rule{"group", func(_ *http.Request, p *Principal) error {
		for _, n := range names {
			if slices.Contains(p.Groups, n) {
				return nil
			}
		}
		return &Error{Reason: NotInGroup, Detail: detail}
	}}
}

// Admin admits administrators.
func Admin() Rule {
	return &rule{"admin", func(_ *http.Request, p *Principal) error {
		if p.Admin {
			return nil
		}
		return &Error{Reason: AdminRequired}
	}}
}

// Scope admits a token that has all of these scopes. A session passes: a scope is what a person lets a program do for
// them, not a limit on the person. Without names it admits every token.
func Scope(names ...string) Rule {
	names = slices.Clone(names)
	all := strings.Join(names, " ")
	return &rule{"scope", func(_ *http.Request, p *Principal) error {
		if p.Via == ViaSession {
			return nil
		}
		for _, n := range names {
			if !slices.Contains(p.Scopes, n) {
				return &Error{Reason: InsufficientScope, Detail: "needs " + n, oauth: "insufficient_scope", scopes: quotable(all)}
			}
		}
		return nil
	}}
}

// MaxAge admits people who proved who they are at most d ago: for changing the password, and whatever else a copied
// cookie should not reach. A principal without a time of authentication, or with one that is more than a minute ahead,
// is refused.
func MaxAge(d time.Duration) Rule {
	return &rule{"max-age", func(_ *http.Request, p *Principal) error { return maxAge(d, p, time.Now()) }}
}

// clockSkew is how far the clock of the node that wrote an AuthTime may be ahead of ours.
const clockSkew = time.Minute

func maxAge(d time.Duration, p *Principal, now time.Time) error {
	age := now.Sub(p.AuthTime)
	switch {
	case p.AuthTime.IsZero():
	case age < -clockSkew:
	case age <= d:
		return nil
	}
	e := &Error{Reason: ReauthenticationRequired, Detail: "at most " + d.String() + " after signing in"}
	if p.Via != ViaSession {
		e.oauth, e.maxAge = "insufficient_user_authentication", d
	}
	return e
}

// Method admits requests of these methods, in capitals. GET includes HEAD, as in http.ServeMux.
func Method(names ...string) Rule {
	names = slices.Clone(names)
	if slices.Contains(names, http.MethodGet) && !slices.Contains(names, http.MethodHead) {
		names = append(names, http.MethodHead)
	}
	allow := strings.Join(names, ", ")
	return &rule{"method", func(r *http.Request, _ *Principal) error {
		method := r.Method
		if method == "" { // net/http: an empty method is GET
			method = http.MethodGet
		}
		if slices.Contains(names, method) {
			return nil
		}
		return &Error{Reason: MethodNotAllowed, Detail: "takes " + allow, allow: allow}
	}}
}

type rule struct {
	name  string
	check func(*http.Request, *Principal) error
}

func (r *rule) Name() string                              { return r.name }
func (r *rule) Check(q *http.Request, p *Principal) error { return r.check(q, p) }

// quotable drops what may not stand in a quoted string of RFC 6750, section 3: a scope is written by a programmer, but a
// header must not be broken by a typing mistake.
func quotable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return -1
		}
		return c
	}, s)
}
