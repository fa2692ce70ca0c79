package server

import (
	"context"
	"net/http"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/session"
)

// accountJSON is an account as its owner sees it over the API.
type accountJSON struct {
	ID     string   `json:"id"`
	Email  string   `json:"email"`
	Name   string   `json:"name"`
	Groups []string `json:"groups"`
	Admin  bool     `json:"admin"`
}

func accountBody(a account.Account) accountJSON {
	groups := a.Groups
	if groups == nil {
		groups = []string{}
	}
	return accountJSON{ID: a.ID, Email: a.Email, Name: a.Name, Groups: groups, Admin: a.Admin}
}

// sessionJSON is a session as its owner sees it; id is the public handle, never the secret.
type sessionJSON struct {
	ID        string     `json:"id"`
	CreatedAt time.Time  `json:"created_at"`
	SeenAt    time.Time  `json:"seen_at"`
	IdleAt    *time.Time `json:"idle_at"` // null = no idle limit
	ExpiresAt time.Time  `json:"expires_at"`
	Device    string     `json:"device"`
	Current   bool       `json:"current"`
}

func sessionBody(rec session.Record, current string) sessionJSON {
	out := sessionJSON{
		ID: rec.Handle, CreatedAt: rec.Created.UTC(), SeenAt: rec.Seen.UTC(), ExpiresAt: rec.Expires.UTC(),
		Device: rec.Device, Current: rec.Handle == current,
	}
	if rec.Idle > 0 {
		idle := rec.Seen.Add(rec.Idle).UTC()
		out.IdleAt = &idle
	}
	return out
}

type signedIn struct {
	Account accountJSON `json:"account"`
	Session sessionJSON `json:"session"`
}

func (s *Server) apiSignUp(w http.ResponseWriter, r *http.Request) error {
	var in app.SignUp
	err := readJSON(r, members{"email": &in.Email, "password": &in.Password, "name": &in.Name, "invitation": &in.Invitation}, "email", "password")
	if err != nil {
		return err
	}
	acct, err := s.app.SignUp(r.Context(), currentSession(r), in, s.client(r))
	if err != nil {
		return err
	}
	return s.apiSignedIn(w, r, http.StatusCreated, acct)
}

func (s *Server) apiSignIn(w http.ResponseWriter, r *http.Request) error {
	var in app.Credentials
	err := readJSON(r, members{"email": &in.Email, "password": &in.Password, "remember": &in.Remember}, "email", "password")
	if err != nil {
		return err
	}
	acct, err := s.app.SignIn(r.Context(), currentSession(r), in, s.client(r))
	if err != nil {
		return err
	}
	return s.apiSignedIn(w, r, http.StatusOK, acct)
}

func (s *Server) apiSignedIn(w http.ResponseWriter, r *http.Request, code int, acct account.Account) error {
	rec := currentSession(r).Record()
	if err := s.rememberVisit(w, r, rec); err != nil {
		return err
	}
	return s.answer(w, code, signedIn{accountBody(acct), sessionBody(rec, rec.Handle)})
}

// apiToken signs a program in; no cookie is set. The tokens are for the client that the request proves to come from, or for the one without a secret.
func (s *Server) apiToken(w http.ResponseWriter, r *http.Request) error {
	var in app.Credentials
	if err := readJSON(r, members{"email": &in.Email, "password": &in.Password}, "email", "password"); err != nil {
		return err
	}
	client, err := s.apiClient(r)
	if err != nil {
		return err
	}
	t, err := s.app.IssueTokensTo(r.Context(), client, in, s.client(r))
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, tokenBody(t))
}

// caller is who makes an API request, by cookie or by token.
func (s *Server) caller(r *http.Request) (*guard.Principal, error) {
	d := s.check(s.account, r)
	if !d.Allowed() {
		return nil, &refusedError{d}
	}
	timing(r)
	return d.Principal, nil
}

// sessionOf is the record of the caller's own session.
func (s *Server) sessionOf(ctx context.Context, r *http.Request, p *guard.Principal) (session.Record, error) {
	if p.Via == guard.ViaSession {
		return currentSession(r).Record(), nil
	}
	rec, ending, err := s.app.SessionByHandle(ctx, p.Session)
	if err == nil && ending != nil {
		err = &app.Error{Reason: ending.Reason, Ending: ending}
	}
	return rec, err
}

func (s *Server) apiMe(w http.ResponseWriter, r *http.Request) error {
	p, err := s.caller(r)
	if err != nil {
		return err
	}
	acct, err := s.app.Account(r.Context(), p.ID)
	if err != nil {
		return err
	}
	rec, err := s.sessionOf(r.Context(), r, p)
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, struct {
		Account accountJSON `json:"account"`
		Via     string      `json:"via"`
		Session sessionJSON `json:"session"`
	}{accountBody(acct), p.Via, sessionBody(rec, rec.Handle)})
}

func (s *Server) apiSessions(w http.ResponseWriter, r *http.Request) error {
	p, err := s.caller(r)
	if err != nil {
		return err
	}
	all, err := s.app.SessionsOf(r.Context(), p.ID)
	if err != nil {
		return err
	}
	out := make([]sessionJSON, 0, len(all))
	for _, rec := range all {
		out = append(out, sessionBody(rec, p.Session))
	}
	return s.answer(w, http.StatusOK, map[string]any{"sessions": out})
}

func (s *Server) apiEndSession(w http.ResponseWriter, r *http.Request) error {
	p, err := s.caller(r)
	if err != nil {
		return err
	}
	if err := readNothing(r); err != nil {
		return err
	}
	if id := r.PathValue("id"); id != p.Session {
		err = s.app.EndSession(r.Context(), p.ID, id, session.SignedOutElsewhere, p.ID, s.client(r))
	} else {
		err = s.endOwn(r, p)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// endOwn ends the session that asks.
func (s *Server) endOwn(r *http.Request, p *guard.Principal) error {
	if p.Via == guard.ViaSession {
		return s.app.SignOut(r.Context(), currentSession(r), s.client(r))
	}
	return s.app.EndSession(r.Context(), p.ID, p.Session, session.SignedOut, p.ID, s.client(r))
}

func (s *Server) apiEndOthers(w http.ResponseWriter, r *http.Request) error {
	p, err := s.caller(r)
	if err != nil {
		return err
	}
	if err := readNothing(r); err != nil {
		return err
	}
	n, err := s.app.EndOthers(r.Context(), p.ID, p.Session, session.SignedOutElsewhere, p.ID, s.client(r))
	if err != nil {
		return err
	}
	return s.answer(w, http.StatusOK, map[string]int{"ended": n})
}

// apiSignOut is done also for somebody who is signed out already.
func (s *Server) apiSignOut(w http.ResponseWriter, r *http.Request) error {
	if err := readNothing(r); err != nil {
		return err
	}
	d := s.check(s.guard, r)
	switch {
	case d.Allowed():
		if err := s.endOwn(r, d.Principal); err != nil {
			return err
		}
	case !isGone(d.Reason()) || d.Reason() == guard.InvalidToken:
		return &refusedError{d}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
