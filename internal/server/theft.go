package server

import (
	"net/http"
	"slices"

	"github.com/cloakroom/cloakroom/internal/server/page"
)

// thefts is what the person has to be told of stolen sign-ins: those since the notice was put away in this browser. Another
// browser keeps telling, so that a thief who is signed in cannot put it away for the owner.
func (s *Server) thefts(r *http.Request) ([]page.Theft, error) {
	all, err := s.app.Thefts(r.Context(), principal(r).ID)
	if err != nil {
		return nil, err
	}
	v, _ := s.visit(r)
	var untold []page.Theft
	for _, t := range all {
		if t.SessionHandle == v.Seen {
			break
		}
		untold = append(untold, page.Theft{At: t.At, Device: t.Device, Handle: t.SessionHandle})
	}
	return untold, nil
}

// putAway notes in the visit cookie that the person has seen the notice, whose newest theft was of the session with this handle. One
// that came since is told all the same.
func (s *Server) putAway(w http.ResponseWriter, r *http.Request, handle string) error {
	untold, err := s.thefts(r)
	if err != nil {
		return err
	}
	// Not among them: another tab was first, or it was never one of theirs.
	if slices.ContainsFunc(untold, func(t page.Theft) bool { return t.Handle == handle }) {
		if err := s.changeVisit(w, r, func(v *visit) { v.Seen = handle }); err != nil {
			return err
		}
	}
	http.Redirect(w, r, page.PathDevices, http.StatusSeeOther)
	return nil
}
