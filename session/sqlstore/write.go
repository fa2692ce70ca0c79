package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

var (
	// "or ignore" gives no row where a key or handle is taken; why is asked afterwards.
	insertRecord = query("insert or ignore into sessions (" + recordColumns + ") " +
		"select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 where not exists (select 1 from endings where key = $1)")
	updateRecord = query("update or ignore sessions set handle = $2, subject = $3, version = $4, created = $5, auth_time = $6, " +
		"seen = case when seen > $7 then seen else $7 end, idle = $8, expires = $9, remember = $10, kind = $11, amr = $12, device = $13, data = $14 " +
		"where key = $1 and version = $4 - 1")
	deleteRecord   = query("delete from sessions where key = $1")
	insertEnding   = query("insert into endings (key, handle, subject, created, seen, at, reason) values ($1, $2, $3, $4, $5, $6, $7) on conflict (key) do nothing")
	touchRecord    = query("update sessions set seen = $2 where key = $1 and (seen < $2 or seen is null)")
	deleteExpired  = query("delete from sessions where id in (select id from sessions where ends < $1 order by ends limit $2) returning " + recordColumns)
	deleteOld      = query("delete from endings where seq in (select seq from endings where at < $1 order by at limit $2)")
	endingReturned = query("insert into endings (key, handle, subject, created, seen, at, reason) values ($1, $2, $3, $4, $5, $6, $7) on conflict (key) do nothing returning seq")
)

// One Sweep ends at most sweepLimit sessions and forgets at most forgetLimit endings, some 20 ms of work, so that it keeps no sign-in waiting.
const (
	sweepLimit  = 500
	forgetLimit = 2000
)

// Commit implements [session.Store]. Each change waits for the disk, 0.2 ms or so; one that ends many sessions waits once.
func (s *Store) Commit(ctx context.Context, c session.Change) error {
	if len(c.Put)+len(c.End) == 0 {
		return nil
	}
	err := s.atomically(ctx, func(tx *sql.Tx) error {
		for i := range c.Put {
			if err := s.put(ctx, tx, &c.Put[i]); err != nil {
				return err
			}
		}
		for i := range c.End {
			if err := end(ctx, tx, &c.End[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap(ctx, "commit", err)
}

func (s *Store) put(ctx context.Context, tx *sql.Tx, r *session.Record) error {
	old, err := version(r.Version)
	if err != nil {
		return err
	}
	statement := updateRecord
	if old == 0 {
		statement = insertRecord
	}
	result, err := tx.ExecContext(ctx, statement, recordArgs(r, old+1)...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return err
	}
	if err := s.whyAbsent(ctx, tx, r.Key); !errors.Is(err, session.ErrNotFound) {
		return err // it ended
	}
	return session.ErrConflict
}

func end(ctx context.Context, tx *sql.Tx, e *session.Ending) error {
	if _, err := tx.ExecContext(ctx, insertEnding, endingArgs(e)...); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, deleteRecord, e.Key[:])
	return err
}

func endingArgs(e *session.Ending) []any {
	return []any{e.Key[:], e.Handle, e.Subject, instant(e.Created), instant(e.Seen), instant(e.At), string(e.Reason)}
}

// Touch implements [session.Store]: one transaction for all of them.
func (s *Store) Touch(ctx context.Context, ts []session.Touch) error {
	if len(ts) == 0 {
		return nil
	}
	err := s.atomically(ctx, func(tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, touchRecord)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, t := range ts {
			if _, err := stmt.ExecContext(ctx, t.Key[:], instant(t.Seen)); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap(ctx, "touch", err)
}

// Sweep implements [session.Store].
func (s *Store) Sweep(ctx context.Context, now time.Time) ([]session.Ending, error) {
	var endings []session.Ending
	err := s.atomically(ctx, func(tx *sql.Tx) error {
		over, err := all(ctx, tx, scanRecord, deleteExpired, instant(now), sweepLimit)
		if err != nil {
			return err
		}
		for _, r := range over {
			limit, reason := r.Limit()
			e := r.Ending(reason, limit)
			err := tx.QueryRowContext(ctx, endingReturned, endingArgs(&e)...).Scan(&e.Seq)
			if err != nil {
				return err
			}
			endings = append(endings, e)
		}
		_, err = tx.ExecContext(ctx, deleteOld, instant(now.Add(-session.KeepEndings)), forgetLimit)
		return err
	})
	if err != nil {
		return nil, wrap(ctx, "sweep", err)
	}
	return endings, nil
}
