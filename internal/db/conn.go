package db

import (
	"context"
	"database/sql"
	"errors"
)

// Conn is a transaction (in [DB.Update]) or the pool of readers ([DB.View]): rooms take a *Conn and work in both. Queries are written with
// $1, $2, … and bound in that order.
type Conn struct {
	q  querier
	tx *sql.Tx
}

// querier is what *sql.DB and *sql.Tx have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Exec runs a statement. On [DB.View] it fails: readers are read-only.
func (c *Conn) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return c.q.ExecContext(ctx, rebind(query), args...)
}

// Query runs a query; the caller closes the rows and asks rows.Err.
func (c *Conn) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.q.QueryContext(ctx, rebind(query), args...)
}

// QueryRow runs a query for at most one row; Scan gives [sql.ErrNoRows] if there is none.
func (c *Conn) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return c.q.QueryRowContext(ctx, rebind(query), args...)
}

// SQLTx is the transaction itself, for packages that know database/sql only; nil for [DB.View].
func (c *Conn) SQLTx() *sql.Tx { return c.tx }

// WrapTx makes a Conn of a transaction that was begun elsewhere.
func WrapTx(tx *sql.Tx) *Conn { return &Conn{q: tx, tx: tx} }

// View is the read-only pool. Each query sees the last commit; two queries may see different ones.
func (d *DB) View() *Conn { return &d.view }

// Update runs f in a transaction and commits it: when Update returns nil the change is on the disk. Any error of f, a panic, or the end
// of ctx undoes everything. Nothing is tried again.
//
// Updates of a process run one after the other (BEGIN IMMEDIATE), so what f reads cannot change before it writes. f must use its tx only:
// another Update inside f waits for itself, until [ErrBusy] after ten seconds. No network, no hashing in f.
func (d *DB) Update(ctx context.Context, f func(tx *Conn) error) error {
	conn, release, err := d.acquire(ctx)
	if err != nil {
		return wrap(d.path, err)
	}
	defer release()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return wrap(d.path, err)
	}
	defer tx.Rollback() // after Commit it does nothing; it also runs on a panic and on runtime.Goexit
	if err := d.observe(ctx, tx); err != nil {
		return wrap(d.path, err)
	}
	if err := f(&Conn{q: tx, tx: tx}); err != nil {
		return classify(d.path, err)
	}
	if err := tx.Commit(); err != nil {
		if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
			err = ctx.Err() // for which database/sql had undone it already
		}
		return wrap(d.path, err)
	}
	return nil
}

// acquire takes the writer connection, or gives up with [ErrBusy] after queueLimit: an endless queue helps nobody. Who comes first is
// served first: database/sql alone hands a connection to any one of those who wait, so that under load some would wait for ever.
func (d *DB) acquire(ctx context.Context) (_ *sql.Conn, release func(), err error) {
	wait, cancel := context.WithTimeout(ctx, queueLimit)
	defer cancel()
	busy := func(err error) error {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return &Error{Path: d.path, Err: ErrBusy}
		}
		return err
	}
	select {
	case d.turn <- struct{}{}:
	case <-wait.Done():
		return nil, nil, busy(wait.Err())
	}
	conn, err := d.writer.Conn(wait)
	if err != nil {
		<-d.turn
		return nil, nil, busy(err)
	}
	return conn, func() {
		conn.Close()
		<-d.turn
	}, nil
}
