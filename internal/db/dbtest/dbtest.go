// Package dbtest gives tests a real database file.
package dbtest

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/cloakroom/cloakroom/internal/db"
)

// Open opens a new database in t.TempDir() and closes it when the test ends.
func Open(t testing.TB, migrations ...fs.FS) *db.DB {
	t.Helper()
	d, _ := OpenFaulty(t, migrations...)
	return d
}

// OpenFaulty is Open with a handle to break the database:
//
//	faults.Set(func(op db.Op) error {
//		if op.Kind == "commit" { return errors.New("disk gone") }
//		return nil
//	})
func OpenFaulty(t testing.TB, migrations ...fs.FS) (*db.DB, *db.Faults) {
	t.Helper()
	faults := new(db.Faults)
	return open(t, filepath.Join(t.TempDir(), "test.db"), faults, migrations), faults
}

// Again opens the file of another DB a second time, as another process would: with connections of its own.
func Again(t testing.TB, d *db.DB, migrations ...fs.FS) *db.DB {
	t.Helper()
	return open(t, d.Path(), new(db.Faults), migrations)
}

func open(t testing.TB, path string, faults *db.Faults, migrations []fs.FS) *db.DB {
	t.Helper()
	d, err := db.OpenWithFaults(t.Context(), path, faults, migrations...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		faults.Set(nil)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}
