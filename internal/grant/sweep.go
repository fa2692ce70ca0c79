package grant

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
)

const (
	// rememberExpired is how long the last tokens of an expired family are answered as expired instead of as unknown: as long as
	// the record of an ended session is kept.
	rememberExpired = 30 * 24 * time.Hour
	// sweepBatch bounds the rows that one Sweep changes, so that nobody waits long for the one writer.
	sweepBatch = 2000
)

// Sweep deletes what is of no use any more: of families past their expiry the old hashes at once, the rest after 30 days.
// It returns how many rows it changed; while that is not 0 there may be more: call it again, in a new transaction. Nothing depends
// on it: an expired family is refused whether it was swept or not (SE-22).
func (g *Families) Sweep(ctx context.Context, tx *db.Conn, now time.Time) (int, error) {
	if tx.SQLTx() == nil {
		return 0, ErrNoTransaction
	}
	changed := 0
	for changed < sweepBatch {
		n, err := g.forgetOne(ctx, tx, now, sweepBatch-changed)
		if err != nil {
			return changed, err
		}
		if n == 0 {
			break
		}
		changed += n
	}
	if changed >= sweepBatch {
		return changed, nil
	}
	// At most three tokens are left of each; they go with it.
	r, err := tx.Exec(ctx, `
		DELETE FROM refresh_families WHERE id IN (
			SELECT id FROM refresh_families WHERE forgotten = 1 AND expires < $1 ORDER BY expires LIMIT $2)`,
		now.Add(-rememberExpired).UnixNano(), (sweepBatch-changed+3)/4)
	if err != nil {
		return changed, storeError("delete expired refresh families", err)
	}
	n, err := r.RowsAffected()
	return changed + int(n), storeError("delete expired refresh families", err)
}

// forgetOne deletes up to limit old hashes of one expired family, and marks the family when they are all gone. Those of its
// last three tokens stay for the answer "expired". It returns the number of changed rows: 0 if there is no such family.
func (g *Families) forgetOne(ctx context.Context, tx *db.Conn, now time.Time, limit int) (int, error) {
	const what = "sweep refresh families"
	var id string
	var newest int64
	err := tx.QueryRow(ctx, "SELECT id, newest FROM refresh_families WHERE forgotten = 0 AND expires < $1 ORDER BY expires LIMIT 1", now.UnixNano()).
		Scan(&id, &newest)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, storeError(what, err)
	}
	r, err := tx.Exec(ctx, `
		DELETE FROM refresh_tokens WHERE hash IN (
			SELECT hash FROM refresh_tokens WHERE family = $1 AND generation < $2 ORDER BY generation LIMIT $3)`, id, newest-2, limit)
	if err != nil {
		return 0, storeError(what, err)
	}
	n, err := r.RowsAffected()
	if err != nil || int(n) == limit { // maybe not all of them yet
		return int(n), storeError(what, err)
	}
	_, err = tx.Exec(ctx, "UPDATE refresh_families SET forgotten = 1, version = version + 1 WHERE id = $1", id)
	return int(n) + 1, storeError(what, err)
}
