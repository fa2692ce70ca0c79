package app

import (
	"context"
	"slices"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/session"
)

// actorSystem is the actor of what the house does by itself.
const actorSystem = "system"

// KeyPlan describes the signing keys without anything secret, and what will happen with them, the soonest first.
func (a *App) KeyPlan() ([]grant.KeyInfo, []grant.Step) {
	keys := a.keys.List()
	return keys, a.Config.KeySchedule.Ahead(keys, now())
}

// PublishKey makes the next signing key, which signs after the schedule's ManualLead: verifiers everywhere know it by then. With
// an empty alg it is of the algorithm that signs now.
func (a *App) PublishKey(ctx context.Context, p grant.Purpose, alg jwt.Algorithm, actor string) ([]grant.Step, error) {
	return a.changeKeys(ctx, actor, a.Config.KeySchedule.Publish(p, alg))
}

// RotateKey has the next key sign from now on if it was published for long enough, or early. If there is none, it publishes one.
// Running servers follow within a second; what the old key signed stays good until it expires.
func (a *App) RotateKey(ctx context.Context, p grant.Purpose, early bool, actor string) ([]grant.Step, error) {
	return a.changeKeys(ctx, actor, a.Config.KeySchedule.Rotate(p, early))
}

// RetireKey ends a key at once. What it signed is refused here from now on, by other processes on the same database within a
// second, and by whoever follows the feed as soon as it is told.
func (a *App) RetireKey(ctx context.Context, kid, actor string) ([]grant.Step, error) {
	return a.changeKeys(ctx, actor, a.Config.KeySchedule.Retire(kid))
}

// ExportKeys returns the secrets that verify tokens of HS256 as a JWK set, for a service that is to verify them too; nil if no key is
// a shared secret. Who reads what it returns can sign tokens.
func (a *App) ExportKeys(ctx context.Context, actor string) ([]byte, error) {
	kids, set, err := a.keys.Secrets()
	if err != nil || len(kids) == 0 {
		return nil, err
	}
	err = a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		for _, kid := range kids {
			if err := a.record(ctx, tx, actor, "key.exported", kid, Client{}, nil); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return set, nil
}

// turnKeys does what is due by itself. A database that cannot be read or written leaves the keys as they are: they sign and
// verify on, and the next minute tries again.
func (a *App) turnKeys(ctx context.Context) {
	_, err := a.reloadKeys(ctx)
	if err == nil {
		_, err = a.changeKeys(ctx, actorSystem, a.keySchedule.Due)
	}
	if err != nil && ctx.Err() == nil {
		a.log.Error("key.schedule", "error", err)
	}
}

// changeKeys carries out a plan in one transaction, with its journal and what the feed must tell.
func (a *App) changeKeys(ctx context.Context, actor string, plan grant.Plan) ([]grant.Step, error) {
	made, steps, err := a.keys.Make(plan, now())
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	err = a.update(ctx, func(tx *db.Conn) (_ []session.Ending, err error) {
		at := now()
		if steps, err = a.keys.Carry(ctx, tx, plan, at, made...); err != nil {
			return nil, err
		}
		for _, s := range steps {
			if s.Leaked {
				if err := a.feed.KeyRetired(ctx, tx, s.Key, at); err != nil {
					return nil, err
				}
			}
			if err := a.recordKey(ctx, tx, actor, s); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	_, err = a.reloadKeys(ctx)
	return steps, err
}

// recordKey keeps the public half of a new key, so that a logged head of the journal can still be checked when the key is forgotten.
func (a *App) recordKey(ctx context.Context, tx *db.Conn, actor string, s grant.Step) error {
	action := "key." + string(s.Act)
	if s.Leaked {
		action = "key.retired"
	}
	d := detail{"for": s.Purpose, "alg": s.Algorithm}
	if !s.Signs.IsZero() {
		d["signs"] = s.Signs.UTC()
	}
	if s.Public != nil {
		d["jwk"] = s.Public
	}
	return a.record(ctx, tx, actor, action, s.Key, Client{}, d)
}

// reloadKeys reads the keys anew. If one is gone that was good before, tokens that were verified are forgotten with it.
func (a *App) reloadKeys(ctx context.Context) (gone bool, err error) {
	before := a.keys.List()
	if err := a.keys.Reload(ctx, a.db.View()); err != nil {
		return false, err
	}
	after := a.keys.List()
	gone = slices.ContainsFunc(before, func(b grant.KeyInfo) bool {
		return b.State != grant.KeyDropped && !slices.ContainsFunc(after, func(k grant.KeyInfo) bool { return k.ID == b.ID && k.State != grant.KeyDropped })
	})
	if gone {
		a.bearer.Flush()
	}
	return gone, nil
}

// keysLive is asked for each token while other processes cannot be followed: whether a key was retired is then read from the database.
// A token that was found good while that came out is not known to be.
func (a *App) keysLive(ctx context.Context) error {
	gone, err := a.reloadKeys(ctx)
	if err == nil && gone {
		err = &Error{Reason: guard.StoreUnavailable, Detail: "The signing keys have just changed."}
	}
	return err
}
