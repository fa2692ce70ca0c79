package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"net/http"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

// SessionCookie is the name of the session cookie, at every host.
const SessionCookie = "__Host-session" // the session manager's default

// HandOver issues a code by which the browser of a person who is signed in takes that to an app's host. visit is the hash of the id in its visit
// cookie there: only that browser can use the code, once, within a minute (T8).
func (a *App) HandOver(ctx context.Context, s *session.Session, host, path string, visit [sha256.Size]byte) (code string, err error) {
	rec := s.Record()
	err = a.update(ctx, func(tx *db.Conn) (_ []session.Ending, err error) {
		code, err = a.apps.Issue(ctx, tx, grant.AppSession{Parent: rec.Handle, Subject: rec.Subject, Host: host}, path, visit, now())
		return nil, err
	})
	return code, err
}

// Entered is a browser that has arrived at an app's host.
type Entered struct {
	ID      string         // of its session there, for the cookie
	Session session.Record // the person's
	Path    string         // where they wanted to go
}

// EnterApp takes the code that [App.HandOver] issued and opens a session at the app's host. A code is used up also by a browser that may not use it;
// if it is late, or the person's session ended meanwhile, the Path is returned with the error.
func (a *App) EnterApp(ctx context.Context, code, host, visit string, from Client) (Entered, error) {
	var (
		in      Entered
		refused error
	)
	if known, err := a.apps.Issued(ctx, a.db.View(), code); err != nil || !known {
		return in, translate(cmp.Or(err, grant.ErrCodeUnknown))
	}
	err := a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		var h grant.Handover
		h, refused = a.apps.Redeem(ctx, tx, code, host, visit, now())
		in.Path = h.Path
		switch {
		case refused == nil:
		case isCodeError(refused):
			return nil, nil // the code must be gone
		default:
			return nil, refused
		}
		rec, ending, err := a.store.In(tx.SQLTx()).Find(ctx, h.Parent)
		if err != nil {
			return nil, err
		}
		if ending == nil {
			rec = a.sessions.Latest(rec)
			if why, over := rec.ExpiredAt(now()); over {
				e := rec.Ending(why, now())
				ending = &e
			}
		}
		if ending != nil {
			refused = &session.EndedError{Ending: *ending}
			return nil, nil
		}
		in.Session = rec
		if in.ID, err = a.apps.Open(ctx, tx, h.AppSession, rec.Expires, now()); err != nil {
			return nil, err
		}
		return nil, a.record(ctx, tx, rec.Subject, "app.entered", rec.Subject, from, detail{"session": rec.Handle, "host": host})
	})
	if err == nil {
		err = translate(refused)
	}
	return in, err
}

func isCodeError(err error) bool {
	for _, known := range []error{grant.ErrCodeUnknown, grant.ErrCodeExpired, grant.ErrCodeEarly, grant.ErrCodeForeign} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// appsFollow keeps people signed in at apps when their session was renewed: by a plan that was committed in tx.
func (a *App) appsFollow(ctx context.Context, tx *db.Conn, plan *session.Plan) error {
	for _, e := range plan.Change.End {
		if e.Reason == session.Renewed && e.Subject == plan.Record.Subject && e.Subject != "" {
			if err := a.apps.Follow(ctx, tx, e.Handle, plan.Record.Handle, plan.Record.Expires); err != nil {
				return err
			}
		}
	}
	return nil
}

// AppsOf lists the hosts at which the sessions of an account have cookies.
func (a *App) AppsOf(ctx context.Context, subject string) ([]grant.AppSession, error) {
	return a.apps.List(ctx, a.db.View(), subject)
}

// AppGuard is [App.Guard] at the host of an app: its session cookie stands for the person's session, and holds there alone. The person's own
// cookie is none there.
func (a *App) AppGuard(host string) (*guard.Guard, error) {
	load := func(r *http.Request) (*session.Session, error) { return a.appSession(r, host) }
	return guard.New([]guard.Scheme{guard.SessionBy(load, a.bySubject), a.bearer})
}

func (a *App) appSession(r *http.Request, host string) (*session.Session, error) {
	if len(r.Header["Cookie"]) == 0 {
		return nil, guard.ErrNoCredentials
	}
	id, err := cookie.Get(r.Header, SessionCookie)
	if errors.Is(err, http.ErrNoCookie) {
		return nil, guard.ErrNoCredentials
	}
	if err != nil {
		return nil, err
	}
	key, ok := session.KeyOf(id)
	if !ok {
		return nil, &guard.Error{Reason: guard.UnknownSession, Detail: "no id of a session"}
	}
	s, err := a.parentOf(r.Context(), key, host)
	if err != nil {
		return nil, err
	}
	if why, _ := s.WhyNew(); s.New() && why == session.Renewed {
		a.apps.Forget(key) // maybe it goes on under another handle
		return a.parentOf(r.Context(), key, host)
	}
	return s, nil
}

// parentOf finds the person's session behind the key of a cookie at a host.
func (a *App) parentOf(ctx context.Context, key session.Key, host string) (*session.Session, error) {
	child, err := a.apps.Find(ctx, a.db.View(), key)
	switch {
	case errors.Is(err, grant.ErrNoAppSession):
		return nil, &guard.Error{Reason: guard.UnknownSession}
	case err != nil:
		return nil, err
	case child.Host != host:
		return nil, &guard.Error{Reason: guard.UnknownSession, Detail: "a cookie of another host"}
	}
	return a.sessions.LoadHandle(ctx, child.Parent)
}
