package app

import (
	"context"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/session"
)

// NewKey makes a signing key that takes the place of the active one. Running servers sign with it within
// a second; what the old key signed stays good until it expires.
func (a *App) NewKey(ctx context.Context, alg jwt.Algorithm, actor string) (grant.KeyInfo, error) {
	var key grant.KeyInfo
	err := a.update(ctx, func(tx *db.Conn) (_ []session.Ending, err error) {
		if key, err = a.keys.New(ctx, tx, alg); err != nil {
			return nil, err
		}
		return nil, a.record(ctx, tx, actor, "key.new", "", Client{}, detail{"key": key.ID, "alg": key.Algorithm})
	})
	if err != nil {
		return key, err
	}
	return key, a.keys.Reload(ctx, a.db.View())
}

// KeyList describes the signing keys, oldest first, without anything secret.
func (a *App) KeyList() []grant.KeyInfo { return a.keys.List() }
