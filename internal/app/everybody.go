package app

import (
	"context"
	"fmt"
	"os"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/sqlstore"
)

// Exists reports an error unless the house of a configuration was built before: a command that looks at accounts must
// not make an empty database where somebody mistyped a directory.
func Exists(cfg Config) error {
	cfg.fillDefaults()
	if _, err := os.Stat(cfg.Database); err != nil {
		return fmt.Errorf("there is no database %s", cfg.Database)
	}
	return nil
}

// SchemaVersion is the version of the database that this program reads and writes.
func SchemaVersion() (int64, error) { return db.Target(migrations...) }

// AllSessions lists the live sessions of everybody, or of the account with an address.
func (a *App) AllSessions(ctx context.Context, email string) ([]session.Record, error) {
	if email != "" {
		u, err := a.User(ctx, email)
		if err != nil {
			return nil, err
		}
		return a.SessionsOf(ctx, u.ID)
	}
	return everybody(ctx, a.store)
}

// everybody lists the live sessions of a store.
func everybody(ctx context.Context, store *sqlstore.Store) ([]session.Record, error) {
	const page = 500
	var out []session.Record
	for after := ""; ; {
		some, err := store.All(ctx, after, page)
		if err != nil {
			return nil, err
		}
		for _, rec := range some {
			if _, over := rec.ExpiredAt(now()); !over {
				out = append(out, rec)
			}
		}
		if len(some) < page {
			return out, nil
		}
		after = some[len(some)-1].Handle
	}
}

// EmailsByID names the accounts of a list.
func (a *App) EmailsByID(ctx context.Context) (map[string]string, error) {
	all, err := a.Users(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(all))
	for _, u := range all {
		names[u.ID] = u.Email
	}
	return names, nil
}

// EndEverybody ends all sessions of all accounts, and says how many there were.
func (a *App) EndEverybody(ctx context.Context, actor string) (int, error) {
	var n int
	err := a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		store := a.store.In(tx.SQLTx())
		all, err := everybody(ctx, store)
		if err != nil {
			return nil, err
		}
		n = len(all)
		es := make([]session.Ending, 0, n)
		for _, rec := range all {
			es = append(es, rec.Ending(session.EndedByAdmin, now()))
		}
		if err := store.Commit(ctx, session.Change{End: es}); err != nil {
			return nil, err
		}
		if err := a.endFamilies(ctx, tx, es); err != nil {
			return nil, err
		}
		return es, a.record(ctx, tx, actor, "session.end-everybody", "", Client{}, detail{"ended": len(es)})
	})
	return n, err
}
