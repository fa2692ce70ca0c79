// Package sqlstore keeps sessions in an SQL database: today SQLite.
//
//	db, err := sql.Open("sqlite", "file:app.db?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
//	err = sqlstore.Migrate(ctx, db)
//	store, err := sqlstore.New(db, nil)
//	sessions, err := session.New(store, nil)
//
// What Commit has acknowledged is as durable as the database makes it: with SQLite set synchronous=FULL (the default) and WAL. A change of
// sessions can be part of a larger transaction: see [Store.In].
//
// The store imports no driver. Session ids are not in it, only their SHA-256; of an ended session no data remain.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"math"

	"github.com/cloakroom/cloakroom/internal/migrate"
	"github.com/cloakroom/cloakroom/session"
)

// Migrations make and change the tables "sessions" and "endings". They are for goose, numbered 2026112300 to 2026112309, in the directory
// "migrations"; use them if you keep one schema for all of your program, else [Migrate].
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Dialect is a kind of SQL database.
type Dialect int

// SQLite is the only dialect today.
const SQLite Dialect = 0

// Options may be nil.
type Options struct {
	// Reader is used for what needs no transaction, if not nil: a pool of read-only connections, while the main one
	// has a single connection for writing.
	Reader *sql.DB

	Dialect Dialect
}

// Store is a [session.Store] and a [session.Follower] over a database, or, made by [Store.In], over one transaction.
type Store struct {
	db, reader *sql.DB
	prepared   *statements
	tx         *sql.Tx // nil: each Commit is a transaction of its own
}

var (
	_ session.Store    = (*Store)(nil)
	_ session.Follower = (*Store)(nil)
)

// New returns a store over db, whose tables exist already or will before its first use. It opens nothing and closes nothing. SQLite needs
// db to wait for locks (busy_timeout).
func New(db *sql.DB, o *Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: no database")
	}
	if o == nil {
		o = &Options{}
	}
	if o.Dialect != SQLite {
		return nil, fmt.Errorf("sqlstore: got dialect %d, know %d (SQLite)", o.Dialect, SQLite)
	}
	s := &Store{db: db, reader: o.Reader, prepared: new(statements)}
	if s.reader == nil {
		s.reader = db
	}
	return s, nil
}

// In returns the same store inside a transaction that the caller has begun (on the database given to New) and will commit. Until then nothing
// of what it does is seen outside. A Commit that returns an error has changed nothing, the transaction goes on. The returned store is of use
// until the transaction ends.
func (s *Store) In(tx *sql.Tx) *Store {
	return &Store{db: s.db, reader: s.reader, prepared: s.prepared, tx: tx}
}

// Migrate brings the tables of db up to date. It keeps its own record of what was applied, in the table
// "cloakroom_sessions_version", apart from the migrations of your program.
func Migrate(ctx context.Context, db *sql.DB) error {
	schema, err := migrate.New("cloakroom_sessions_version", Migrations)
	if err == nil {
		err = schema.Up(ctx, db)
	}
	if err != nil {
		return fmt.Errorf("sqlstore: migrate: %w", err)
	}
	return nil
}

// atomically runs f in the caller's transaction, or in one of its own.
func (s *Store) atomically(ctx context.Context, f func(tx *sql.Tx) error) error {
	if s.tx != nil {
		return s.partly(ctx, f)
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// partly makes f all or nothing within a transaction that goes on after it.
func (s *Store) partly(ctx context.Context, f func(tx *sql.Tx) error) (err error) {
	if _, err := s.tx.ExecContext(ctx, "savepoint sqlstore"); err != nil {
		return err
	}
	whole := false
	defer func() { // a panic too must not leave half a change
		if !whole {
			_, back := s.tx.ExecContext(context.WithoutCancel(ctx), "rollback to sqlstore")
			_, release := s.tx.ExecContext(context.WithoutCancel(ctx), "release sqlstore")
			if back != nil || release != nil {
				err = errors.Join(err, back, release)
			}
		}
	}()
	if err := f(s.tx); err != nil {
		return err
	}
	if _, err := s.tx.ExecContext(ctx, "release sqlstore"); err != nil {
		return err
	}
	whole = true
	return nil
}

// wrap names the operation, and says that the context ended when that is why the database stopped.
func wrap(ctx context.Context, op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, session.ErrNotFound), errors.Is(err, session.ErrConflict):
		return err
	}
	if _, ended := errors.AsType[*session.EndedError](err); ended {
		return err
	}
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w (%v)", cause, err)
	}
	return fmt.Errorf("sqlstore: %s: %w", op, err)
}

// version converts what SQL has no unsigned type for.
func version(v uint64) (int64, error) {
	if v >= math.MaxInt64 {
		return 0, session.ErrConflict // no stored version is that high
	}
	return int64(v), nil
}
