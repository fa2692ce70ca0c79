package app

import (
	"context"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

// OnEnding has a function called with sessions that ended, here or in another process on the same database: after the commit, and here before it is
// answered; one may be told twice. It must not wait. Call OnEnding before Run. Sessions that pass a limit are not told: see [App.SessionLimit].
func (a *App) OnEnding(f func([]session.Ending)) { a.ending = append(a.ending, f) }

func (a *App) tellEnding(es []session.Ending) {
	if len(es) == 0 {
		return
	}
	for _, f := range a.ending {
		f(es)
	}
}

// AccountsVersion is another number after any account may have changed, here or in another process.
func (a *App) AccountsVersion() uint64 { return a.accounts.Version() }

// SessionLimit is the last instant at which a session is valid if nobody uses it from now on. To ask is no use of it. The error of one that
// ended, or is not known, is a [*session.EndedError] or session.ErrNotFound.
func (a *App) SessionLimit(ctx context.Context, handle string) (time.Time, error) {
	s, err := a.sessions.LoadHandle(session.Unattended(ctx), handle)
	if err != nil {
		return time.Time{}, err
	}
	if s.New() {
		if _, ending := s.WhyNew(); ending != nil {
			return time.Time{}, &session.EndedError{Ending: *ending}
		}
		return time.Time{}, session.ErrNotFound
	}
	rec := s.Record()
	limit, _ := rec.Limit()
	return limit, nil
}
