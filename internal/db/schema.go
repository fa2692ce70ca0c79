package db

import (
	"io/fs"

	"github.com/cloakroom/cloakroom/internal/migrate"
)

func newSchema(rooms []fs.FS) (*migrate.Schema, error) {
	schema, err := migrate.New("goose_db_version", rooms...)
	if err != nil {
		return nil, &Error{Err: err}
	}
	return schema, nil
}

// Target returns the schema version that a program with these migrations writes, without a database.
func Target(migrations ...fs.FS) (int64, error) {
	schema, err := newSchema(migrations)
	if err != nil {
		return 0, err
	}
	return schema.Newest(), nil
}
