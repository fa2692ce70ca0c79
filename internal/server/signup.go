package server

import (
	"net/http"
	"net/url"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
)

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
	v := page.SignUp{Frame: s.frame(w, r), Invitation: invitation, ReturnTo: target, ReturnHost: s.toward(w, target), CanReveal: true}
	v.Frame.Here = page.PathSignUp + "?" + url.Values{"invitation": {invitation}, page.FieldReturnTo: {target}}.Encode()
	link, err := s.app.SignupAllowed(r.Context(), invitation)
	if err != nil {
		errs, _, ok := formErrors(err)
		if !ok {
			return v, err
		}
		if v.Errors = errs; s.app.Config.Signup == app.SignupClosed {
			v.Errors = page.Errors{"": {Code: page.SignupOff}}
		}
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
