package db_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

// counted has migrations that would show if one were applied twice.
var counted = room(2026112360,
	"create table counters (n integer not null); insert into counters values (0);",
	"update counters set n = n + 1;",
	"update counters set n = n + 10;",
	"update counters set n = n + 100;",
	"update counters set n = n + 1000;",
)

func counter(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	if err := d.View().QueryRow(t.Context(), "select n from counters").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMigrationsOfARoomThatCameLaterAreApplied(t *testing.T) {
	late, early := room(2026112350, "create table late (x);"), things
	path := filepath.Join(t.TempDir(), "x.db")
	for i, rooms := range [][]fs.FS{{early}, {early, late}, {late, early}} {
		d, err := db.Open(t.Context(), path, rooms...)
		if err != nil {
			t.Fatalf("open %d: %v", i, err)
		}
		current, target, err := d.SchemaVersion(t.Context())
		if err != nil || current != target || target != 2026112390 {
			t.Errorf("open %d: got schema %d, target %d, %v", i, current, target, err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenRefusesANewerSchemaAndChangesNothing(t *testing.T) {
	for _, tc := range []struct {
		story      string
		theirs     []fs.FS
		ours       []fs.FS
		got, limit int64
	}{
		{"a later migration", []fs.FS{things, room(2026112395, "create table later (x);")}, []fs.FS{things}, 2026112395, 2026112390},
		{"a room that is unknown here, numbered below", []fs.FS{things, room(2026112312, "create table other (x);")}, []fs.FS{things}, 2026112312, 2026112390},
		{"newer in one room, older in another", []fs.FS{room(2026112395, "create table later (x);")}, []fs.FS{things}, 2026112395, 2026112390},
		{"no migrations here at all", []fs.FS{things}, nil, 2026112390, 0},
	} {
		t.Run(tc.story, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.db")
			d, err := db.Open(t.Context(), path, tc.theirs...)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			before, list := snapshot(t, path)

			_, err = db.Open(t.Context(), path, tc.ours...)
			e, ok := errors.AsType[*db.Error](err)
			if !errors.Is(err, db.ErrNewerSchema) || !ok || e.Got != tc.got || e.Limit != tc.limit {
				t.Fatalf("got %v, want %v with %d and %d", err, db.ErrNewerSchema, tc.got, tc.limit)
			}
			after, listAfter := snapshot(t, path)
			if !bytes.Equal(before, after) || list != listAfter {
				t.Errorf("the refused open changed something: files before %q, after %q", list, listAfter)
			}
		})
	}
}

// The WAL of a process that was killed still holds the migration that makes the schema newer.
func TestOpenSeesANewerSchemaInAnUnfinishedWAL(t *testing.T) {
	dir := t.TempDir()
	d, err := db.Open(t.Context(), filepath.Join(dir, "live.db"), things, room(2026112395, "create table later (x);"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, suffix := range []string{"", "-wal"} { // as they would lie there after kill -9
		b, err := os.ReadFile(filepath.Join(dir, "live.db"+suffix))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "dead.db"+suffix), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dead := filepath.Join(dir, "dead.db")
	before, _ := snapshot(t, dead)
	walBefore, _ := snapshot(t, dead+"-wal")
	if _, err := db.Open(t.Context(), dead, things); !errors.Is(err, db.ErrNewerSchema) {
		t.Errorf("got %v, want %v", err, db.ErrNewerSchema)
	}
	after, _ := snapshot(t, dead)
	walAfter, _ := snapshot(t, dead+"-wal")
	if !bytes.Equal(before, after) || !bytes.Equal(walBefore, walAfter) {
		t.Error("the refused open folded the WAL into the file")
	}
}

func snapshot(t *testing.T, path string) (file []byte, names string) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names += " " + e.Name()
	}
	return file, names
}

func TestOpenRefusesWhatIsNotADatabase(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.db")
	d, err := db.Open(t.Context(), good, things, counted)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if err := add(t, d, strings.Repeat("x", 1000)+t.TempDir()); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	scribbled := bytes.Clone(whole)
	for i := 100; i < 4096*3; i++ { // behind the header
		scribbled[i] = 0xA5
	}
	for _, tc := range []struct {
		story, path string
		content     []byte
		want        error
	}{
		{"a text file", "x.db", bytes.Repeat([]byte("not a database\n"), 100), db.ErrNotDatabase},
		{"one byte", "x.db", []byte("x"), db.ErrNotDatabase},
		{"a short note", "x.db", []byte("remember to buy a new coat\n"), db.ErrNotDatabase},
		{"a database whose first pages were overwritten", "x.db", scribbled, db.ErrCorrupt},
		{"a database that was cut short", "x.db", whole[:4096*2], db.ErrCorrupt},
		{"a URL of another database", "postgres://user:secret@host/db", nil, db.ErrUnsupported},
		{"memory", ":memory:", nil, db.ErrUnsupported},
	} {
		t.Run(tc.story, func(t *testing.T) {
			path := tc.path
			if tc.content != nil {
				path = filepath.Join(t.TempDir(), path)
				if err := os.WriteFile(path, tc.content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			d, err := db.Open(t.Context(), path, things, counted)
			if !errors.Is(err, tc.want) {
				if d != nil {
					d.Close()
				}
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows a password: %v", err)
			}
			if tc.content != nil {
				if after, _ := os.ReadFile(path); !bytes.Equal(after, tc.content) {
					t.Error("the file was changed")
				}
			}
		})
	}
	if _, err := db.Open(t.Context(), t.TempDir(), things); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("a directory: got %v", err)
	}
	if _, err := db.Open(t.Context(), "x.db", things, things); err == nil || !strings.Contains(err.Error(), "same number") {
		t.Errorf("one number twice: got %v", err)
	}
}

func TestABrokenMigrationIsAnErrorAndLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	bad := room(2026112391, "create table half (x); insert into nowhere values (1);")
	if _, err := db.Open(t.Context(), path, things, bad); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Fatalf("got %v, want an error that names the table", err)
	}
	d, err := db.Open(t.Context(), path, things, room(2026112391, "create table half (y);"))
	if err != nil {
		t.Fatalf("after the mended migration: %v", err)
	}
	defer d.Close()
}

func TestOpenTwiceAtOnceInOneProcess(t *testing.T) {
	first, err := fs.ReadFile(counted, "migrations/2026112360_x.sql")
	if err != nil {
		t.Fatal(err)
	}
	for story, path := range map[string]string{"a new file": "new.db", "a file of an older schema": "old.db"} {
		t.Run(story, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), path)
			if filepath.Base(path) == "old.db" {
				// What is left to do would succeed a second time, if it were not for the unique number.
				d, err := db.Open(t.Context(), path, fstest.MapFS{"2026112360_x.sql": &fstest.MapFile{Data: first}})
				if err != nil {
					t.Fatal(err)
				}
				d.Close()
			}
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					d, err := db.Open(t.Context(), path, counted, things)
					if err != nil {
						t.Error(err)
						return
					}
					defer d.Close()
					if n := counter(t, d); n != 1111 {
						t.Errorf("got %d, want 1111: a migration was lost or applied twice", n)
					}
				})
			}
			wg.Wait()
		})
	}
}

const childPath = "CLOAKROOM_DBTEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" { // a process of TestOpenInSeveralProcessesAtOnce
		d, err := db.Open(context.Background(), path, counted, things)
		if err == nil {
			err = d.Close()
		}
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestOpenInSeveralProcessesAtOnce(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.db")
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			c := exec.CommandContext(t.Context(), self)
			c.Env = append(os.Environ(), childPath+"="+path)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	d, err := db.Open(t.Context(), path, counted, things)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if n := counter(t, d); n != 1111 {
		t.Errorf("got %d, want 1111: a migration was lost or applied twice", n)
	}
}

func TestReopenDoesNotApplyAgain(t *testing.T) {
	d := dbtest.Open(t, counted)
	again := dbtest.Again(t, d, counted)
	if n := counter(t, again); n != 1111 {
		t.Errorf("got %d, want 1111", n)
	}
}

func BenchmarkOpenAndMigrateNew(b *testing.B) {
	i := 0
	for b.Loop() {
		i++
		d, err := db.Open(b.Context(), filepath.Join(b.TempDir(), "x.db"), counted, things)
		if err != nil {
			b.Fatal(err)
		}
		d.Close()
	}
}

func BenchmarkOpenUpToDate(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x.db")
	for b.Loop() {
		d, err := db.Open(b.Context(), path, counted, things)
		if err != nil {
			b.Fatal(err)
		}
		d.Close()
	}
}

func BenchmarkUpdateOneRow(b *testing.B) {
	d, err := db.Open(b.Context(), filepath.Join(b.TempDir(), "x.db"), counted, things)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	for b.Loop() {
		err := d.Update(b.Context(), func(tx *db.Conn) error {
			_, err := tx.Exec(b.Context(), "update counters set n = n + $1", 1)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
