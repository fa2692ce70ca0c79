package server

import (
	"net/http"

	"github.com/cloakroom/cloakroom/internal/server/page"
)

func (s *Server) showAccount(w http.ResponseWriter, r *http.Request) error {
	v, err := s.accountView(w, r)
	if err != nil {
		return err
	}
	s.render(w, r, http.StatusOK, v)
	return nil
}

func (s *Server) accountView(w http.ResponseWriter, r *http.Request) (page.Account, error) {
	acct, err := s.app.Account(r.Context(), principal(r).ID)
	if err != nil {
		return page.Account{}, err
	}
	thefts, err := s.thefts(r)
	if err != nil {
		return page.Account{}, err
	}
	rec := currentSession(r).Record()
	return page.Account{
		Frame: s.frame(w, r), ID: acct.ID, Name: acct.Name, Email: acct.Email, Groups: acct.Groups,
		Session: sessionView(rec, rec.Handle), Thefts: thefts, CanEdit: true,
	}, nil
}

func (s *Server) changeAccount(w http.ResponseWriter, r *http.Request) error {
	name := r.PostForm.Get(page.FieldName)
	err := s.app.Rename(r.Context(), principal(r).ID, name, s.client(r))
	errs, code, ok := formErrors(err)
	if err != nil && !ok {
		return err
	}
	v, verr := s.accountView(w, r)
	if verr != nil {
		return verr
	}
	if err != nil {
		v.Name, v.Errors = name, errs
	} else {
		code = http.StatusOK
		v.Frame.Notices = []page.Notice{{Tone: page.Good, Text: "Your name was changed."}}
	}
	s.render(w, r, code, v)
	return nil
}
