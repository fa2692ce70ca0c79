package server

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/internal/server/page"
)

// What stands at the host of each app, where the proxy hands it to us. Nothing here is a page: a browser is sent on, and what a person has to
// read stands at the sign-in's host.
//
// The way of somebody who opens a page of an app and is not known there (app.example, and auth.example for the sign-in):
//
//	app.example/page                        the check says no, and sends the browser to
//	app.example/.cloakroom/start            which sets a visit cookie, and asks for a code for the browser that has it at
//	auth.example/handover                   where the person signs in, or is signed in; it issues the code and sends the browser to
//	app.example/.cloakroom/enter?code=…     which takes the code, sets the session cookie of this host, and sends the browser to
//	app.example/page
const (
	pathAppPrefix  = "/.cloakroom/"
	pathAppStart   = pathAppPrefix + "start"
	pathAppEnter   = pathAppPrefix + "enter"
	pathAppSignOut = pathAppPrefix + "signout"
	pathHandover   = "/handover"

	fieldApp   = "app"   // the app's origin
	fieldVisit = "visit" // the hash of the id in its visit cookie
	fieldCode  = "code"
)

// appStart sends a browser from the app's host to where people sign in.
func (s *Server) appStart(w http.ResponseWriter, r *http.Request) error {
	at, origin, err := s.siteOf(r)
	if err != nil {
		return err
	}
	v, ok := s.visit(r)
	if !ok {
		v = newVisit()
	}
	if why := s.stray(r, at, &v); why != "" {
		http.Redirect(w, r, s.diagnosis(why, origin), http.StatusSeeOther)
		return nil
	}
	if err := s.setVisit(w, v); err != nil {
		return err
	}
	hash := grant.VisitHash(v.ID)
	query := url.Values{
		fieldApp: {origin}, page.FieldReturnTo: {appPath(r.URL.Query().Get(page.FieldReturnTo))}, fieldVisit: {base64.RawURLEncoding.EncodeToString(hash[:])},
	}
	http.Redirect(w, r, s.app.Config.Link(pathHandover, query), http.StatusSeeOther)
	return nil
}

// appPath is where at an app's host somebody is sent: a path, and the start for everything else (AU-33).
func appPath(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || strings.HasPrefix(u.Path, pathAppPrefix) ||
		len(target) > 2048 || strings.Contains(target, `\`) || strings.ContainsFunc(target, unprintable) {
		return "/"
	}
	return target
}

// handover issues a code to a person who is signed in, and has everybody else sign in first.
func (s *Server) handover(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	at, origin := s.appNamed(query.Get(fieldApp))
	visit, err := base64.RawURLEncoding.Strict().DecodeString(query.Get(fieldVisit))
	if at == nil || err != nil || len(visit) != sha256.Size {
		return &app.Error{Reason: guard.InvalidReturnTo, Detail: "This link does not lead to an app that is set up here."}
	}
	if d := s.check(s.guard, r); !d.Allowed() || d.Principal.Via != guard.ViaSession {
		return s.askToSignIn(w, r)
	}
	code, err := s.app.HandOver(r.Context(), currentSession(r), at.host, appPath(query.Get(page.FieldReturnTo)), [sha256.Size]byte(visit))
	if err != nil {
		return err
	}
	http.Redirect(w, r, origin+pathAppEnter+"?"+url.Values{fieldCode: {code}}.Encode(), http.StatusSeeOther)
	return nil
}

// appNamed reads the origin of an app that has a session cookie of its own; nil if there is none.
func (s *Server) appNamed(origin string) (at *site, spelled string) {
	u, err := url.Parse(origin)
	if err != nil || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return nil, ""
	}
	if at = s.sites.of(u); at == nil || at.signIn {
		return nil, ""
	}
	return at, originOf(u)
}

// appEnter takes a code and sets the session cookie of the app's host.
func (s *Server) appEnter(w http.ResponseWriter, r *http.Request) error {
	at, origin, err := s.siteOf(r)
	if err != nil {
		return err
	}
	v, ok := s.visit(r)
	if !ok {
		http.Redirect(w, r, s.diagnosis(strayNoVisit, origin), http.StatusSeeOther)
		return nil
	}
	in, err := s.app.EnterApp(r.Context(), r.URL.Query().Get(fieldCode), at.host, v.ID, s.client(r))
	switch {
	case err == nil:
	case errors.Is(err, grant.ErrCodeEarly):
		http.Redirect(w, r, s.diagnosis(guard.WrongClock, origin), http.StatusSeeOther)
		return nil
	case s.describe(r, err).Status >= 500:
		return err
	case in.Path != "", s.isEnded(err):
		// The person was slow, or signed out meanwhile: once more from the start, which explains.
		http.Redirect(w, r, origin+pathAppStart+"?"+returnQuery(appPath(in.Path)), http.StatusSeeOther)
		return nil
	case at.guard.Check(r).Allowed():
		http.Redirect(w, r, origin+"/", http.StatusSeeOther) // somebody went back in the history
		return nil
	default:
		http.Redirect(w, r, s.diagnosis(s.describe(r, err).Reason, origin), http.StatusSeeOther)
		return nil
	}
	if err := cookie.Set(w, appCookie(in)); err != nil {
		return err
	}
	http.Redirect(w, r, origin+in.Path, http.StatusSeeOther)
	return nil
}

func appCookie(in app.Entered) *http.Cookie {
	c := &http.Cookie{Name: sessionCookie, Value: in.ID, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if in.Session.Remember {
		c.MaxAge = max(1, int(time.Until(in.Session.Expires)/time.Second))
	}
	return c
}

// isEnded tells that the person's session is over.
func (s *Server) isEnded(err error) bool {
	var e *app.Error
	return errors.As(err, &e) && e.Ending != nil
}

// appSignOut ends the person's session, and with it those at all apps, from a form of an app. Nothing is changed by GET (AU-32).
func (s *Server) appSignOut(w http.ResponseWriter, r *http.Request) error {
	at, origin, err := s.siteOf(r)
	if err != nil {
		return err
	}
	if r.Method != http.MethodPost {
		http.Redirect(w, r, s.app.Config.Link(page.PathAccount, nil), http.StatusSeeOther)
		return nil
	}
	if r.Header.Get("Origin") != origin { // pages that send no referrer send no origin either
		if err := s.sameOrigin(r); err != nil {
			return err
		}
	}
	if d := at.guard.Check(r); d.Allowed() && d.Principal.Via == guard.ViaSession {
		if err := s.app.SignOutFrom(r.Context(), d.Principal, at.host, s.client(r)); err != nil {
			return err
		}
	}
	if err := cookie.Set(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}); err != nil {
		return err
	}
	http.Redirect(w, r, s.app.Config.Link(page.PathSignIn, nil), http.StatusSeeOther)
	return nil
}
