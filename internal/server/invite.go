package server

import (
	"net/http"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
)

func (s *Server) showInvite(w http.ResponseWriter, r *http.Request) error {
	return s.invitePage(w, r, http.StatusOK, page.Invite{})
}

func (s *Server) invitePage(w http.ResponseWriter, r *http.Request, code int, v page.Invite) error {
	known, err := s.app.Groups(r.Context())
	if err != nil {
		return err
	}
	v.Frame, v.Known = s.frame(w, r), known
	s.render(w, r, code, v)
	return nil
}

func (s *Server) invite(w http.ResponseWriter, r *http.Request) error {
	email, groups := strings.TrimSpace(r.PostForm.Get(page.FieldEmail)), r.PostForm.Get(page.FieldGroups)
	in := app.Invitation{Email: email, Groups: strings.FieldsFunc(groups, func(c rune) bool { return c == ',' || c == ' ' })}
	link, err := s.app.Invite(r.Context(), in, principal(r).ID, s.client(r))
	if err != nil {
		errs, code, ok := formErrors(err)
		if !ok {
			return err
		}
		return s.invitePage(w, r, code, page.Invite{Email: email, Groups: groups, Errors: errs})
	}
	return s.invitePage(w, r, http.StatusOK, page.Invite{Made: &page.Invitation{
		URL: link, Email: in.Email, Groups: in.Groups, Expires: time.Now().Add(app.InvitationLifetime),
	}})
}
