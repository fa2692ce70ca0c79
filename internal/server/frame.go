package server

import (
	"errors"
	"net/http"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
	"github.com/cloakroom/cloakroom/session"
)

// frame is what every page of a request shows. It makes sure that the browser has a visit cookie, without which no form
// before sign-in could be told from one of another site.
func (s *Server) frame(w http.ResponseWriter, r *http.Request) page.Frame {
	f := page.Frame{Now: time.Now(), ThemePath: "/theme"}
	if r.Method == http.MethodGet {
		f.Here = s.returnTo(r.URL.RequestURI())
	}
	v, ok := s.visit(r)
	switch {
	case ok:
	case s.sameOrigin(r) != nil:
		// The browser has one, and kept it back from another site's form (SameSite). A new one would take its place.
		f.ThemePath = ""
	default:
		v = newVisit()
		if err := s.setVisit(w, v); err != nil {
			s.log.Error("visit.set", "error", err)
		}
	}
	f.Theme = page.Theme(v.Theme)
	f.FormToken = s.forms.mint(formOwner(currentSession(r), v))
	if ses := currentSession(r); ses != nil && ses.Subject() != "" {
		if acct, err := s.app.Account(r.Context(), ses.Subject()); err == nil {
			f.Person = &page.Person{Name: acct.Name, Email: acct.Email, Admin: acct.Admin}
		}
	}
	return f
}

// codes are the page's names of reasons that it knows by another one.
var codes = map[guard.Reason]string{
	guard.InvalidLink:  page.LinkUnknown,
	guard.ExpiredLink:  page.LinkExpired,
	guard.InvalidEmail: page.BadEmail,
}

// formErrors turns a refusal of a use case into what a form shows; ok is false for what belongs on an error page.
func formErrors(err error) (errs page.Errors, code int, ok bool) {
	var e *app.Error
	if !errors.As(err, &e) {
		return nil, 0, false
	}
	code = status(e.Reason)
	if code >= 500 && e.Reason != guard.Busy || isGone(e.Reason) && e.Reason != guard.WrongCredentials {
		return nil, 0, false
	}
	p := page.Problem{Code: string(e.Reason), Text: e.Detail, RetryAfter: e.RetryAfter}
	if known := codes[e.Reason]; known != "" {
		p.Code = known
	}
	return page.Errors{e.Field: p}, code, true
}

// missing finds the empty fields of a form.
func missing(r *http.Request, names ...string) page.Errors {
	errs := page.Errors{}
	for _, name := range names {
		if r.PostForm.Get(name) == "" {
			errs[name] = page.Problem{Code: page.Missing}
		}
	}
	return errs
}

// revealing reports that a form only asks for its password field to be shown readable or masked, and which.
func revealing(r *http.Request) (readable, asked bool) {
	v := r.PostForm.Get(page.FieldReveal)
	return v == "1", v != ""
}

// endedView says how a session ended.
func endedView(e *session.Ending, device string) *page.Ended {
	return &page.Ended{Reason: string(e.Reason), At: e.At, Handle: e.Handle, Device: device}
}

// sessionView is a session as its owner sees it on a page.
func sessionView(rec session.Record, current string) page.Session {
	v := page.Session{
		Handle: rec.Handle, Device: rec.Device, Program: rec.Kind == session.Token, Current: rec.Handle == current,
		Remember: rec.Remember, Method: "password", SignedIn: rec.AuthTime, Seen: rec.Seen, Expires: rec.Expires,
	}
	if rec.Idle > 0 {
		v.IdleAt = rec.Seen.Add(rec.Idle)
	}
	return v
}
