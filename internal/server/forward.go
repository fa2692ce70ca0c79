package server

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
)

// A dialect is how one kind of reverse proxy asks whether a request may pass, and how it wants to hear no.
type dialect interface {
	// original reads which request the proxy asks about. An error means that it cannot be known: the answer is no.
	original(r *http.Request) (original, error)
	// allow adds to a yes what this kind of proxy needs beside the four headers.
	allow(h http.Header, r *http.Request)
	// refuse says no.
	refuse(w http.ResponseWriter, no refusal)
}

// original is the request that stands before the proxy.
type original struct {
	method string
	url    url.URL // without a Host if it is not known
	target string  // path and query as they stood in the request: what an app reads
}

// refusal is a no, and what helps the person or the program that gets it.
type refusal struct {
	problem
	original

	question *http.Request
	signIn   string // where a person who opens a page is sent; "" for a program, or if it does not help
	signInAt string // where a person can sign in, for a program to tell; "" if it does not help
}

var errUntrusted = &app.Error{Reason: guard.UntrustedProxy, Detail: "This address is not a --trusted-proxy."}

// forward answers a reverse proxy: 200 with exactly our identity headers, or no. Whatever goes wrong is no (FA-01).
func (s *Server) forward(d dialect) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header()["Cache-Control"] = noStore
		if !s.peers.trusts(r.RemoteAddr) {
			return errUntrusted
		}
		orig, err := d.original(r)
		if err != nil {
			d.refuse(w, s.refused(w, r, original{}, &app.Error{Reason: guard.MalformedRequest, Err: err}))
			return nil
		}
		who, err := s.admit(r, orig)
		if err != nil {
			d.refuse(w, s.refused(w, r, orig, err))
			return nil
		}
		identify(w.Header(), who)
		d.allow(w.Header(), r)
		w.WriteHeader(http.StatusOK)
		return nil
	}
}

// nobody makes a request that may pass whoever makes it.
var nobody = &guard.Principal{}

// admit decides whether a request to an app may pass, and says who makes it.
func (s *Server) admit(r *http.Request, orig original) (*guard.Principal, error) {
	at := s.sites.of(&orig.url)
	if at == nil {
		return nil, &app.Error{Reason: s.sites.whyNot(&orig.url)}
	}
	if strings.HasPrefix(orig.target, pathAppPrefix) && !at.signIn {
		return nil, &app.Error{Reason: guard.PrefixNotPassed} // which the proxy has to hand to us without a question
	}
	q := access.Query{Host: orig.url.Host, Target: orig.target, Method: orig.method, Others: otherMethods(r.Header)}
	if unattended(r.Header) || s.access.Unattended(q.Host, q.Target, q.Method) {
		r = asUnattended(r)
	}
	who := at.guard.Check(r)
	if who.Allowed() {
		q.SignedIn, q.Groups, q.AuthTime = true, who.Principal.Groups, who.Principal.AuthTime
	}
	fromPage(&q, r.Header, &orig, who.Principal)
	d := s.access.Decide(q)
	switch d.Verdict {
	case access.Allow:
	case access.SignIn:
		return nil, &refusedError{who}
	case access.CrossOrigin:
		return nil, crossOrigin(&q)
	case access.StepUp:
		return nil, &app.Error{Reason: guard.ReauthenticationRequired}
	case access.Deny:
		return nil, &app.Error{Reason: guard.NotInGroup}
	case access.Ambiguous:
		return nil, &app.Error{Reason: guard.AmbiguousPath, Detail: "The address can be read in more than one way: " + d.Why + "."}
	default:
		return nil, &app.Error{Reason: guard.UnknownHost}
	}
	if !q.SignedIn || q.Origin != "" && d.Rule.Public {
		return nobody, nil // nobody's sign-in is for the pages of others to use
	}
	return who.Principal, nil
}

// identify sets all four headers, empty ones too: the proxy overwrites what the client sent with them (FA-02).
func identify(h http.Header, p *guard.Principal) {
	values := [4]string{p.ID, trustedEmail(p), p.Name, strings.Join(p.Groups, ",")}
	h["Remote-User"], h["Remote-Email"] = values[0:1:1], values[1:2:2]
	h["Remote-Name"], h["Remote-Groups"] = values[2:3:3], values[3:4:4]
}

// refused makes up a no, and logs it.
func (s *Server) refused(w http.ResponseWriter, r *http.Request, orig original, err error) refusal {
	no := s.refusal(w, r, orig, err)
	s.log.Info("forward-auth.refused", "reason", no.Reason, "host", orig.url.Host, "addr", s.peers.client(r))
	return no
}

// refusal makes up a no. Only a person who follows a link can use a sign-in page: a script is told where it is.
func (s *Server) refusal(w http.ResponseWriter, r *http.Request, orig original, err error) refusal {
	no := refusal{problem: s.describe(r, err), original: orig, question: r}
	switch navigation := isNavigation(r.Header); {
	case errors.Is(err, errUntold) && navigation:
		no.signIn = s.diagnosis(guard.MalformedRequest, "")
	case no.url.Host != "" && helpedBySigningIn(no.problem):
		if no.signInAt = s.helpFor(no); navigation && isSafe(no.method) {
			no.signIn = no.signInAt
		}
	}
	if no.Status < 500 && no.Status != http.StatusForbidden && no.signIn == "" {
		w.Header().Set("WWW-Authenticate", wanted(err)) // whatever the dialect makes of it, 401 may be the answer
	}
	return no
}

// helpFor is where a person gets over a refusal that can be got over, or reads what is wrong with the proxy.
func (s *Server) helpFor(no refusal) string {
	switch no.Reason {
	case guard.ReauthenticationRequired:
		return s.app.Config.Link(page.PathConfirm, url.Values{page.FieldReturnTo: {no.url.String()}})
	case guard.PrefixNotPassed:
		return s.diagnosis(guard.PrefixNotPassed, originOf(&no.url))
	}
	return s.signInFor(&no.url)
}

// signInFor is where a person signs in to get to a page of an app, and comes back to it. At a host of its own the way begins there,
// since only that host can set its cookies.
func (s *Server) signInFor(u *url.URL) string {
	at := s.sites.of(u)
	switch {
	case at == nil && s.sites.whyNot(u) != guard.UnknownHost:
		return s.diagnosis(s.sites.whyNot(u), originOf(u))
	case at == nil:
		return s.app.Config.Link(page.PathSignIn, nil)
	case at.signIn:
		return s.app.Config.Link(page.PathSignIn, nil) + "?" + returnQuery(u.String())
	}
	return originOf(u) + pathAppStart + "?" + returnQuery(u.RequestURI())
}

// helpedBySigningIn tells the refusals that the sign-in page mends or explains: also doubled cookies, and too many of them.
func helpedBySigningIn(p problem) bool {
	return p.Status == http.StatusUnauthorized || p.Status == http.StatusRequestHeaderFieldsTooLarge || p.Reason == guard.DuplicateCookie ||
		p.Reason == guard.ReauthenticationRequired
}

// wanted says how to show credentials (RFC 9110 section 15.5.2), and of a refused token what was wrong with it.
func wanted(err error) string {
	var refused *refusedError
	if errors.As(err, &refused) {
		if c := refused.decision.Challenge(); c != "" {
			return c
		}
	}
	return `Bearer realm="` + guard.Realm + `"`
}

// isNavigation tells a person's browser that opens a page from a script that fetches. Browsers say so themselves
// (Sec-Fetch-Mode); of others, who asks for HTML is taken for a person.
func isNavigation(h http.Header) bool {
	if mode := h.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(h.Get("Accept"), "text/html")
}
