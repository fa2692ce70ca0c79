// Package migrate brings the tables of a database up to date with numbered SQL files, each of which is applied once.
//
// Files and record are those of github.com/pressly/goose, whose tools can be used beside it: a file is named NUMBER_what.sql, what follows
// the line "-- +goose Up" is applied, what follows "-- +goose Down" is for goose alone.
package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A Schema is what the files of several rooms make together.
type Schema struct {
	table string
	files map[int64]file
}

type file struct {
	room fs.FS
	path string
}

// New reads the names of all *.sql files of the rooms, at their root or in "migrations". The table keeps the record of what was applied.
func New(table string, rooms ...fs.FS) (*Schema, error) {
	s := &Schema{table: table, files: map[int64]file{}}
	for _, room := range rooms {
		for _, pattern := range []string{"*.sql", "migrations/*.sql"} {
			names, err := fs.Glob(room, pattern)
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				digits, _, _ := strings.Cut(path.Base(name), "_")
				v, err := strconv.ParseInt(digits, 10, 64)
				if err != nil || v < 1 {
					return nil, fmt.Errorf("migration %s has no number", name)
				}
				if other, taken := s.files[v]; taken {
					return nil, fmt.Errorf("migrations %s and %s have the same number", other.path, name)
				}
				s.files[v] = file{room, name}
			}
		}
	}
	return s, nil
}

// Len is the number of files.
func (s *Schema) Len() int { return len(s.files) }

// Has reports whether there is a file of this number.
func (s *Schema) Has(v int64) bool { _, ok := s.files[v]; return ok }

// Newest is the highest number, 0 if there is no file.
func (s *Schema) Newest() (highest int64) {
	for v := range s.files {
		highest = max(highest, v)
	}
	return highest
}

// Reader is a *sql.DB or a *sql.Tx.
type Reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Applied returns the numbers that the database has a record of. It changes nothing; a database without the table has none.
func (s *Schema) Applied(ctx context.Context, q Reader) (map[int64]bool, error) {
	var n int
	err := q.QueryRowContext(ctx, "select count(*) from sqlite_schema where type = 'table' and name = ?1", s.table).Scan(&n)
	if err != nil || n == 0 {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, "select version_id from "+s.table+" where is_applied and version_id > 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	applied := map[int64]bool{}
	for rows.Next() {
		var v int64
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		applied[v] = true
	}
	return applied, rows.Err()
}

// Up applies what is missing, the lowest number first, each file in a transaction of its own. Several processes may be at it: whoever comes
// second with a file finds it recorded and passes on.
func (s *Schema) Up(ctx context.Context, db *sql.DB) error {
	applied, err := s.Applied(ctx, db)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Sorted(maps.Keys(s.files)), func(v int64) bool { return applied[v] })
	if len(missing) == 0 {
		return nil
	}
	if _, err := db.ExecContext(ctx, s.record()); err != nil {
		return err
	}
	for _, v := range missing {
		if err := s.apply(ctx, db, v); err != nil {
			return fmt.Errorf("%s: %w", path.Base(s.files[v].path), err)
		}
	}
	return nil
}

// record makes goose's table, with its row 0, and has each number in it once.
func (s *Schema) record() string {
	return strings.ReplaceAll(`create table if not exists TABLE (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
	create unique index if not exists TABLE_once on TABLE (version_id);
	insert or ignore into TABLE (version_id, is_applied) values (0, 1);`, "TABLE", s.table)
}

func (s *Schema) apply(ctx context.Context, db *sql.DB, v int64) error {
	text, err := fs.ReadFile(s.files[v].room, s.files[v].path)
	if err != nil {
		return err
	}
	statements, err := up(string(text))
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// First, so that the transaction begins as a writer: what it reads cannot change under it.
	done, err := tx.ExecContext(ctx, "insert or ignore into "+s.table+" (version_id, is_applied) values (?1, 1)", v)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, statements); err != nil {
		return err
	}
	return tx.Commit()
}

// up returns what a file has to apply. An annotation that is not understood is an error: it might say that the file is to be applied in
// another way.
func up(text string) (string, error) {
	var statements strings.Builder
	part := ""
	for line := range strings.Lines(text) {
		note, isNote := strings.CutPrefix(strings.TrimSpace(line), "-- +goose")
		switch note = strings.TrimSpace(note); {
		case isNote && (note == "Up" || note == "Down"):
			part = note
		case isNote && note != "StatementBegin" && note != "StatementEnd": // SQLite takes statements as they come
			return "", fmt.Errorf("unknown annotation %q", note)
		case part == "Up":
			statements.WriteString(line)
		}
	}
	if strings.TrimSpace(statements.String()) == "" {
		return "", errors.New(`nothing stands after a line "-- +goose Up"`)
	}
	return statements.String(), nil
}
