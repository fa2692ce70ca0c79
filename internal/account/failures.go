package account

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
)

const (
	keepFailures = 30 * 24 * time.Hour // without another one; a locked account stays locked
	maxFailures  = 1_000_000           // rows; about 100 bytes each
)

// bucketOf names what failures are counted against: an address that somebody typed, or the browsers that know an account. It is a hash because people
// type passwords into the address field.
func bucketOf(kind, name string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + name))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// addressBucket is the same for all spellings of an address, with and without an account (AU-11).
func addressBucket(typed string) string {
	if canonical, err := CanonicalEmail(typed); err == nil {
		return bucketOf("address", canonical)
	}
	// No account can have it, so it need not be told from others, and it may be a password: one octet of its hash is kept.
	sum := sha256.Sum256([]byte(typed))
	return bucketOf("no address", string(sum[:1]))
}

func deviceBucket(id string) string { return bucketOf("device", id) }

// tallies reads two buckets in one query.
func tallies(ctx context.Context, q *db.Conn, first, second string) (found [2]tally, err error) {
	rows, err := q.Query(ctx, `SELECT bucket, failures, last_at FROM account_failures WHERE bucket IN ($1, $2)`, first, second)
	if err != nil {
		return found, err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			bucket string
			n      tally
			last   int64
		)
		if err := rows.Scan(&bucket, &n.failures, &last); err != nil {
			return found, err
		}
		n.last = fromNanos(last)
		if bucket == first {
			found[0] = n
		}
		if bucket == second {
			found[1] = n
		}
	}
	return found, rows.Err()
}

// countFailure is on the disk when it returns: a restart forgets nothing.
func countFailure(ctx context.Context, d *db.DB, bucket string, now time.Time) error {
	return d.Update(ctx, func(tx *db.Conn) error {
		_, err := tx.Exec(ctx, `INSERT INTO account_failures (bucket, failures, last_at) VALUES ($1, 1, $2)
			ON CONFLICT (bucket) DO UPDATE SET failures = account_failures.failures + 1, last_at = excluded.last_at`, bucket, now.UnixNano())
		return err
	})
}

func forgetFailures(ctx context.Context, tx *db.Conn, buckets ...string) error {
	for _, b := range buckets {
		if _, err := tx.Exec(ctx, `DELETE FROM account_failures WHERE bucket = $1`, b); err != nil {
			return err
		}
	}
	return nil
}

// ResetFailures forgets the failed sign-ins that are counted against an account, and so opens a locked one.
func (a *Accounts) ResetFailures(ctx context.Context, tx *db.Conn, id string) error {
	acct, err := a.ByID(ctx, tx, id)
	if err != nil {
		return err
	}
	return forgetFailures(ctx, tx, addressBucket(acct.Email), deviceBucket(id))
}

// sweepFailures deletes old rows by one rule for all of them, so that what is left does not tell which addresses have accounts.
func sweepFailures(ctx context.Context, tx *db.Conn, now time.Time, locked, batch, most int) (int, error) {
	var rows int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM account_failures`).Scan(&rows); err != nil {
		return 0, err
	}
	done, err := tx.Exec(ctx, `DELETE FROM account_failures WHERE bucket IN
		(SELECT bucket FROM account_failures WHERE failures < $1 AND (last_at < $2 OR $3 > 0) ORDER BY last_at LIMIT $4)`,
		locked, now.Add(-keepFailures).UnixNano(), max(0, rows-most), batch)
	if err != nil {
		return 0, err
	}
	n, err := done.RowsAffected()
	return int(n), err
}
