package server

import (
	"net/http"
	"net/url"

	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
)

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
		v.Frame.Here = page.PathSetup + "?" + url.Values{page.FieldLink: {link}}.Encode()
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
