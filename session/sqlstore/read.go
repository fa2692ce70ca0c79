package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

var (
	selectByKey     = query("select " + recordColumns + " from sessions where key = $1")
	selectByHandle  = query("select " + recordColumns + " from sessions where handle = $1")
	selectBySubject = query("select " + recordColumns + " from sessions where subject = $1 order by created, id")
	selectAll       = query("select " + recordColumns + " from sessions where handle > $1 order by handle limit $2")
	endingByKey     = query("select " + endingColumns + " from endings where key = $1")
	endingByHandle  = query("select " + endingColumns + " from endings where handle = $1 order by seq limit 1")
	endingsOf       = query("select " + endingColumns + " from endings where subject = $1 order by seq desc limit $2")
	endingsAfter    = query("select " + endingColumns + " from endings where seq > $1 order by seq limit $2")
	endingsSince    = query("select " + endingColumns + " from endings where at >= $1 order by at")
	countLive       = query("select count(*) from sessions")
)

// Load implements [session.Store]. A session moves from live to ended and never back, so looking in this order misses none.
func (s *Store) Load(ctx context.Context, key session.Key) (session.Record, error) {
	r, err := s.loadRecord(ctx, key)
	if errors.Is(err, sql.ErrNoRows) {
		err = s.whyAbsent(ctx, s.reading(), key)
	}
	return r, wrap(ctx, "load", err)
}

func (s *Store) loadRecord(ctx context.Context, key session.Key) (session.Record, error) {
	if s.tx != nil {
		return scanRecord(s.tx.QueryRowContext(ctx, selectByKey, key[:]))
	}
	stmt, err := s.prepared.load(ctx, s.reader)
	if err != nil {
		return session.Record{}, err
	}
	return scanRecord(stmt.QueryRowContext(ctx, key[:]))
}

// whyAbsent is an *EndedError or ErrNotFound.
func (s *Store) whyAbsent(ctx context.Context, q querier, key session.Key) error {
	e, err := scanEnding(q.QueryRowContext(ctx, endingByKey, key[:]))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return session.ErrNotFound
	case err != nil:
		return err
	}
	return &session.EndedError{Ending: e}
}

// Find implements [session.Store].
func (s *Store) Find(ctx context.Context, handle string) (session.Record, *session.Ending, error) {
	if handle == "" { // endings of which only the key was known have none
		return session.Record{}, nil, session.ErrNotFound
	}
	r, err := scanRecord(s.reading().QueryRowContext(ctx, selectByHandle, handle))
	if !errors.Is(err, sql.ErrNoRows) {
		return r, nil, wrap(ctx, "find", err)
	}
	e, err := scanEnding(s.reading().QueryRowContext(ctx, endingByHandle, handle))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return session.Record{}, nil, session.ErrNotFound
	case err != nil:
		return session.Record{}, nil, wrap(ctx, "find", err)
	}
	return session.Record{}, &e, nil
}

// List implements [session.Store].
func (s *Store) List(ctx context.Context, subject string) ([]session.Record, error) {
	if subject == "" {
		return nil, nil
	}
	rs, err := all(ctx, s.reading(), scanRecord, selectBySubject, subject)
	return rs, wrap(ctx, "list", err)
}

// All returns at most limit live sessions of all subjects, by handle, from behind the handle after ("" to begin with): for listing them.
func (s *Store) All(ctx context.Context, after string, limit int) ([]session.Record, error) {
	rs, err := all(ctx, s.reading(), scanRecord, selectAll, after, limit)
	return rs, wrap(ctx, "list all", err)
}

// Count returns how many live sessions are stored, those past their limits that no sweep has met among them.
func (s *Store) Count(ctx context.Context) (n int, err error) {
	err = s.reading().QueryRowContext(ctx, countLive).Scan(&n)
	return n, wrap(ctx, "count", err)
}

// Endings implements [session.Follower]. SQLite has one writer at a time, so numbers become visible in their order.
func (s *Store) Endings(ctx context.Context, after int64, limit int) ([]session.Ending, error) {
	es, err := all(ctx, s.reading(), scanEnding, endingsAfter, after, limit)
	return es, wrap(ctx, "endings", err)
}

// LastEnding returns the highest Seq, 0 if nothing ever ended: where a new follower begins.
func (s *Store) LastEnding(ctx context.Context) (seq int64, err error) {
	// The counter of autoincrement, for the last ending itself may be forgotten.
	err = s.reading().QueryRowContext(ctx, "select coalesce(max(seq), 0) from sqlite_sequence where name = 'endings'").Scan(&seq)
	return seq, wrap(ctx, "last ending", err)
}

// EndingsOf returns the latest endings of a subject, newest first.
func (s *Store) EndingsOf(ctx context.Context, subject string, limit int) ([]session.Ending, error) {
	es, err := all(ctx, s.reading(), scanEnding, endingsOf, subject, limit)
	return es, wrap(ctx, "endings of a subject", err)
}

// EndingsSince returns the endings at or after a time, by time: what a process that starts must know of the past to judge access
// tokens that are still alive.
func (s *Store) EndingsSince(ctx context.Context, at time.Time) ([]session.Ending, error) {
	es, err := all(ctx, s.reading(), scanEnding, endingsSince, at.UnixNano())
	return es, wrap(ctx, "endings since", err)
}

// querier is what *sql.DB and *sql.Tx have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) reading() querier {
	if s.tx != nil {
		return s.tx
	}
	return s.reader
}

func all[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) (ts []T, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		t, err := scan(rows)
		if err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	if err := rows.Err(); err != nil {
		return nil, err // half a list would be taken for a whole one
	}
	return ts, nil
}
