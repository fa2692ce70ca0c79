package server

import (
	"net/http"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/session"
)

// pathAppRemaining is where an app's own pages ask; no other origin may read the answer, so that none can watch whether somebody is there.
const pathAppRemaining = pathAppPrefix + "remaining"

// remainingJSON is how long a session lasts if nobody uses it from now on. Its first members are those of sessionJSON.
type remainingJSON struct {
	ID        string         `json:"id"`
	IdleAt    *time.Time     `json:"idle_at"` // null = no idle limit
	ExpiresAt time.Time      `json:"expires_at"`
	Remaining int64          `json:"remaining"` // whole seconds, rounded down: that long it lasts in any case
	EndsBy    session.Reason `json:"ends_by"`   // the reason that it will end for: idle or lifetime
}

func remainingBody(rec session.Record, now time.Time) remainingJSON {
	limit, why := rec.Limit()
	s := sessionBody(rec, rec.Handle)
	return remainingJSON{s.ID, s.IdleAt, s.ExpiresAt, max(0, int64(limit.Sub(now)/time.Second)), why}
}

func (s *Server) apiRemaining(w http.ResponseWriter, r *http.Request) error {
	return s.remaining(w, r, s.account)
}

// appRemaining is apiRemaining at the host of an app.
func (s *Server) appRemaining(w http.ResponseWriter, r *http.Request) error {
	at, _, err := s.siteOf(r)
	if err != nil {
		return err
	}
	return s.remaining(w, r, at.guard)
}

// remaining says how long the session lasts whose credentials a guard finds, and does not make it last longer. No cookie is set.
func (s *Server) remaining(w http.ResponseWriter, r *http.Request, by *guard.Guard) error {
	r = asUnattended(r)
	d := s.check(by, r)
	if !d.Allowed() {
		return &refusedError{d}
	}
	ses, err := s.app.Sessions().LoadHandle(r.Context(), d.Principal.Session)
	if err != nil {
		return err
	}
	if ses.New() { // it ended since the guard looked
		why, ending := ses.WhyNew()
		return &app.Error{Reason: why, Ending: ending}
	}
	timing(r)
	return s.answer(w, http.StatusOK, remainingBody(ses.Record(), time.Now()))
}
