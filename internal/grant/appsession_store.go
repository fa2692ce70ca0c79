package grant

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
)

func hasCode(ctx context.Context, q *db.Conn, hash []byte) (bool, error) {
	var n int
	err := q.QueryRow(ctx, "SELECT count(*) FROM app_codes WHERE hash = $1", hash).Scan(&n)
	return n > 0, storeError("look for a code", err)
}

// takeCode reads and deletes a code in one statement, so that of two that come with it one gets nothing.
func takeCode(ctx context.Context, tx *db.Conn, hash []byte) (h Handover, visit [sha256.Size]byte, err error) {
	var created int64
	var bound []byte
	err = tx.QueryRow(ctx, "DELETE FROM app_codes WHERE hash = $1 RETURNING parent, subject, host, path, visit, created", hash).
		Scan(&h.Parent, &h.Subject, &h.Host, &h.Path, &bound, &created)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return h, visit, ErrCodeUnknown
	case err != nil:
		return h, visit, storeError("redeem a code", err)
	case len(bound) != len(visit):
		return h, visit, ErrFormat
	}
	h.Created = stamp(created)
	return h, [sha256.Size]byte(bound), nil
}

func insertAppSession(ctx context.Context, tx *db.Conn, key []byte, a AppSession, until time.Time) error {
	_, err := tx.Exec(ctx, "INSERT INTO app_sessions (key, parent, subject, host, created, until) VALUES ($1, $2, $3, $4, $5, $6)",
		key, a.Parent, a.Subject, a.Host, nanos(a.Created), nanos(until))
	if err == nil {
		_, err = tx.Exec(ctx, `
			DELETE FROM app_sessions WHERE parent = $1 AND host = $2 AND key NOT IN (
				SELECT key FROM app_sessions WHERE parent = $1 AND host = $2 ORDER BY created DESC, key LIMIT $3)`, a.Parent, a.Host, maxAppSessions)
	}
	return storeError("open a session at an app", err)
}

func findAppSession(ctx context.Context, q *db.Conn, key session.Key) (a AppSession, err error) {
	var created int64
	err = q.QueryRow(ctx, "SELECT parent, subject, host, created FROM app_sessions WHERE key = $1", key[:]).Scan(&a.Parent, &a.Subject, &a.Host, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return a, ErrNoAppSession
	}
	a.Created = stamp(created)
	return a, storeError("find a session at an app", err)
}

func listAppSessions(ctx context.Context, q *db.Conn, subject string) ([]AppSession, error) {
	const what = "list the sessions at apps"
	rows, err := q.Query(ctx, "SELECT parent, host, min(created) AS first FROM app_sessions WHERE subject = $1 GROUP BY parent, host ORDER BY first, host", subject)
	if err != nil {
		return nil, storeError(what, err)
	}
	defer rows.Close()
	var all []AppSession
	for rows.Next() {
		a := AppSession{Subject: subject}
		var created int64
		if err := rows.Scan(&a.Parent, &a.Host, &created); err != nil {
			return nil, storeError(what, err)
		}
		a.Created = stamp(created)
		all = append(all, a)
	}
	return all, storeError(what, rows.Err())
}

func sweepApps(ctx context.Context, tx *db.Conn, now time.Time) (changed int, err error) {
	for _, sweep := range []struct {
		statement string
		before    time.Time
	}{
		{"DELETE FROM app_codes WHERE hash IN (SELECT hash FROM app_codes WHERE created < $1 ORDER BY created LIMIT $2)", now.Add(-10 * CodeLifetime)}, // until then it is "expired" and not "unknown"
		{"DELETE FROM app_sessions WHERE key IN (SELECT key FROM app_sessions WHERE until < $1 ORDER BY until LIMIT $2)", now},
	} {
		r, err := tx.Exec(ctx, sweep.statement, nanos(sweep.before), sweepBatch)
		if err != nil {
			return changed, storeError("sweep the sessions at apps", err)
		}
		n, err := r.RowsAffected()
		if err != nil {
			return changed, storeError("sweep the sessions at apps", err)
		}
		changed += int(n)
	}
	return changed, nil
}
