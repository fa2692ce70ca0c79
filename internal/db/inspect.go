package db

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/cloakroom/cloakroom/internal/migrate"
)

// inspect looks at a file that exists, through a connection that cannot write, and refuses it if it is not for us. It leaves the directory as
// it was: a writable connection takes its empty WAL away again, but would fold one that a killed process left into the file; a
// read-only one leaves that alone.
func inspect(ctx context.Context, path string, schema *migrate.Schema) (upToDate bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return schema.Len() == 0, nil
	case err != nil:
		return false, &Error{Path: path, Err: err}
	case info.IsDir():
		return false, &Error{Path: path, Err: errors.New("is a directory, not a database file")}
	case info.Size() == 0:
		return schema.Len() == 0, nil
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
	applied, err := schema.Applied(ctx, ro)
	if err != nil {
		return false, wrap(path, err)
	}
	newest := int64(0)
	for v := range applied {
		// Rooms number their migrations apart, so one that is unknown makes the schema newer, even below our highest.
		if !schema.Has(v) {
			newest = max(newest, v)
		}
	}
	if newest > 0 {
		return false, &Error{Path: path, Err: ErrNewerSchema, Got: newest, Limit: schema.Newest()}
	}
	return len(applied) == schema.Len(), nil
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
