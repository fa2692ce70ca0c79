package app

import (
	"context"
	"errors"

	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/session"
)

// Introspection is what is said of a good access token.
type Introspection struct {
	jwt.Claims
	Email, ClientID, Session, Scope string
	AuthTime                        int64 // unix seconds
	AMR                             []string
}

// Introspect says what an access token says, if it is good at this moment: signed by a key of this house that is not retired, not expired, and
// session and account live, of which the database is asked each time. For every other string it returns nil without an error. An error means that it
// could not be found out.
func (a *App) Introspect(ctx context.Context, token string) (*Introspection, error) {
	if a.follower.lost.Load() { // another process may have retired a key
		if _, err := a.reloadKeys(ctx); err != nil {
			return nil, err
		}
	}
	t, err := a.verifier.Verify(token)
	if err != nil {
		return nil, nil
	}
	var c accessClaims
	if err := t.Decode(&c); err != nil {
		return nil, nil
	}
	rec, ending, err := a.store.Find(ctx, c.Session)
	if errors.Is(err, session.ErrNotFound) || err == nil && ending != nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, over := rec.ExpiredAt(now()); over || rec.Subject != c.Subject {
		return nil, nil
	}
	acct, err := a.accounts.ByID(ctx, a.db.View(), c.Subject)
	if errors.Is(err, account.ErrNotFound) || err == nil && acct.Disabled {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Introspection{
		Claims: c.Claims, Email: acct.Email, ClientID: c.ClientID, Session: c.Session, Scope: c.Scope, AuthTime: c.AuthTime, AMR: c.AMR,
	}, nil
}
