package server

import (
	"net/http"
	"time"

	"github.com/cloakroom/cloakroom/internal/server/page"
)

func (s *Server) showSecurity(w http.ResponseWriter, r *http.Request) error {
	return s.security(w, r, http.StatusOK, nil, false, nil)
}

func (s *Server) security(w http.ResponseWriter, r *http.Request, code int, errs page.Errors, readable bool, notices []page.Notice) error {
	p := principal(r)
	acct, err := s.app.Account(r.Context(), p.ID)
	if err != nil {
		return err
	}
	live, err := s.app.SessionsOf(r.Context(), p.ID)
	if err != nil {
		return err
	}
	history, err := s.app.History(r.Context(), p.ID, 10)
	if err != nil {
		return err
	}
	v := page.Security{
		Frame: s.frame(w, r), Email: acct.Email, Changed: acct.PasswordChanged, Others: max(len(live)-1, 0),
		Errors: errs, Reveal: readable, CanReveal: true,
	}
	v.Frame.Notices = notices
	for _, e := range history {
		v.Events = append(v.Events, page.Event{At: e.At, Text: eventText(e.Action), Device: e.Device})
	}
	s.render(w, r, code, v)
	return nil
}

// events has a person's words for the actions of the journal.
var events = map[string]string{
	"signup": "Account made", "setup": "Account made, as the first administrator", "signin": "Signed in", "signout": "Signed out",
	"session.end": "A device was signed out", "session.end-all": "All other devices were signed out",
	"password.change": "Password changed", "password.reset": "Password set by a reset link", "password.reset-link": "A reset link was made",
	"token.issue": "A program signed in", "token.reuse": "A stolen token was used; the program was signed out",
	"reauthenticate": "Password confirmed", "user.disable": "Account disabled", "user.enable": "Account enabled", "user.group": "Groups changed",
	"rename": "Name changed", "invite": "An invitation was made",
}

func eventText(action string) string {
	if t, ok := events[action]; ok {
		return t
	}
	return action
}

func (s *Server) changePassword(w http.ResponseWriter, r *http.Request) error {
	if readable, asked := revealing(r); asked {
		return s.security(w, r, http.StatusOK, nil, readable, nil)
	}
	if errs := missing(r, page.FieldCurrent, page.FieldNew); len(errs) > 0 {
		return s.security(w, r, http.StatusBadRequest, errs, false, nil)
	}
	err := s.app.ChangePassword(r.Context(), currentSession(r), r.PostForm.Get(page.FieldCurrent), r.PostForm.Get(page.FieldNew), s.client(r))
	if err != nil {
		errs, code, ok := formErrors(err)
		if !ok {
			return err
		}
		retryAfter(w.Header(), err)
		return s.security(w, r, code, passwordProblems(errs, page.FieldCurrent, page.FieldNew), false, nil)
	}
	if err := s.rememberVisit(w, r, currentSession(r).Record()); err != nil {
		return err
	}
	s.refreshPrincipal(r)
	return s.security(w, r, http.StatusOK, nil, false, []page.Notice{{Tone: page.Good, Text: "Your password is changed, and every other device is signed out."}})
}

// passwordProblems puts a wrong password beside the field of the present one, and a weak one beside the new.
func passwordProblems(errs page.Errors, current, next string) page.Errors {
	out := page.Errors{}
	for field, p := range errs {
		switch {
		case p.Code == page.WrongCredentials:
			out[current] = page.Problem{Code: page.WrongPassword}
		case field == "password":
			out[next] = p
		default:
			out[field] = p
		}
	}
	return out
}

// refreshPrincipal follows the session to its new name after it was renewed within this request.
func (s *Server) refreshPrincipal(r *http.Request) {
	p := principal(r)
	p.Session, p.AuthTime = currentSession(r).Handle(), time.Now()
}
