package db

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What can be wrong with a database, for errors.Is.
var (
	ErrNewerSchema = errors.New("the schema is newer than this program") // Error.Got and Error.Limit hold both numbers
	ErrNotDatabase = errors.New("the file is not a SQLite database")
	ErrCorrupt     = errors.New("the database is damaged")
	ErrBusy        = errors.New("the database is locked by another writer") // after waiting; try again later
	ErrFull        = errors.New("the disk is full")
	ErrReplaced    = errors.New("the file was removed or replaced while it was open")
	ErrUnsupported = errors.New("this kind of database is not supported")
)

// Error says what is wrong with which database.
type Error struct {
	Path       string
	Err        error // one of the sentinels above, or what the system said
	Got, Limit int64 // with ErrNewerSchema: the number in the database, the highest that is known here
	Cause      error // what SQLite said, if that adds something
}

func (e *Error) Error() string {
	s := "db: "
	if e.Path != "" {
		s += e.Path + ": "
	}
	s += e.Err.Error()
	if errors.Is(e.Err, ErrNewerSchema) {
		s += fmt.Sprintf(": got %d, limit %d", e.Got, e.Limit)
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap lets errors.Is and errors.As see both.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Cause}
}

// wrap makes an *Error of what Open, Ping and Watch met, with a sentinel where there is one.
func wrap(path string, err error) error {
	if err == nil {
		return nil
	}
	err = classify(path, err)
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return &Error{Path: path, Err: err}
}

// classify adds a sentinel to an error that came from SQLite because of the state of the file or the disk. Others (a constraint, an error
// of the caller) it leaves alone.
func classify(path string, err error) error {
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	switch code(err) {
	case sqlite3.SQLITE_NOTADB:
		return &Error{Path: path, Err: ErrNotDatabase, Cause: err}
	case sqlite3.SQLITE_CORRUPT:
		return &Error{Path: path, Err: ErrCorrupt, Cause: err}
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &Error{Path: path, Err: ErrBusy, Cause: err}
	case sqlite3.SQLITE_FULL:
		return &Error{Path: path, Err: ErrFull, Cause: err}
	}
	return err
}

// code is SQLite's primary result code, 0 if err is not SQLite's.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

func isBusy(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_BUSY || c == sqlite3.SQLITE_LOCKED
}
