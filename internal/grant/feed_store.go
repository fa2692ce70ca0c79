package grant

import (
	"context"
	"database/sql"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
)

// Head returns the number of what happened last, 0 if nothing ever did.
func (f *Feed) Head(ctx context.Context, q *db.Conn) (seq int64, err error) {
	err = q.QueryRow(ctx, "SELECT seq FROM feed_head").Scan(&seq)
	return seq, storeError("read the head of the feed", err)
}

// Entries returns at most limit entries with numbers above after and up to last, by number, those among them that are past their Until and not swept
// yet. Where a number is missing, its entry was swept.
func (f *Feed) Entries(ctx context.Context, q *db.Conn, after, last int64, limit int) ([]Entry, error) {
	return entries(ctx, q, "seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3", after, last, limit)
}

// Living is Entries without those that no living token concerns any more at now.
func (f *Feed) Living(ctx context.Context, q *db.Conn, after, last int64, limit int, now time.Time) ([]Entry, error) {
	// The unary plus keeps SQLite to the order of numbers: by the index on until it would sort all of them for each page.
	return entries(ctx, q, "seq > $1 AND seq <= $2 AND +until > $4 ORDER BY seq LIMIT $3", after, last, limit, now.UnixNano())
}

// Count returns how many entries are stored.
func (f *Feed) Count(ctx context.Context, q *db.Conn) (n int, err error) {
	err = q.QueryRow(ctx, "SELECT count(*) FROM feed_entries").Scan(&n)
	return n, storeError("count the feed", err)
}

// Sweep deletes entries that no living token concerns any more, a bounded number of them: call it again while it returns more than 0.
func (f *Feed) Sweep(ctx context.Context, tx *db.Conn, now time.Time) (int, error) {
	if tx.SQLTx() == nil {
		return 0, ErrNoTransaction
	}
	r, err := tx.Exec(ctx, "DELETE FROM feed_entries WHERE seq IN (SELECT seq FROM feed_entries WHERE until <= $1 ORDER BY until LIMIT $2)",
		now.UnixNano(), feedBatch)
	if err != nil {
		return 0, storeError("sweep the feed", err)
	}
	n, err := r.RowsAffected()
	return int(n), storeError("sweep the feed", err)
}

func entries(ctx context.Context, q *db.Conn, where string, args ...any) ([]Entry, error) {
	const what = "read the feed"
	rows, err := q.Query(ctx, "SELECT seq, kind, sid, sub, kid, at, not_before, reason, until FROM feed_entries WHERE "+where, args...)
	if err != nil {
		return nil, storeError(what, err)
	}
	defer rows.Close()
	var es []Entry
	for rows.Next() {
		var e Entry
		var at, notBefore, until int64
		if err := rows.Scan(&e.Seq, &e.Kind, &e.Session, &e.Subject, &e.Key, &at, &notBefore, &e.Reason, &until); err != nil {
			return nil, storeError(what, err)
		}
		e.At, e.NotBefore, e.Until = stamp(at), stamp(notBefore), stamp(until)
		es = append(es, e)
	}
	if err := rows.Err(); err != nil {
		return nil, storeError(what, err) // half of them would be taken for all
	}
	return es, nil
}

func insertEntry(ctx context.Context, tx *db.Conn, e *Entry) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO feed_entries (seq, kind, sid, sub, kid, at, not_before, reason, until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		e.Seq, string(e.Kind), e.Session, e.Subject, e.Key, nanos(e.At), nanos(e.NotBefore), string(e.Reason), nanos(e.Until))
	return storeError("append to the feed", err)
}

// accessUntil is when an entry about families may be forgotten: the newest access token of them all has expired. It is zero if they
// have none.
func accessUntil(ctx context.Context, q *db.Conn, where string, args ...any) (time.Time, error) {
	var ns sql.NullInt64
	err := q.QueryRow(ctx, "SELECT max(access_until) FROM refresh_families WHERE "+where, args...).Scan(&ns)
	if err != nil || ns.Int64 == 0 {
		return time.Time{}, storeError("find living tokens", err)
	}
	return stamp(ns.Int64).Add(feedMargin), nil
}
