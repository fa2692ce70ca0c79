package server

import (
	"net/http"
	"net/url"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
	"github.com/cloakroom/cloakroom/session"
)

// fieldDone marks the way back from a sign-in: whoever arrives with it and without a session has a browser that did
// not send our cookie back.
const fieldDone = "done"

func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	if s.check(s.guard, r).Allowed() {
		return s.member(s.showAccount)(w, r)
	}
	return s.showSignIn(w, r)
}

// askToSignIn sends a person who is not signed in to the sign-in page, and back afterwards.
func (s *Server) askToSignIn(w http.ResponseWriter, r *http.Request) error {
	if !isSafe(r.Method) {
		// What was typed cannot be kept: it may be a password. The person hears why nothing happened.
		s.render(w, r, http.StatusUnauthorized, s.signInView(w, r, ""))
		return nil
	}
	http.Redirect(w, r, page.PathSignIn+"?"+returnQuery(r.URL.RequestURI()), http.StatusSeeOther)
	return nil
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	target := s.returnTo(query.Get(page.FieldReturnTo))
	d := s.check(s.guard, r)
	if d.Allowed() {
		if target == "" {
			target = page.PathAccount
		}
		http.Redirect(w, r, target, http.StatusSeeOther)
		return nil
	}
	if st := status(d.Reason()); st >= 500 || st == http.StatusRequestHeaderFieldsTooLarge {
		return &refusedError{d}
	}
	v := s.signInView(w, r, target)
	if query.Has(fieldDone) && d.Reason() == guard.NoCredentials {
		v.Errors, v.Ended = page.Errors{"": {Code: page.NoCookie}}, nil
	}
	s.render(w, r, http.StatusOK, v)
	return nil
}

// signInView is the empty form with the reason why the last session ended. Having shown it, the page takes a dead
// session cookie away.
func (s *Server) signInView(w http.ResponseWriter, r *http.Request, target string) page.SignIn {
	v := page.SignIn{
		RememberFor: s.app.Config.Remember, ReturnTo: target, ReturnHost: s.toward(w, target),
		SignUpOpen: s.app.Config.Signup == app.SignupOpen, CanReveal: true,
	}
	v.Ended = s.whyGone(r)
	if v.Ended != nil && v.Ended.Reason == string(session.SignedOut) {
		v.Ended, v.SignedOut = nil, true
	}
	currentSession(r).DropCookie()
	v.Frame = s.frame(w, r)
	v.Frame.Person = nil
	return v
}

// whyGone finds out how the last session of this browser ended: from its cookie, or, when the browser has thrown that
// away, from the visit cookie.
func (s *Server) whyGone(r *http.Request) *page.Ended {
	why, ending := currentSession(r).WhyNew()
	v, known := s.visit(r)
	switch {
	case ending != nil:
		return endedView(ending, "")
	case why != session.NoCredentials && why != "":
		return &page.Ended{Reason: string(why)}
	case !known || v.Handle == "":
		return nil
	}
	rec, ending, err := s.app.SessionByHandle(r.Context(), v.Handle)
	switch {
	case err != nil:
		return nil // too old to be known, or the store is down: then signing in will say so
	case ending != nil:
		return endedView(ending, "")
	}
	return &page.Ended{
		Reason: string(session.NoCredentials), Handle: rec.Handle, Device: rec.Device,
		Text: "Your browser was closed, or its cookies were deleted, and this sign-in was not to be remembered.",
	}
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	form := r.PostForm
	in := app.Credentials{
		Email: form.Get(page.FieldEmail), Password: form.Get(page.FieldPassword), Remember: form.Get(page.FieldRemember) == "1",
	}
	target := s.returnTo(form.Get(page.FieldReturnTo))
	again := func(code int, errs page.Errors, readable bool) error {
		v := s.signInView(w, r, target)
		v.Email, v.Remember, v.Errors, v.Reveal = in.Email, in.Remember, errs, readable
		v.Ended, v.SignedOut = nil, false
		s.render(w, r, code, v)
		return nil
	}
	if readable, asked := revealing(r); asked {
		return again(http.StatusOK, nil, readable)
	}
	if errs := missing(r, page.FieldEmail, page.FieldPassword); len(errs) > 0 {
		return again(http.StatusBadRequest, errs, false)
	}
	if _, err := s.app.SignIn(r.Context(), currentSession(r), in, s.client(r)); err != nil {
		errs, code, ok := formErrors(err)
		if !ok {
			return err
		}
		retryAfter(w.Header(), err)
		return again(code, errs, false)
	}
	return s.signedIn(w, r, target)
}

// signedIn sends the browser on by way of the sign-in page, which notices when the cookie did not come back.
func (s *Server) signedIn(w http.ResponseWriter, r *http.Request, target string) error {
	if err := s.rememberVisit(w, r, currentSession(r).Record()); err != nil {
		return err
	}
	query := url.Values{fieldDone: {"1"}}
	if target != "" {
		query.Set(page.FieldReturnTo, target)
	}
	http.Redirect(w, r, page.PathSignIn+"?"+query.Encode(), http.StatusSeeOther)
	return nil
}
