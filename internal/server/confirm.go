package server

import (
	"net/http"

	"github.com/cloakroom/cloakroom/internal/server/page"
)

func (s *Server) showConfirm(w http.ResponseWriter, r *http.Request) error {
	return s.confirmPage(w, r, http.StatusOK, s.returnTo(r.URL.Query().Get(page.FieldReturnTo)), nil, false)
}

func (s *Server) confirmPage(w http.ResponseWriter, r *http.Request, code int, target string, errs page.Errors, readable bool) error {
	s.toward(w, target)
	v := page.Confirm{Frame: s.frame(w, r), ReturnTo: target, Errors: errs, Reveal: readable, CanReveal: true}
	if v.Frame.Person != nil {
		v.Email = v.Frame.Person.Email
	}
	s.render(w, r, code, v)
	return nil
}

func (s *Server) confirm(w http.ResponseWriter, r *http.Request) error {
	target := s.returnTo(r.PostForm.Get(page.FieldReturnTo))
	if readable, asked := revealing(r); asked {
		return s.confirmPage(w, r, http.StatusOK, target, nil, readable)
	}
	if errs := missing(r, page.FieldPassword); len(errs) > 0 {
		return s.confirmPage(w, r, http.StatusBadRequest, target, errs, false)
	}
	if err := s.app.Reauthenticate(r.Context(), currentSession(r), r.PostForm.Get(page.FieldPassword), s.client(r)); err != nil {
		errs, code, ok := formErrors(err)
		if !ok {
			return err
		}
		retryAfter(w.Header(), err)
		return s.confirmPage(w, r, code, target, passwordProblems(errs, page.FieldPassword, page.FieldPassword), false)
	}
	return s.signedIn(w, r, target)
}
