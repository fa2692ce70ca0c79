package migrate

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	_ "modernc.org/sqlite"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

const table = "schema_record"

func room(files map[string]string) fs.FS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

var coats = room(map[string]string{
	"migrations/7_coats.sql": "-- Coats.\n\n-- +goose Up\ncreate table coats (n integer);\ninsert into coats values (1); -- the first\n-- +goose Down\ndrop table coats;\n",
	"migrations/9_count.sql": "-- +goose Up\n-- +goose StatementBegin\ncreate trigger one_more after delete on coats begin\n  insert into coats values (old.n + 1);\nend;\n-- +goose StatementEnd\n" +
		"delete from coats;\n-- +goose Down\ndrop trigger one_more;\n",
})

// open is a database of somebody who has not asked for BEGIN IMMEDIATE.
func open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func newSchema(t testing.TB, rooms ...fs.FS) *Schema {
	t.Helper()
	s, err := New(table, rooms...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func query(t testing.TB, db *sql.DB, q string) (got string) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), q).Scan(&got); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return got
}

const (
	recorded = "select group_concat(version_id || ':' || is_applied, ' ') from (select * from schema_record order by version_id)"
	tables   = "select group_concat(sql, char(10)) from (select sql from sqlite_schema where name not like 'schema_record%' order by name)"
)

func TestUpAppliesWhatIsMissingOnce(t *testing.T) {
	db, ctx := open(t), t.Context()
	hats := room(map[string]string{"8_hats.sql": "-- +goose Up\ncreate table hats (n);\n"})
	for i, step := range []struct {
		rooms    []fs.FS
		recorded string
		newest   int64
	}{
		{[]fs.FS{coats}, "0:1 7:1 9:1", 9},
		{[]fs.FS{coats}, "0:1 7:1 9:1", 9},
		{[]fs.FS{coats, hats}, "0:1 7:1 8:1 9:1", 9}, // a room that came later, numbered below
		{[]fs.FS{hats, coats}, "0:1 7:1 8:1 9:1", 9},
	} {
		s := newSchema(t, step.rooms...)
		if err := s.Up(ctx, db); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if got := query(t, db, recorded); got != step.recorded || s.Newest() != step.newest {
			t.Errorf("step %d: recorded are %s, the newest is %d; want %s and %d", i, got, s.Newest(), step.recorded, step.newest)
		}
		if n := query(t, db, "select group_concat(n) from coats"); n != "2" {
			t.Errorf("step %d: got coats %s, want 2: a file was lost or applied twice", i, n)
		}
	}
}

func TestNewRefusesNames(t *testing.T) {
	for _, tc := range []struct {
		story, want string
		rooms       []fs.FS
	}{
		{"no number", "no number", []fs.FS{room(map[string]string{"coats.sql": ""})}},
		{"zero, which is goose's own", "no number", []fs.FS{room(map[string]string{"0_coats.sql": ""})}},
		{"below zero", "no number", []fs.FS{room(map[string]string{"-1_coats.sql": ""})}},
		{"more than 63 bits", "no number", []fs.FS{room(map[string]string{"9223372036854775808_coats.sql": ""})}},
		{"one number in two rooms", "same number", []fs.FS{coats, room(map[string]string{"7_hats.sql": ""})}},
		{"one number twice in a room", "same number", []fs.FS{room(map[string]string{"7_a.sql": "", "migrations/7_b.sql": ""})}},
	} {
		t.Run(tc.story, func(t *testing.T) {
			if _, err := New(table, tc.rooms...); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestAFileThatFailsLeavesNothing(t *testing.T) {
	for _, tc := range []struct{ story, text, want string }{
		{"its second statement fails", "-- +goose Up\ncreate table half (x);\ninsert into nowhere values (1);\n", "nowhere"},
		{"it wants to be outside of transactions", "-- +goose NO TRANSACTION\n-- +goose Up\ncreate table half (x);\n", `"NO TRANSACTION"`},
		{"it wants the environment", "-- +goose Up\n-- +goose ENVSUB ON\ncreate table half (x);\n", `"ENVSUB ON"`},
		{"it has a way down only", "-- +goose Down\ncreate table half (x);\n", "nothing stands"},
		{"it has no annotation", "create table half (x);\n", "nothing stands"},
	} {
		t.Run(tc.story, func(t *testing.T) {
			db := open(t)
			err := newSchema(t, coats, room(map[string]string{"8_bad.sql": tc.text})).Up(t.Context(), db)
			if err == nil || !strings.Contains(err.Error(), "8_bad.sql: ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want the name of the file and %s", err, tc.want)
			}
			if got := query(t, db, recorded); got != "0:1 7:1" {
				t.Errorf("recorded are %s, want 0:1 7:1", got)
			}
			if n := query(t, db, "select count(*) from sqlite_schema where name = 'half'"); n != "0" {
				t.Error("half a file was applied")
			}
		})
	}
}

// Eight come at once, each through connections of its own.
func TestUpAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	errs := make(chan error)
	for range 8 {
		go func() {
			db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(20000)")
			if err == nil {
				defer db.Close()
				err = newSchema(t, coats).Up(context.Background(), db)
			}
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n := query(t, db, "select group_concat(n) from coats"); n != "2" {
		t.Errorf("got coats %s, want 2: a file was lost or applied twice", n)
	}
}

// What we leave is what goose would have left, and it goes on from there: down and up again.
func TestGooseAndWeReadEachOther(t *testing.T) {
	ours, theirs := open(t), open(t)
	provider := func(db *sql.DB) *goose.Provider {
		files, err := fs.Sub(coats, "migrations")
		if err != nil {
			t.Fatal(err)
		}
		store, err := database.NewStore(database.DialectSQLite3, table)
		if err != nil {
			t.Fatal(err)
		}
		p, err := goose.NewProvider(goose.DialectCustom, db, files, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	s := newSchema(t, coats)
	if err := s.Up(t.Context(), ours); err != nil {
		t.Fatal(err)
	}
	if _, err := provider(theirs).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	same := func(when string) {
		t.Helper()
		for _, q := range []string{recorded, tables, "select sql from sqlite_schema where name = 'schema_record'"} {
			got, want := strings.ToLower(query(t, ours, q)), strings.ToLower(query(t, theirs, q))
			if got != want {
				t.Errorf("%s: we have\n%s\ngoose has\n%s", when, got, want)
			}
		}
	}
	same("new")
	for _, db := range []*sql.DB{ours, theirs} {
		if _, err := provider(db).DownTo(t.Context(), 7); err != nil {
			t.Fatal(err)
		}
	}
	same("after goose went down")
	if applied, err := s.Applied(t.Context(), ours); err != nil || fmt.Sprint(applied) != "map[7:true]" {
		t.Errorf("got %v, %v, want 7 only", applied, err)
	}
	for _, db := range []*sql.DB{ours, theirs} {
		if err := s.Up(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		if n, err := provider(db).Up(t.Context()); err != nil || len(n) != 0 {
			t.Errorf("goose finds %d files to apply, %v, want none", len(n), err)
		}
	}
	same("up again")
}

func TestAppliedChangesNothing(t *testing.T) {
	db := open(t)
	if applied, err := newSchema(t, coats).Applied(t.Context(), db); err != nil || len(applied) != 0 {
		t.Errorf("got %v, %v, want none", applied, err)
	}
	if n := query(t, db, "select count(*) from sqlite_schema"); n != "0" {
		t.Errorf("an empty database has %s tables now", n)
	}
}

// FuzzUp: what is taken from a file is made of its lines, and taking it again changes nothing.
func FuzzUp(f *testing.F) {
	for _, text := range []string{
		"-- +goose Up\ncreate table a (x);\n-- +goose Down\ndrop table a;\n", "-- +goose Up\r\nselect 1;\r\n", " -- +goose  Down\nx\n-- +goose Up\ny",
		"-- +goose Up\n-- +goose StatementBegin\nx\n-- +goose StatementEnd", "-- +goose NO TRANSACTION", "-- +goose Up",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := up(text)
		if err != nil {
			if got != "" {
				t.Errorf("statements %q come with an error", got)
			}
			return
		}
		for line := range strings.Lines(got) {
			if !strings.Contains(text, line) {
				t.Errorf("line %q is not in the file", line)
			}
		}
		if again, err := up("-- +goose Up\n" + got); err != nil || again != got {
			t.Errorf("got %q, %v, want %q again", again, err, got)
		}
	})
}
