package server

import (
	"net/http"
	"net/url"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/account"
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
		v := s.signInView(w, r, "")
		s.render(w, r, http.StatusUnauthorized, v)
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
	if query.Has(fieldDone) {
		v.Errors, v.Ended = page.Errors{"": {Code: page.NoCookie}}, nil
	}
	s.render(w, r, http.StatusOK, v)
	return nil
}

// signInView is the empty form with the reason why the last session ended. Having shown it, the page takes a dead
// session cookie away.
func (s *Server) signInView(w http.ResponseWriter, r *http.Request, target string) page.SignIn {
	v := page.SignIn{
		RememberFor: s.app.Config.Remember, ReturnTo: target, ReturnHost: returnHost(target),
		SignUpOpen: s.app.Config.Signup == app.SignupOpen, CanReveal: true,
	}
	v.Ended = s.whyGone(r)
	if v.Ended != nil && v.Ended.Reason == string(session.SignedOut) {
		v.Ended, v.SignedOut = nil, true
	}
	currentSession(r).DropCookie()
	v.Frame = s.frame(w, r)
	v.Frame.Person = nil
	if origin := returnOrigin(target); origin != "" {
		w.Header().Set("Content-Security-Policy", page.Policy(origin))
	}
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

func (s *Server) showSignOut(w http.ResponseWriter, r *http.Request) error {
	// Nothing is changed by GET (AU-32): the account page has the button.
	http.Redirect(w, r, page.PathAccount, http.StatusSeeOther)
	return nil
}

// signOut takes our cookies away by name. Clear-Site-Data would empty every app of the domain too.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if currentSession(r).Subject() != "" {
		if err := s.app.SignOut(r.Context(), currentSession(r), s.client(r)); err != nil {
			return err
		}
	}
	http.Redirect(w, r, page.PathSignIn, http.StatusSeeOther)
	return nil
}

func (s *Server) showSignUp(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	v, err := s.signUpView(w, r, query.Get("invitation"), s.returnTo(query.Get(page.FieldReturnTo)))
	if err != nil {
		return err
	}
	s.render(w, r, http.StatusOK, v)
	return nil
}

func (s *Server) signUpView(w http.ResponseWriter, r *http.Request, invitation, target string) (page.SignUp, error) {
	v := page.SignUp{Frame: s.frame(w, r), Invitation: invitation, ReturnTo: target, ReturnHost: returnHost(target), CanReveal: true}
	if origin := returnOrigin(target); origin != "" {
		w.Header().Set("Content-Security-Policy", page.Policy(origin))
	}
	link, err := s.app.SignupAllowed(r.Context(), invitation)
	if err != nil {
		errs, _, ok := formErrors(err)
		if !ok {
			return v, err
		}
		v.Errors = errs
	}
	v.Email, v.EmailFixed = link.Email, link.Email != ""
	return v, nil
}

func (s *Server) signUp(w http.ResponseWriter, r *http.Request) error {
	form := r.PostForm
	in := app.SignUp{
		Email: form.Get(page.FieldEmail), Name: form.Get(page.FieldName), Password: form.Get(page.FieldPassword), Invitation: form.Get(page.FieldLink),
	}
	target := s.returnTo(form.Get(page.FieldReturnTo))
	again := func(code int, errs page.Errors, readable bool) error {
		v, err := s.signUpView(w, r, in.Invitation, target)
		if err != nil {
			return err
		}
		if !v.EmailFixed {
			v.Email = in.Email
		}
		v.Name, v.Reveal = in.Name, readable
		if v.Errors == nil {
			v.Errors = errs
		}
		s.render(w, r, code, v)
		return nil
	}
	if readable, asked := revealing(r); asked {
		return again(http.StatusOK, nil, readable)
	}
	if errs := missing(r, page.FieldEmail, page.FieldPassword); len(errs) > 0 {
		return again(http.StatusBadRequest, errs, false)
	}
	if _, err := s.app.SignUp(r.Context(), currentSession(r), in, s.client(r)); err != nil {
		errs, code, ok := formErrors(err)
		if !ok {
			return err
		}
		retryAfter(w.Header(), err)
		return again(code, errs, false)
	}
	return s.signedIn(w, r, target)
}

func (s *Server) showSetup(w http.ResponseWriter, r *http.Request) error {
	link := r.URL.Query().Get(page.FieldLink)
	v := page.Setup{Frame: s.frame(w, r), Link: link, CanReveal: true}
	if _, err := s.app.Link(r.Context(), account.LinkSetup, link); err != nil {
		errs, _, ok := formErrors(err)
		if !ok {
			return err
		}
		v.Errors = errs
	}
	s.render(w, r, http.StatusOK, v)
	return nil
}

func (s *Server) setup(w http.ResponseWriter, r *http.Request) error {
	form := r.PostForm
	link := form.Get(page.FieldLink)
	in := app.SignUp{Email: form.Get(page.FieldEmail), Name: form.Get(page.FieldName), Password: form.Get(page.FieldPassword)}
	again := func(code int, errs page.Errors, readable bool) error {
		v := page.Setup{Frame: s.frame(w, r), Link: link, Email: in.Email, Name: in.Name, Errors: errs, Reveal: readable, CanReveal: true}
		s.render(w, r, code, v)
		return nil
	}
	if readable, asked := revealing(r); asked {
		return again(http.StatusOK, nil, readable)
	}
	if errs := missing(r, page.FieldEmail, page.FieldPassword); len(errs) > 0 {
		return again(http.StatusBadRequest, errs, false)
	}
	if _, err := s.app.SetUp(r.Context(), currentSession(r), in, link, s.client(r)); err != nil {
		errs, code, ok := formErrors(err)
		if !ok {
			return err
		}
		retryAfter(w.Header(), err)
		return again(code, errs, false)
	}
	return s.signedIn(w, r, "")
}

func (s *Server) showReset(w http.ResponseWriter, r *http.Request) error {
	v, err := s.resetView(w, r, r.URL.Query().Get(page.FieldLink))
	if err != nil {
		return err
	}
	s.render(w, r, http.StatusOK, v)
	return nil
}

func (s *Server) resetView(w http.ResponseWriter, r *http.Request, link string) (page.Reset, error) {
	v := page.Reset{Frame: s.frame(w, r), Link: link, CanReveal: true}
	l, err := s.app.Link(r.Context(), account.LinkReset, link)
	if err != nil {
		errs, _, ok := formErrors(err)
		if !ok {
			return v, err
		}
		v.Errors = errs
		return v, nil
	}
	acct, err := s.app.Account(r.Context(), l.AccountID)
	if err != nil {
		v.Errors = page.Errors{"": {Code: page.LinkUnknown}}
		return v, nil
	}
	v.Email = acct.Email
	return v, nil
}

func (s *Server) reset(w http.ResponseWriter, r *http.Request) error {
	link := r.PostForm.Get(page.FieldLink)
	again := func(code int, errs page.Errors, readable bool) error {
		v, err := s.resetView(w, r, link)
		if err != nil {
			return err
		}
		if v.Errors == nil {
			v.Errors = errs
		}
		v.Reveal = readable
		s.render(w, r, code, v)
		return nil
	}
	if readable, asked := revealing(r); asked {
		return again(http.StatusOK, nil, readable)
	}
	if errs := missing(r, page.FieldNew); len(errs) > 0 {
		return again(http.StatusBadRequest, errs, false)
	}
	if err := s.app.ResetPassword(r.Context(), link, r.PostForm.Get(page.FieldNew), s.client(r)); err != nil {
		errs, code, ok := formErrors(err)
		if !ok {
			return err
		}
		retryAfter(w.Header(), err)
		return again(code, renamed(errs, "password", page.FieldNew), false)
	}
	v := s.signInView(w, r, "")
	v.Frame.Notices = []page.Notice{{Tone: page.Good, Text: "Your new password is set. You can sign in with it now."}}
	v.Ended, v.SignedOut = nil, false
	s.render(w, r, http.StatusOK, v)
	return nil
}

// renamed moves a problem to the field that the form calls by another name.
func renamed(errs page.Errors, from, to string) page.Errors {
	if p, ok := errs[from]; ok {
		delete(errs, from)
		errs[to] = p
	}
	return errs
}

// theme keeps the choice of colours in the visit cookie.
func (s *Server) theme(w http.ResponseWriter, r *http.Request) error {
	choice := r.PostForm.Get(page.FieldTheme)
	if choice != "" && choice != "light" && choice != "dark" {
		return &app.Error{Reason: guard.InvalidInput, Detail: "There is no such theme."}
	}
	if err := s.changeVisit(w, r, func(v *visit) { v.Theme = choice }); err != nil {
		return err
	}
	back := "/"
	if ref, err := url.Parse(r.Referer()); err == nil && s.returnTo(ref.Path) != "" {
		back = ref.Path
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
