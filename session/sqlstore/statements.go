package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"sync/atomic"
)

// query makes SQLite's ?n of $n: SQLite takes "$1" for a name, and drivers bind names in the order in which they appear. None of
// our queries has a dollar elsewhere.
func query(q string) string { return strings.ReplaceAll(q, "$", "?") }

// statements are prepared at their first use, for the tables may not exist before that. The database closes them.
type statements struct {
	loadStmt atomic.Pointer[sql.Stmt]
}

func (p *statements) load(ctx context.Context, db *sql.DB) (*sql.Stmt, error) {
	if stmt := p.loadStmt.Load(); stmt != nil {
		return stmt, nil
	}
	stmt, err := db.PrepareContext(ctx, selectByKey)
	if err != nil {
		return nil, err
	}
	if !p.loadStmt.CompareAndSwap(nil, stmt) {
		_ = stmt.Close() // another request was first
	}
	return p.loadStmt.Load(), nil
}
