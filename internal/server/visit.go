package server

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/session"
)

const (
	sessionCookie = app.SessionCookie
	visitName     = "__Host-visit"
	visitLifetime = 400 * 24 * time.Hour
)

// visit is what a browser keeps for us, sealed: it can be neither read nor altered there, and it opens nothing. It is
// how the sign-in page knows why the last session ended when its cookie is gone.
type visit struct {
	ID      string `json:"i"`           // names this browser, for the forms before sign-in
	Handle  string `json:"h,omitempty"` // of the last session
	Subject string `json:"s,omitempty"` // who was signed in: this browser is no stranger to that account
	Seen    string `json:"d,omitempty"` // handle of the newest theft whose notice was put away
	Theme   string `json:"t,omitempty"`
	Lang    string `json:"l,omitempty"`

	// At an app's host: how often the browser began to sign in, and since when, in unix seconds.
	Bounces int   `json:"b,omitempty"`
	Began   int64 `json:"a,omitempty"`
}

func newVisit() visit { return visit{ID: rand.Text()} }

// visit reads the visit cookie; one that was altered or is too old counts as none.
func (s *Server) visit(r *http.Request) (visit, bool) {
	sealed, err := cookie.Get(r.Header, visitName)
	if err != nil {
		return visit{}, false
	}
	text, err := s.sealer.Open(visitName, sealed)
	if err != nil {
		return visit{}, false
	}
	var v visit
	if err := json.Unmarshal(text, &v); err != nil || v.ID == "" {
		return visit{}, false
	}
	return v, true
}

func (s *Server) setVisit(w http.ResponseWriter, v visit) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	sealed, err := s.sealer.Seal(visitName, text, visitLifetime)
	if err != nil {
		return err
	}
	return cookie.Set(w, &http.Cookie{
		Name: visitName, Value: sealed, Path: "/", MaxAge: int(visitLifetime / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// changeVisit reads the cookie, changes it and sets it again.
func (s *Server) changeVisit(w http.ResponseWriter, r *http.Request, change func(*visit)) error {
	v, ok := s.visit(r)
	if !ok {
		v = newVisit()
	}
	change(&v)
	return s.setVisit(w, v)
}

// rememberVisit notes who signed in with which session.
func (s *Server) rememberVisit(w http.ResponseWriter, r *http.Request, rec session.Record) error {
	return s.changeVisit(w, r, func(v *visit) { v.Handle, v.Subject = rec.Handle, rec.Subject })
}
