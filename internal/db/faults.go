package db

import (
	"context"
	"database/sql/driver"
	"io/fs"
	"sync"
)

// Op is one thing that is about to be asked of SQLite.
type Op struct {
	Kind   string // connect, begin, commit, exec, query, prepare, or next (a row of a query)
	Query  string // for exec, query, prepare, next
	Writer bool   // on the writer connection, else on a reader
}

// Faults lets a test break the database: set a function, and whatever error it returns is what the caller of that operation gets,
// without SQLite being asked. A failed commit is rolled back. The zero value breaks nothing.
type Faults struct {
	mu   sync.RWMutex
	fail func(Op) error
}

// Set replaces the function; nil mends the database. fail may be called concurrently.
func (f *Faults) Set(fail func(Op) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func (f *Faults) check(op Op) error {
	f.mu.RLock()
	fail := f.fail
	f.mu.RUnlock()
	if fail == nil {
		return nil
	}
	return fail(op)
}

// OpenWithFaults is [Open] for tests of other packages; see internal/db/dbtest.
func OpenWithFaults(ctx context.Context, path string, faults *Faults, migrations ...fs.FS) (*DB, error) {
	return open(ctx, path, faults, migrations)
}

// sqliteConn is what database/sql uses of the driver's connection.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type faultyConn struct {
	sqliteConn
	faults *Faults
	writer bool
}

func newFaultyConn(c driver.Conn, f *Faults, writer bool) driver.Conn {
	return &faultyConn{c.(sqliteConn), f, writer}
}

func (c *faultyConn) check(kind, query string) error {
	return c.faults.check(Op{Kind: kind, Query: query, Writer: c.writer})
}

func (c *faultyConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.check("begin", ""); err != nil {
		return nil, err
	}
	tx, err := c.sqliteConn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return &faultyTx{tx, c}, nil
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.check("exec", query); err != nil {
		return nil, err
	}
	return c.sqliteConn.ExecContext(ctx, query, args)
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.check("query", query); err != nil {
		return nil, err
	}
	rows, err := c.sqliteConn.QueryContext(ctx, query, args)
	return faultyRowsOf(rows, err, c, query)
}

func (c *faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.check("prepare", query); err != nil {
		return nil, err
	}
	stmt, err := c.sqliteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &faultyStmt{stmt.(sqliteStmt), c, query}, nil
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type faultyStmt struct {
	sqliteStmt
	conn  *faultyConn
	query string
}

func (s *faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.conn.check("exec", s.query); err != nil {
		return nil, err
	}
	return s.sqliteStmt.ExecContext(ctx, args)
}

func (s *faultyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.conn.check("query", s.query); err != nil {
		return nil, err
	}
	rows, err := s.sqliteStmt.QueryContext(ctx, args)
	return faultyRowsOf(rows, err, s.conn, s.query)
}

type faultyRows struct {
	driver.Rows
	conn  *faultyConn
	query string
}

func faultyRowsOf(rows driver.Rows, err error, c *faultyConn, query string) (driver.Rows, error) {
	if err != nil {
		return nil, err
	}
	return &faultyRows{rows, c, query}, nil
}

func (r *faultyRows) Next(dst []driver.Value) error {
	if err := r.conn.check("next", r.query); err != nil {
		return err
	}
	return r.Rows.Next(dst)
}

type faultyTx struct {
	driver.Tx
	conn *faultyConn
}

func (t *faultyTx) Commit() error {
	if err := t.conn.check("commit", ""); err != nil {
		_ = t.Tx.Rollback() // database/sql takes the transaction for ended
		return err
	}
	return t.Tx.Commit()
}
