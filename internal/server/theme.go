package server

import (
	"net/http"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
)

// theme keeps the choice of colours in the visit cookie.
func (s *Server) theme(w http.ResponseWriter, r *http.Request) error {
	choice := r.PostForm.Get(page.FieldTheme)
	if choice != "" && choice != "light" && choice != "dark" {
		return &app.Error{Reason: guard.InvalidInput, Detail: "There is no such theme."}
	}
	if err := s.changeVisit(w, r, func(v *visit) { v.Theme = choice }); err != nil {
		return err
	}
	back := s.returnTo(r.PostForm.Get(page.FieldReturnTo))
	if back == "" {
		back = "/"
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
