package server

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/front"
	"github.com/cloakroom/cloakroom/session"
)

// newFront stands before the apps of --protect; it is nil if there are none.
func (s *Server) newFront() *front.Front {
	apps := s.app.Config.Protected()
	if len(apps) == 0 {
		return nil
	}
	f := front.New(apps, front.Options{
		Cookies: ourCookies, Scheme: s.app.Config.Origin().Scheme, Failed: s.appFailed, Limit: s.app.SessionLimit, Log: s.log,
		Blind: func() bool { return s.app.Stats().WatchLost }, Version: s.app.AccountsVersion, May: s.mayGoOn,
	})
	s.app.OnEnding(func(es []session.Ending) {
		for i := range es {
			f.End(es[i].Handle)
		}
	})
	return f
}

// Run does the work that no request asks for, until ctx ends: what is open of sessions that pass a limit is ended.
func (s *Server) Run(ctx context.Context) {
	if s.front != nil {
		s.front.Run(ctx)
	}
}

// EndStreams ends what would never end by itself, so that a server that stops does not wait for it.
func (s *Server) EndStreams() {
	s.app.EndFeeds()
	if s.front != nil {
		s.front.Stop()
	}
}

// protecting serves the apps at their hosts, but for what stands there of ours, and hands on the rest.
func (s *Server) protecting(next http.Handler) http.Handler {
	if s.front == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.front.Has(r.Host) || strings.HasPrefix(r.URL.Path, pathAppPrefix) {
			next.ServeHTTP(w, r)
			return
		}
		s.observeApp(w, r)
	})
}

// observeApp is observe for a request to an app. One that is passed on writes no line of log: there is one for each picture.
func (s *Server) observeApp(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	rec := &recorder{ResponseWriter: w}
	defer func() {
		v := recover()
		cut := v != nil && s.panicked(rec, r, "", v)
		if rec.status == 0 && !cut {
			rec.status = http.StatusSwitchingProtocols // by a connection that was handed over
		}
		s.metrics.request(rec.status, time.Since(start), true)
		if cut {
			panic(http.ErrAbortHandler)
		}
	}()
	s.passOn(rec, r)
}

// passOn asks the same as a reverse proxy would, and passes the request on if it may.
func (s *Server) passOn(w http.ResponseWriter, r *http.Request) {
	orig, err := s.originalHere(r)
	if err != nil {
		s.refuseApp(w, r, orig, &app.Error{Reason: guard.MalformedRequest, Err: err})
		return
	}
	version := s.app.AccountsVersion()
	who, err := s.admit(r, orig)
	if err != nil {
		s.refuseApp(w, r, orig, err)
		return
	}
	s.front.Serve(w, r, front.Visitor{
		Version: version,
		User:    who.ID, Email: trustedEmail(who), Name: who.Name, Groups: strings.Join(who.Groups, ","),
		Session: who.Session, Addr: s.peers.client(r), HideAuthorization: who.Via == guard.ViaToken,
	})
}

// mayGoOn reports whether what is known now of the person behind an open request lets it through: their groups may be others by now. That they had signed in lately,
// and that the page which sent it might, is past.
func (s *Server) mayGoOn(r *http.Request, v *front.Visitor) bool {
	orig, err := s.originalHere(r)
	if err != nil {
		return false
	}
	q := access.Query{Host: orig.url.Host, Target: orig.target, Method: orig.method, Others: otherMethods(r.Header)}
	if v.User != "" {
		acct, err := s.app.Account(r.Context(), v.User)
		if err != nil || acct.Disabled {
			return false
		}
		q.SignedIn, q.Groups, q.AuthTime = true, acct.Groups, time.Now()
	}
	return s.access.Decide(q).Verdict == access.Allow
}

// originalHere is a request that stands before ourselves: its path is what the app will be sent.
func (s *Server) originalHere(r *http.Request) (original, error) {
	if r.Host == "" || strings.ContainsAny(r.Host, `/?#@,\`) {
		return original{}, errOriginal
	}
	return parseOriginal(r.Method, s.app.Config.Origin().Scheme+"://"+r.Host+front.Target(r))
}

// refuseApp says no at the address of an app.
func (s *Server) refuseApp(w http.ResponseWriter, r *http.Request, orig original, err error) {
	full{s}.refuse(w, s.refusalHere(w, r, orig, err))
}

func (s *Server) refusalHere(w http.ResponseWriter, r *http.Request, orig original, err error) refusal {
	h := w.Header()
	maps.Copy(h, s.base)
	h["X-Request-Id"] = []string{requestID()}
	return s.refused(w, r, orig, err)
}

// appFailed answers for an app that did not.
func (s *Server) appFailed(w http.ResponseWriter, r *http.Request, err error) {
	orig, _ := s.originalHere(r) // which was admitted
	switch {
	case errors.Is(err, front.ErrMethod):
		w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
		s.refuseApp(w, r, orig, errMethod)
		return
	case errors.Is(err, front.ErrEnded):
		if _, err = s.admit(r, orig); err == nil {
			err = &app.Error{Reason: guard.UnknownSession} // it goes on under another handle
		}
	case errors.Is(err, front.ErrRequest):
		err = &app.Error{Reason: guard.MalformedRequest, Err: err}
	default:
		err = &app.Error{Reason: guard.AppUnreachable, Err: err}
	}
	no := s.refusalHere(w, r, orig, err)
	no.method = "" // nobody knows how far it got: it must not be said that nothing was done
	full{s}.refuse(w, no)
}

// trustedEmail is empty unless the address was verified or set by an administrator.
func trustedEmail(p *guard.Principal) string {
	if !p.EmailVerified {
		return ""
	}
	return p.Email
}
