package db

import "io/fs"

// Target returns the schema version that a program with these migrations writes, without a database.
func Target(migrations ...fs.FS) (int64, error) {
	m, err := mergeMigrations(migrations)
	if err != nil {
		return 0, err
	}
	return m.target(), nil
}
