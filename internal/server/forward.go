package server

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
)

// A dialect is how one kind of reverse proxy asks whether a request may pass, and how it wants to hear no.
type dialect interface {
	// original reads which request the proxy asks about. An error means that it cannot be known: the answer is no.
	original(h http.Header) (original, error)
	// refuse says no: where a person can sign in, or "" for a program.
	refuse(w http.ResponseWriter, p problem, signIn string)
}

// original is the request that stands before the proxy.
type original struct {
	method string
	url    *url.URL
}

// forward answers a reverse proxy: 200 with exactly our identity headers, or no. Whatever goes wrong is no (FA-01).
func (s *Server) forward(d dialect) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header()["Cache-Control"] = noStore
		if !s.peers.trusts(r.RemoteAddr) {
			return &app.Error{Reason: guard.UntrustedProxy, Detail: "This address is not a --trusted-proxy."}
		}
		orig, err := d.original(r.Header)
		if err != nil {
			s.refuse(w, r, d, original{}, &app.Error{Reason: guard.MalformedRequest, Err: err})
			return nil
		}
		decision := s.guard.Check(r)
		if !decision.Allowed() {
			s.refuse(w, r, d, orig, &refusedError{decision})
			return nil
		}
		acct, err := s.app.Account(r.Context(), decision.Principal.ID)
		if err != nil {
			s.refuse(w, r, d, orig, err)
			return nil
		}
		identify(w.Header(), acct)
		w.WriteHeader(http.StatusOK)
		return nil
	}
}

// identify sets all four headers, empty ones too: the proxy overwrites what the client sent with them (FA-02).
func identify(h http.Header, a account.Account) {
	email := ""
	if a.EmailTrusted {
		email = a.Email
	}
	values := [4]string{a.ID, email, a.Name, strings.Join(a.Groups, ",")}
	h["Remote-User"], h["Remote-Email"] = values[0:1:1], values[1:2:2]
	h["Remote-Name"], h["Remote-Groups"] = values[2:3:3], values[3:4:4]
}

// refuse says no and logs why. Only a person who follows a link can use a sign-in page: a script gets 401.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, d dialect, orig original, err error) {
	p := s.describe(r, err)
	signIn := ""
	if helpedBySigningIn(p) && orig.url != nil && isSafe(orig.method) && isNavigation(r.Header) {
		signIn = s.app.Config.Link(page.PathSignIn, nil)
		if s.returnTo(orig.url.String()) != "" {
			signIn += "?" + returnQuery(orig.url.String())
		}
	}
	if p.Status < 500 && p.Status != http.StatusForbidden && signIn == "" {
		w.Header().Set("WWW-Authenticate", wanted(err)) // whatever the dialect makes of it, 401 may be the answer
	}
	s.log.Info("forward-auth.refused", "reason", p.Reason, "host", hostOf(orig), "addr", s.peers.client(r))
	d.refuse(w, p, signIn)
}

// helpedBySigningIn tells the refusals that the sign-in page mends or explains: also doubled cookies, and too many of them.
func helpedBySigningIn(p problem) bool {
	return p.Status == http.StatusUnauthorized || p.Status == http.StatusRequestHeaderFieldsTooLarge || p.Reason == guard.DuplicateCookie
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

func hostOf(o original) string {
	if o.url == nil {
		return ""
	}
	return o.url.Host
}

// isNavigation tells a person's browser that opens a page from a script that fetches. Browsers say so themselves
// (Sec-Fetch-Mode); of others, who asks for HTML is taken for a person.
func isNavigation(h http.Header) bool {
	if mode := h.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(h.Get("Accept"), "text/html")
}
