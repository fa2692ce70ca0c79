package app

import (
	"context"
	"errors"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/session"
)

// now is the time as it is stored.
func now() time.Time { return time.Now().UTC() }

// SessionsOf lists the live sessions of an account, oldest first.
func (a *App) SessionsOf(ctx context.Context, subject string) ([]session.Record, error) {
	return a.sessions.List(ctx, subject)
}

// SessionByHandle finds one session: live, or how it ended.
func (a *App) SessionByHandle(ctx context.Context, handle string) (session.Record, *session.Ending, error) {
	rec, ending, err := a.store.Find(ctx, handle)
	if errors.Is(err, session.ErrNotFound) {
		return rec, nil, &Error{Reason: guard.NotFound, Detail: "There is no such session, and none of that name ended in the last 30 days."}
	}
	if err != nil || ending != nil {
		return rec, ending, err
	}
	rec = a.sessions.Latest(rec)
	if why, over := rec.ExpiredAt(now()); over {
		e := rec.Ending(why, now())
		return session.Record{}, &e, nil
	}
	return rec, nil, nil
}
