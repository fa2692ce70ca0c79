package server

import (
	"net/http"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
	"github.com/cloakroom/cloakroom/session"
)

func (s *Server) showDevices(w http.ResponseWriter, r *http.Request) error {
	return s.devices(w, r, http.StatusOK, nil, nil)
}

func (s *Server) devices(w http.ResponseWriter, r *http.Request, code int, notices []page.Notice, errs page.Errors) error {
	p := principal(r)
	live, err := s.app.SessionsOf(r.Context(), p.ID)
	if err != nil {
		return err
	}
	ended, err := s.app.EndedOf(r.Context(), p.ID, 10)
	if err != nil {
		return err
	}
	thefts, err := s.thefts(r)
	if err != nil {
		return err
	}
	apps, err := s.app.AppsOf(r.Context(), p.ID)
	if err != nil {
		return err
	}
	v := page.Devices{Frame: s.frame(w, r), Thefts: thefts, Errors: errs}
	v.Frame.Notices = notices
	for _, rec := range live {
		device := sessionView(rec, p.Session)
		for _, a := range apps {
			if a.Parent == rec.Handle {
				device.Apps = append(device.Apps, page.App{Host: a.Host, Since: a.Created})
			}
		}
		v.Sessions = append(v.Sessions, device)
	}
	for i := range ended {
		v.Ended = append(v.Ended, *endedView(&ended[i].Ending, ended[i].Device))
	}
	s.render(w, r, code, v)
	return nil
}

func (s *Server) endDevices(w http.ResponseWriter, r *http.Request) error {
	p, handle := principal(r), r.PostForm.Get(page.FieldSession)
	switch r.PostForm.Get(page.FieldAction) {
	case page.ActionEndOthers:
		n, err := s.app.EndOthers(r.Context(), p.ID, p.Session, session.SignedOutElsewhere, p.ID, s.client(r))
		if err != nil {
			return err
		}
		text := "There was no other device to sign out."
		switch {
		case n == 1:
			text = "One other device is signed out."
		case n > 1:
			text = "All other devices are signed out."
		}
		return s.devices(w, r, http.StatusOK, []page.Notice{{Tone: page.Good, Text: text}}, nil)
	case page.ActionEnd:
		if handle == p.Session {
			return s.signOut(w, r)
		}
		err := s.app.EndSession(r.Context(), p.ID, handle, session.SignedOutElsewhere, p.ID, s.client(r))
		if err != nil {
			errs, code, ok := formErrors(err)
			if !ok {
				return err
			}
			return s.devices(w, r, code, nil, errs)
		}
		return s.devices(w, r, http.StatusOK, []page.Notice{{Tone: page.Good, Text: "That device is signed out."}}, nil)
	case page.ActionSeen:
		return s.putAway(w, r, handle)
	}
	return &app.Error{Reason: guard.InvalidInput}
}
