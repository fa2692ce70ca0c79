package guard

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
)

// Scheme is one way to show who one is.
//
// Authenticate returns the principal, or [ErrNoCredentials] where the request has no credential of this kind, or an
// *[Error] with the reason why the credential is refused. A refusal is final: no other scheme is asked. Any other error
// means that it could not be found out, and refuses too. It must not change the request, and is called concurrently.
type Scheme interface {
	Name() string
	Authenticate(r *http.Request) (*Principal, error)
}

// Rule is one condition that a principal must meet. Check returns nil, or an *[Error] with the reason. It must change
// neither the request nor the principal, and is called concurrently.
type Rule interface {
	Name() string
	Check(r *http.Request, p *Principal) error
}

// Guard decides about requests. Make one with [New]; the zero Guard and the nil Guard refuse everybody.
// A Guard does not change, and may be used concurrently.
type Guard struct {
	schemes []namedScheme
	rules   []namedRule
}

type namedScheme struct {
	name string
	Scheme
}

type namedRule struct {
	name string
	Rule
}

// New makes a guard that tries the schemes in this order and then asks every rule. At least one scheme is needed.
func New(schemes []Scheme, rules ...Rule) (*Guard, error) {
	if len(schemes) == 0 {
		return nil, errors.New("guard: no scheme: everybody would be refused")
	}
	g := &Guard{}
	for i, s := range schemes {
		if s == nil {
			return nil, fmt.Errorf("guard: scheme %d of %d is nil", i+1, len(schemes))
		}
		if c, ok := s.(interface{ complete() error }); ok {
			if err := c.complete(); err != nil {
				return nil, err
			}
		}
		g.schemes = append(g.schemes, namedScheme{s.Name(), s})
	}
	for i, r := range rules {
		if r == nil {
			return nil, fmt.Errorf("guard: rule %d of %d is nil", i+1, len(rules))
		}
	}
	return g.With(rules...), nil
}

// With returns a guard that also asks these rules, after those of g. A nil rule refuses everybody.
func (g *Guard) With(rules ...Rule) *Guard {
	if g == nil {
		return nil
	}
	more := &Guard{schemes: g.schemes, rules: slices.Clone(g.rules)}
	for _, r := range rules {
		if r == nil {
			r = nobody{}
		}
		more.rules = append(more.rules, namedRule{r.Name(), r})
	}
	return more
}

// nobody stands where a rule was forgotten: New reports it, With has no error to return.
type nobody struct{}

func (nobody) Name() string { return "nil" }
func (nobody) Check(*http.Request, *Principal) error {
	return &Error{Reason: InternalError, Detail: "the rule is nil"}
}

// Check decides about a request. It writes nothing: no response, no cookie, and the request stays as it was.
// A panic below it is a refusal with [InternalError] and a *[PanicError].
func (g *Guard) Check(r *http.Request) (d Decision) {
	if g == nil || r == nil {
		d.refuse(&Error{Reason: InternalError, Detail: "no guard or no request"})
		return d
	}
	d.guard = g
	defer func() {
		if v := recover(); v != nil {
			d.refuse(&Error{Reason: InternalError, Err: &PanicError{Value: v, Stack: debug.Stack()}})
		}
	}()

	p := d.authenticate(r)
	if p == nil {
		return d
	}
	d.who = p
	for i := range g.rules {
		if err := g.rules[i].Check(r, p); err != nil {
			d.refuse(refusal(err))
			return d
		}
		d.rules++
	}
	d.allow(p)
	return d
}

// authenticate returns nil, and the decision holds the refusal, unless a scheme knows the caller.
func (d *Decision) authenticate(r *http.Request) *Principal {
	schemes := d.guard.schemes
	for ; d.scheme < len(schemes); d.scheme++ {
		p, err := schemes[d.scheme].Authenticate(r)
		switch {
		case err == nil && p != nil:
			return p
		case err == nil:
			d.refuse(&Error{Reason: InternalError, Detail: "the scheme returned neither a principal nor an error"})
			return nil
		case !errors.Is(err, ErrNoCredentials):
			d.refuse(refusal(err))
			return nil
		}
	}
	d.refuse(absent)
	return nil
}

var absent = &Error{Reason: NoCredentials}

// Handler lets a request through to next if it is allowed, with the decision in its context ([FromContext]).
// Else it answers as [Refuse] does.
func (g *Guard) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := g.Check(r)
		if !d.Allowed() {
			Refuse(w, d)
			return
		}
		next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), &d)))
	})
}
