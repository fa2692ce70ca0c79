package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

const versionTable = "goose_db_version"

// migrations are the *.sql files of several rooms, seen as one directory.
type migrations struct {
	files    map[string]fs.FS  // base name -> where it is
	paths    map[string]string // base name -> its path there
	versions map[int64]string  // number -> base name
}

// mergeMigrations reads names only; goose parses a file when it has to be applied.
func mergeMigrations(sources []fs.FS) (*migrations, error) {
	m := &migrations{files: map[string]fs.FS{}, paths: map[string]string{}, versions: map[int64]string{}}
	for _, source := range sources {
		for _, pattern := range []string{"*.sql", "migrations/*.sql"} {
			names, err := fs.Glob(source, pattern)
			if err != nil {
				return nil, &Error{Err: err}
			}
			for _, name := range names {
				base := path.Base(name)
				v, err := goose.NumericComponent(base)
				if err != nil {
					return nil, &Error{Err: fmt.Errorf("migration %s has no number: %w", base, err)}
				}
				if other, taken := m.versions[v]; taken {
					return nil, &Error{Err: fmt.Errorf("migrations %s and %s have the same number", other, base)}
				}
				m.versions[v], m.files[base], m.paths[base] = base, source, name
			}
		}
	}
	return m, nil
}

// Open and Glob are all that goose asks of a directory.
func (m *migrations) Open(name string) (fs.File, error) {
	source, ok := m.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return source.Open(m.paths[name])
}

func (m *migrations) Glob(pattern string) (names []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		ok, err := path.Match(pattern, name)
		if err != nil {
			return nil, err
		}
		if ok {
			names = append(names, name)
		}
	}
	return names, nil
}

func (m *migrations) target() (highest int64) {
	for v := range m.versions {
		highest = max(highest, v)
	}
	return highest
}

// inspect looks at a file that exists, through a connection that cannot write, and refuses it if it is not for us. It leaves the directory as
// it was: a writable connection takes its empty WAL away again, but would fold one that a killed process left into the file; a
// read-only one leaves that alone.
func (m *migrations) inspect(ctx context.Context, path string) (upToDate bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return len(m.versions) == 0, nil
	case err != nil:
		return false, &Error{Path: path, Err: err}
	case info.IsDir():
		return false, &Error{Path: path, Err: errors.New("is a directory, not a database file")}
	case info.Size() == 0:
		return len(m.versions) == 0, nil
	}
	if err := checkHeader(path); err != nil {
		return false, err
	}
	params := readerParams
	if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
		params = inspectParams
	}
	ro, err := openPool(dsn(path, params), nil, false, nil)
	if err != nil {
		return false, &Error{Path: path, Err: err}
	}
	defer ro.Close()
	ro.SetMaxOpenConns(1)
	applied, err := appliedVersions(ctx, ro)
	if err != nil {
		return false, wrap(path, err)
	}
	newest := int64(0)
	for v := range applied {
		// Rooms number their migrations apart, so one that is unknown makes the schema newer, even below our highest.
		if _, known := m.versions[v]; !known {
			newest = max(newest, v)
		}
	}
	if newest > 0 {
		return false, &Error{Path: path, Err: ErrNewerSchema, Got: newest, Limit: m.target()}
	}
	return len(applied) == len(m.versions), nil
}

// checkHeader reads the 16 bytes that every SQLite file begins with: SQLite itself takes a file of less than a page for an empty one, and would overwrite it.
func checkHeader(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return &Error{Path: path, Err: err}
	}
	defer f.Close()
	const magic = "SQLite format 3\x00"
	header := make([]byte, len(magic))
	if _, err := io.ReadFull(f, header); err != nil || string(header) != magic {
		return &Error{Path: path, Err: ErrNotDatabase}
	}
	return nil
}

// appliedVersions reads goose's table; a database without it has none.
func appliedVersions(ctx context.Context, q querier) (map[int64]bool, error) {
	var n int
	err := q.QueryRowContext(ctx, "select count(*) from sqlite_schema where type = 'table' and name = ?1", versionTable).Scan(&n)
	if err != nil || n == 0 {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, "select version_id from "+versionTable+" where is_applied and version_id > 0")
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

// up applies what is missing, each migration in a transaction of its own. Another process may be at it: whoever comes second with a
// migration fails on the unique number, has changed nothing, and looks again.
func (m *migrations) up(ctx context.Context, writer *sql.DB) error {
	store, err := database.NewStore(database.DialectSQLite3, versionTable)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectCustom, writer, m, goose.WithStore(uniqueStore{store}),
		goose.WithAllowOutofOrder(true), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	for done := -1; ; {
		_, upErr := provider.Up(ctx)
		if upErr == nil {
			return nil
		}
		applied, err := appliedVersions(ctx, writer)
		if err != nil || len(applied) <= done || ctx.Err() != nil {
			return fmt.Errorf("migrate: %w", upErr)
		}
		done = len(applied)
	}
}

// uniqueStore is goose's table with a unique number, so that no migration is applied twice.
type uniqueStore struct{ database.Store }

func (s uniqueStore) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	if err := s.Store.CreateVersionTable(ctx, db); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, "create unique index "+versionTable+"_once on "+versionTable+" (version_id)")
	return err
}
