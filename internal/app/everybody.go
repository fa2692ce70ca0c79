package app

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

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
	stored, err := a.everybody(ctx, a.store)
	return slices.DeleteFunc(stored, func(rec session.Record) bool { _, over := rec.ExpiredAt(now()); return over }), err
}

// everybody lists the sessions that a store has not heard the end of, with what is known here of their last use.
func (a *App) everybody(ctx context.Context, store *sqlstore.Store) ([]session.Record, error) {
	const page = 500
	var out []session.Record
	for after := ""; ; {
		some, err := store.All(ctx, after, page)
		if err != nil {
			return nil, err
		}
		for _, rec := range some {
			out = append(out, a.sessions.Latest(rec))
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

// EndEverybody ends all sessions of all accounts, and says how many there were. Those that are past their limits are ended too, for that reason: another
// process may know that one was used.
func (a *App) EndEverybody(ctx context.Context, actor string) (int, error) {
	var n int
	err := a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		store := a.store.In(tx.SQLTx())
		all, err := a.everybody(ctx, store)
		if err != nil {
			return nil, err
		}
		n = 0
		es := make([]session.Ending, 0, len(all))
		told := map[string]bool{}
		for _, rec := range all {
			e := a.endByAdmin(rec, now())
			es = append(es, e)
			if e.Reason != session.EndedByAdmin {
				continue
			}
			n++
			if told[e.Subject] {
				continue
			}
			told[e.Subject] = true
			if err := a.feed.AccountEnded(ctx, tx, e.Subject, "", e.Reason); err != nil {
				return nil, err
			}
		}
		if err := store.Commit(ctx, session.Change{End: es}); err != nil {
			return nil, err
		}
		return es, a.record(ctx, tx, actor, "session.end-everybody", "", Client{}, detail{"ended": n})
	})
	return n, err
}

// endByAdmin is how a session ends: by the administrator, unless it is past a limit for certain.
func (a *App) endByAdmin(rec session.Record, now time.Time) session.Ending {
	why, over := rec.ExpiredAt(now)
	if over && why == session.Idle {
		_, over = rec.ExpiredAt(now.Add(-a.Config.Idle / 10)) // which is how long a process may keep a use to itself
	}
	if !over {
		return rec.Ending(session.EndedByAdmin, now)
	}
	limit, why := rec.Limit()
	return rec.Ending(why, limit)
}
