// Package db opens the one database file of Cloakroom and hands out transactions.
//
// Most code gets a *[Conn] and neither knows nor asks whether it is a transaction or the reader pool:
//
//	d, err := db.Open(ctx, "cloakroom-data/cloakroom.db", sqlstore.Migrations, journal.Migrations)
//	err = d.Update(ctx, func(tx *db.Conn) error { ... })      // all or nothing, one at a time
//	row := d.View().QueryRow(ctx, "select … where id = $1", id) // never waits for a writer
//
// SQLite is opened with WAL and synchronous=FULL: what Update has acknowledged survives kill -9 and a loss of power. There is one
// writer connection in a process, so transactions queue in Go and not in SQLite's busy loop; other processes may
// open the same file.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloakroom/cloakroom/internal/migrate"
)

const (
	busyTimeout = 5 * time.Second  // for a lock that another process holds
	queueLimit  = 10 * time.Second // for our own writer connection
	maxReaders  = 4                // pages are read at memory speed: more readers only cost memory
)

// DB is one open database: a writer connection and a pool of readers. Its methods may be called concurrently.
type DB struct {
	path   string
	file   os.FileInfo // what path named when it was opened
	schema *migrate.Schema
	writer *sql.DB
	reader *sql.DB
	view   Conn
	closed chan struct{}
	turn   chan struct{} // who writes; a channel serves in the order of arrival
	close  sync.Once

	generation atomic.Uint64 // counts connections of the writer: data_version belongs to one connection
	foreign    atomic.Uint64 // counts commits of others that were seen
	seen       struct {
		sync.Mutex
		generation  uint64
		dataVersion int64
	}
}

// Open opens the SQLite file at path, creates it (mode 0600, its directory 0700) if there is none, and brings its schema up to date with
// every *.sql file in the given file systems, at their root or in "migrations". Two processes may do so at once.
//
// A file whose schema is newer than the migrations known here gives [ErrNewerSchema], a file that is not a database
// [ErrNotDatabase], a damaged one [ErrCorrupt]: all before anything is changed. The error is an [*Error].
func Open(ctx context.Context, path string, migrations ...fs.FS) (*DB, error) {
	return open(ctx, path, nil, migrations)
}

func open(ctx context.Context, path string, faults *Faults, sources []fs.FS) (_ *DB, err error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, &Error{Path: path, Err: err}
	}
	schema, err := newSchema(sources)
	if err != nil {
		return nil, err
	}
	upToDate, err := inspect(ctx, path, schema)
	if err != nil {
		return nil, err
	}
	if err := createFiles(path); err != nil {
		return nil, &Error{Path: path, Err: err}
	}

	d := &DB{path: path, schema: schema, closed: make(chan struct{}), turn: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	if d.writer, err = openPool(dsn(path, writerParams), faults, true, &d.generation); err != nil {
		return nil, &Error{Path: path, Err: err}
	}
	d.writer.SetMaxOpenConns(1)
	d.writer.SetMaxIdleConns(1)
	if d.reader, err = openPool(dsn(path, readerParams), faults, false, nil); err != nil {
		return nil, &Error{Path: path, Err: err}
	}
	d.reader.SetMaxOpenConns(maxReaders)
	d.reader.SetMaxIdleConns(maxReaders)
	d.view = Conn{q: d.reader}

	if err := d.firstContact(ctx); err != nil {
		return nil, wrap(path, err)
	}
	if !upToDate {
		if err := schema.Up(ctx, d.writer); err != nil {
			return nil, wrap(path, fmt.Errorf("migrate: %w", err))
		}
	}
	if d.file, err = os.Stat(path); err != nil {
		return nil, &Error{Path: path, Err: err}
	}
	// The baseline of Watch: whatever another process commits from here on is seen.
	if err := d.observe(ctx, d.writer); err != nil {
		return nil, wrap(path, err)
	}
	d.foreign.Store(0)
	return d, nil
}

// checkPath refuses names that would silently become a file with a strange name.
func checkPath(path string) error {
	switch {
	case path == "":
		return &Error{Err: errors.New("no path for the database")}
	case strings.Contains(path, "://"), strings.HasPrefix(path, "file:"):
		scheme, _, _ := strings.Cut(path, ":")
		return &Error{Path: scheme + ":…", Err: fmt.Errorf("%w: only the path of a SQLite file is", ErrUnsupported)} // a URL may hold a password
	case strings.Contains(path, ":memory:"):
		return &Error{Path: path, Err: fmt.Errorf("%w: readers would not see it", ErrUnsupported)}
	}
	return nil
}

// createFiles makes the directory and an empty file with the modes that the file's companions (WAL, SHM) inherit from it.
// Files that were there are tightened to 0600; a directory that was there is its owner's affair.
func createFiles(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			if err := os.Chmod(path+suffix, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// firstContact makes the writer connection. Turning a new file into WAL mode needs a moment alone with it, for which
// SQLite does not wait by itself: two processes that create the file together meet here.
func (d *DB) firstContact(ctx context.Context) error {
	deadline := time.Now().Add(busyTimeout)
	for {
		err := d.writer.PingContext(ctx)
		if err == nil || !isBusy(err) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Path is the absolute path of the file.
func (d *DB) Path() string { return d.path }

// Writer is the one connection that writes, for packages that take a *sql.DB. Its transactions are BEGIN IMMEDIATE. Inside Update use
// the given Conn instead: Writer would wait for Update to end.
func (d *DB) Writer() *sql.DB { return d.writer }

// Reader is the pool of read-only connections.
func (d *DB) Reader() *sql.DB { return d.reader }

// Ping reads from the file through a reader, and checks that the path still names the file that was opened.
func (d *DB) Ping(ctx context.Context) error {
	var n int
	if err := d.reader.QueryRowContext(ctx, "select count(*) from sqlite_schema").Scan(&n); err != nil {
		return wrap(d.path, err)
	}
	return d.sameFile()
}

// sameFile reports [ErrReplaced] if somebody moved, removed or restored the file under us: what we write would be lost.
func (d *DB) sameFile() error {
	info, err := os.Stat(d.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, d.file) {
		return &Error{Path: d.path, Err: ErrReplaced}
	} else if err != nil {
		return &Error{Path: d.path, Err: err}
	}
	return nil
}

// SchemaVersion returns the highest migration in the database and the highest one known to this program.
func (d *DB) SchemaVersion(ctx context.Context) (current, target int64, err error) {
	applied, err := d.schema.Applied(ctx, d.reader)
	if err != nil {
		return 0, 0, wrap(d.path, err)
	}
	for v := range applied {
		current = max(current, v)
	}
	return current, d.schema.Newest(), nil
}

// Close ends every Watch and closes the readers, then the writer, which folds the WAL into the file. Calls after it fail. A second
// Close does nothing.
func (d *DB) Close() error {
	var errs []error
	d.close.Do(func() {
		close(d.closed)
		if d.reader != nil {
			errs = append(errs, d.reader.Close())
		}
		if d.writer != nil {
			errs = append(errs, d.writer.Close())
		}
	})
	return errors.Join(errs...)
}
