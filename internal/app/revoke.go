package app

import (
	"context"
	"errors"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

// Revoke ends the session of a refresh or access token (RFC 7009). A token that is not ours, or not good any more, is no error; one of another client
// is (section 2.1), and so is a store that does not answer: a revocation that was not stored is never reported as done. clientID is as for
// [App.Refresh].
func (a *App) Revoke(ctx context.Context, token, clientID string, from Client) error {
	handle, err := a.sessionOfToken(ctx, token, clientID)
	if err != nil || handle == "" {
		return err
	}
	err = a.EndSession(ctx, "", handle, session.SignedOut, "token", from)
	var gone *Error
	if errors.As(err, &gone) && gone.Reason == guard.NotFound {
		return nil
	}
	return err
}

func (a *App) sessionOfToken(ctx context.Context, token, clientID string) (string, error) {
	var unknown *grant.RefreshError
	f, err := a.families.Find(ctx, a.db.View(), token)
	switch {
	case err == nil:
		return ownSession(f.SessionHandle, f.ClientID, clientID)
	case !errors.As(err, &unknown):
		return "", err
	}
	t, err := a.verifier.Verify(token)
	if err != nil {
		return "", nil
	}
	var c accessClaims
	if err := t.Decode(&c); err != nil {
		return "", nil
	}
	return ownSession(c.Session, c.ClientID, clientID)
}

func ownSession(handle, owner, clientID string) (string, error) {
	if !grant.ClientMatches(owner, clientID) {
		return "", &Error{Reason: guard.ClientMismatch}
	}
	return handle, nil
}
