package server

import (
	"net/http"
	"net/url"

	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/server/page"
)

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
	v.Frame.Here = page.PathReset + "?" + url.Values{page.FieldLink: {link}}.Encode()
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
