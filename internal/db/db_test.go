package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

// room is what a room embeds: its migrations, one string of SQL each.
func room(first int, statements ...string) fs.FS {
	m := fstest.MapFS{}
	for i, s := range statements {
		m[fmt.Sprintf("migrations/%d_x.sql", first+i)] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + s + "\n")}
	}
	return m
}

var things = room(2026112390, "create table things (id integer primary key, name text not null unique);")

func add(t testing.TB, d *db.DB, name string) error {
	return d.Update(t.Context(), func(tx *db.Conn) error {
		_, err := tx.Exec(t.Context(), "insert into things (name) values ($1)", name)
		return err
	})
}

func names(t testing.TB, d *db.DB) string {
	t.Helper()
	rows, err := d.View().Query(t.Context(), "select name from things order by id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

func TestOpenMakesPrivateFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "deep", "it's 100% #1?.db")
	d, err := db.Open(t.Context(), path, things)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := add(t, d, "hat"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, filepath.Dir(path): 0o700 | fs.ModeDir,
		filepath.Dir(filepath.Dir(path)): 0o700 | fs.ModeDir} {
		info, err := os.Stat(name)
		if err != nil {
			t.Error(err)
		} else if info.Mode() != want {
			t.Errorf("%s: got mode %v, want %v", filepath.Base(name), info.Mode(), want)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 3 {
		t.Errorf("got files %v, want the database, its WAL and SHM", entries)
	}
}

func TestOpenTightensAFileThatOthersCouldRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loose.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), path, things)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, want 0600", info.Mode())
	}
}

func TestSettingsOfBothConnections(t *testing.T) {
	d := dbtest.Open(t, things)
	for _, tc := range []struct{ pragma, writer, reader string }{
		{"journal_mode", "wal", "wal"},
		{"synchronous", "2", "2"}, // 2 = FULL
		{"busy_timeout", "5000", "5000"},
		{"foreign_keys", "1", "1"},
		{"query_only", "0", "1"},
		{"secure_delete", "2", "0"}, // 2 = fast
		{"trusted_schema", "0", "0"},
	} {
		var w, r string
		if err := d.Writer().QueryRow("pragma " + tc.pragma).Scan(&w); err != nil {
			t.Fatal(err)
		}
		if err := d.Reader().QueryRow("pragma " + tc.pragma).Scan(&r); err != nil {
			t.Fatal(err)
		}
		if w != tc.writer || r != tc.reader {
			t.Errorf("%s: got writer %s and reader %s, want %s and %s", tc.pragma, w, r, tc.writer, tc.reader)
		}
	}
	if _, err := d.View().Exec(t.Context(), "insert into things (name) values ('coat')"); err == nil {
		t.Error("a reader could write")
	}
}

// SQLite up to 3.51.2 can corrupt a WAL database that several connections use.
func TestSQLiteVersionIsSoundForWAL(t *testing.T) {
	d := dbtest.Open(t)
	var v string
	if err := d.View().QueryRow(t.Context(), "select sqlite_version()").Scan(&v); err != nil {
		t.Fatal(err)
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(v, "%d.%d.%d", &major, &minor, &patch); err != nil {
		t.Fatal(err)
	}
	if got := major*1_000_000 + minor*1000 + patch; got < 3_051_003 {
		t.Errorf("got SQLite %s, want 3.51.3 or newer", v)
	}
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	d := dbtest.Open(t, things)
	boom := errors.New("boom")
	insert := func(tx *db.Conn) {
		if _, err := tx.Exec(t.Context(), "insert into things (name) values ('lost')"); err != nil {
			t.Error(err)
		}
	}
	if err := d.Update(t.Context(), func(tx *db.Conn) error { insert(tx); return boom }); !errors.Is(err, boom) {
		t.Errorf("got %v, want the function's own error", err)
	}
	func() {
		defer func() {
			if recover() != boom {
				t.Error("the panic did not come through")
			}
		}()
		_ = d.Update(t.Context(), func(tx *db.Conn) error { insert(tx); panic(boom) })
	}()
	gone := make(chan struct{})
	go func() { // as t.FailNow in a callback
		defer close(gone)
		_ = d.Update(t.Context(), func(tx *db.Conn) error { insert(tx); runtime.Goexit(); return nil })
	}()
	<-gone
	ctx, cancel := context.WithCancel(t.Context())
	if err := d.Update(ctx, func(tx *db.Conn) error { insert(tx); cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context canceled", err)
	}
	// The same where database/sql has noticed before the commit.
	ctx, cancel = context.WithCancel(t.Context())
	undone := func(tx *db.Conn) error {
		cancel()
		for {
			if _, err := tx.Exec(t.Context(), "select 1"); errors.Is(err, sql.ErrTxDone) {
				return nil
			}
		}
	}
	if err := d.Update(ctx, undone); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context canceled", err)
	}
	if err := add(t, d, "hat"); err != nil {
		t.Fatal(err)
	}
	if got := names(t, d); got != "hat" {
		t.Errorf("got %q, want only %q", got, "hat")
	}
}

func TestUpdateReportsAFailedCommit(t *testing.T) {
	d, faults := dbtest.OpenFaulty(t, things)
	gone := errors.New("disk gone")
	for _, kind := range []string{"begin", "exec", "commit"} {
		faults.Set(func(op db.Op) error {
			if op.Kind == kind && op.Writer {
				return gone
			}
			return nil
		})
		if err := add(t, d, "lost"); !errors.Is(err, gone) {
			t.Errorf("%s: got %v, want %v", kind, err, gone)
		}
	}
	faults.Set(nil)
	if err := add(t, d, "hat"); err != nil {
		t.Fatal(err)
	}
	if got := names(t, d); got != "hat" {
		t.Errorf("got %q, want only %q", got, "hat")
	}
}

func TestUpdateReportsAFullDisk(t *testing.T) {
	d := dbtest.Open(t, things)
	if _, err := d.Writer().Exec("pragma max_page_count = 1"); err != nil { // SQLite takes the present size for the least
		t.Fatal(err)
	}
	err := add(t, d, strings.Repeat("x", 100_000))
	if !errors.Is(err, db.ErrFull) {
		t.Errorf("got %v, want %v", err, db.ErrFull)
	}
}

// Two hundred updates at once queue for the writer; none is lost and none fails. Who waits for ten seconds would, so time is that of a bubble.
func TestUpdatesQueue(t *testing.T) { synctest.Test(t, updatesQueue) }

func updatesQueue(t *testing.T) {
	d := dbtest.Open(t, things)
	if err := add(t, d, "0"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			err := d.Update(t.Context(), func(tx *db.Conn) error {
				var n int
				if err := tx.QueryRow(t.Context(), "select name from things").Scan(&n); err != nil {
					return err
				}
				_, err := tx.Exec(t.Context(), "update things set name = $1", n+1)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := names(t, d); got != "200" {
		t.Errorf("got %s, want 200", got)
	}
}

// An Update inside an Update cannot get the writer: it must end with an error, not hang.
func TestUpdateInsideUpdateIsBusy(t *testing.T) { synctest.Test(t, updateInsideUpdateIsBusy) }

func updateInsideUpdateIsBusy(t *testing.T) {
	d := dbtest.Open(t, things)
	err := d.Update(t.Context(), func(*db.Conn) error { return add(t, d, "never") })
	if !errors.Is(err, db.ErrBusy) {
		t.Errorf("got %v, want %v", err, db.ErrBusy)
	}
	if err := add(t, d, "hat"); err != nil {
		t.Error(err)
	}
	if got := names(t, d); got != "hat" {
		t.Errorf("got %q, want only %q", got, "hat")
	}
}

func TestAfterCloseEverythingFails(t *testing.T) {
	d := dbtest.Open(t, things)
	for range 2 {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := add(t, d, "lost"); err == nil {
		t.Error("update: no error")
	}
	if err := d.Ping(t.Context()); err == nil {
		t.Error("ping: no error")
	}
	if entries, _ := os.ReadDir(filepath.Dir(d.Path())); len(entries) != 1 {
		t.Errorf("got files %v, want the database alone: the WAL is folded into it", entries)
	}
}
