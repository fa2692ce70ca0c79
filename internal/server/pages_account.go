package server

import (
	"net/http"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
	"github.com/cloakroom/cloakroom/session"
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
	rec := currentSession(r).Record()
	return page.Account{
		Frame: s.frame(w, r), ID: acct.ID, Name: acct.Name, Email: acct.Email, Groups: acct.Groups,
		Session: sessionView(rec, rec.Handle), CanEdit: true,
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
	v := page.Devices{Frame: s.frame(w, r), Errors: errs}
	v.Frame.Notices = notices
	for _, rec := range live {
		v.Sessions = append(v.Sessions, sessionView(rec, p.Session))
	}
	for i := range ended {
		v.Ended = append(v.Ended, *endedView(&ended[i], ""))
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
	}
	return &app.Error{Reason: guard.InvalidInput}
}

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

func (s *Server) showConfirm(w http.ResponseWriter, r *http.Request) error {
	return s.confirmPage(w, r, http.StatusOK, s.returnTo(r.URL.Query().Get(page.FieldReturnTo)), nil, false)
}

func (s *Server) confirmPage(w http.ResponseWriter, r *http.Request, code int, target string, errs page.Errors, readable bool) error {
	v := page.Confirm{Frame: s.frame(w, r), ReturnTo: target, Errors: errs, Reveal: readable, CanReveal: true}
	if v.Frame.Person != nil {
		v.Email = v.Frame.Person.Email
	}
	s.render(w, r, code, v)
	return nil
}

func (s *Server) confirm(w http.ResponseWriter, r *http.Request) error {
	target := s.returnTo(r.PostForm.Get(page.FieldReturnTo))
	if readable, asked := revealing(r); asked {
		return s.confirmPage(w, r, http.StatusOK, target, nil, readable)
	}
	if errs := missing(r, page.FieldPassword); len(errs) > 0 {
		return s.confirmPage(w, r, http.StatusBadRequest, target, errs, false)
	}
	if err := s.app.Reauthenticate(r.Context(), currentSession(r), r.PostForm.Get(page.FieldPassword), s.client(r)); err != nil {
		errs, code, ok := formErrors(err)
		if !ok {
			return err
		}
		retryAfter(w.Header(), err)
		return s.confirmPage(w, r, code, target, passwordProblems(errs, page.FieldPassword, page.FieldPassword), false)
	}
	return s.signedIn(w, r, target)
}

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
