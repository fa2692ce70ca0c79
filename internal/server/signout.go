package server

import (
	"net/http"

	"github.com/cloakroom/cloakroom/internal/server/page"
)

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
