package sqlstore_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/sessiontest"
	"github.com/cloakroom/cloakroom/session/sqlstore"
	"pgregory.net/rapid"
)

func over(t testing.TB, d *db.DB) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.New(d.Writer(), &sqlstore.Options{Reader: d.Reader()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func open(t testing.TB) (*sqlstore.Store, *db.DB) {
	t.Helper()
	d := dbtest.Open(t, sqlstore.Migrations)
	return over(t, d), d
}

func TestStore(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T) session.Store {
		s, _ := open(t)
		return s
	})
}

// A program of somebody else: one pool for everything, own migrations table.
func TestStoreOfALibraryUser(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T) session.Store {
		pool, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "app.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { pool.Close() })
		for range 2 { // again does nothing
			if err := sqlstore.Migrate(t.Context(), pool); err != nil {
				t.Fatal(err)
			}
		}
		s, err := sqlstore.New(pool, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// firstOnly is the schema as its first release had it.
func firstOnly(t *testing.T) fs.FS {
	const name = "migrations/2026112300_sessions.sql"
	b, err := fs.ReadFile(sqlstore.Migrations, name)
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{name: &fstest.MapFile{Data: b}}
}

func TestRecordsOfAnOlderSchemaAreMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	old, err := db.Open(t.Context(), path, firstOnly(t))
	if err != nil {
		t.Fatal(err)
	}
	live, idle, ended := record("ann"), record("ann"), record("ann")
	idle.Seen = idle.Seen.Add(-2 * time.Hour)
	change := session.Change{Put: []session.Record{live, idle}, End: []session.Ending{ended.Ending(session.SignedOut, ended.Seen)}}
	if err := over(t, old).Commit(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}

	d, err := db.Open(t.Context(), path, sqlstore.Migrations)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s := over(t, d)
	if es, err := s.Sweep(t.Context(), time.Now()); err != nil || len(es) != 1 || es[0].Key != idle.Key || es[0].Reason != session.Idle {
		t.Errorf("sweep: got %v, %v, want the idle session", es, err)
	}
	if r, err := s.Load(t.Context(), live.Key); err != nil || !bytes.Equal(r.Data, live.Data) || !r.Expires.Equal(live.Expires) || r.Version != 1 {
		t.Errorf("load: got %+v, %v, want what was stored before", r, err)
	}
	if _, e, err := s.Find(t.Context(), ended.Handle); err != nil || e == nil || e.Reason != session.SignedOut {
		t.Errorf("find: got %v, %v, want how it ended", e, err)
	}
	if _, err := db.Open(t.Context(), path, firstOnly(t)); !errors.Is(err, db.ErrNewerSchema) {
		t.Errorf("the old program: got %v, want %v", err, db.ErrNewerSchema)
	}
}

// TestDumpHoldsNoCredential_SE21_T5: no form of a session id is in the database or its WAL, and no data of an ended session is left.
func TestDumpHoldsNoCredential_SE21_T5(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	d, err := db.Open(t.Context(), path, sqlstore.Migrations)
	if err != nil {
		t.Fatal(err)
	}
	s := over(t, d)
	var ids [][]byte
	var data []string
	for i := range 200 {
		r := record("ann")
		raw := bytes.Clone(r.Key[:]) // 32 random bytes
		id := base64.RawURLEncoding.EncodeToString(raw)
		key, ok := session.KeyOf(id)
		if !ok {
			t.Fatal("the test is wrong: no session id")
		}
		ids = append(ids, raw, []byte(id), []byte(hex.EncodeToString(raw)), []byte(base64.StdEncoding.EncodeToString(raw)))
		r.Key = key
		r.Data = []byte("private data " + r.Handle)
		if err := s.Commit(t.Context(), session.Change{Put: []session.Record{r}}); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			data = append(data, string(r.Data))
			if err := s.Commit(t.Context(), session.Change{End: []session.Ending{r.Ending(session.SignedOut, r.Seen)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	dump := func(suffix string) []byte {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	all := append(dump(""), dump("-wal")...)
	if !bytes.Contains(all, []byte("private data ")) {
		t.Fatal("the test is wrong: it does not see what is stored")
	}
	for _, id := range ids {
		if bytes.Contains(all, id) {
			t.Fatal("a session id is in the database")
		}
	}
	if err := d.Close(); err != nil { // which folds the WAL into the file
		t.Fatal(err)
	}
	file := dump("")
	for _, text := range data {
		if bytes.Contains(file, []byte(text)) {
			t.Fatal("data of an ended session are left in the file")
		}
	}
}

// TestLimitIsTheSameInSQL_SE22: what the sweep ends is what ExpiredAt says, to the nanosecond, in both directions.
func TestLimitIsTheSameInSQL_SE22(t *testing.T) {
	s, d := open(t)
	base := time.Now().UTC()
	rapid.Check(t, func(rt *rapid.T) {
		r := record("ann")
		offset := rapid.OneOf(rapid.Int64Range(-5, 5), rapid.Int64Range(-1e15, 1e15))
		r.Seen = base.Add(time.Duration(offset.Draw(rt, "seen")))
		r.Expires = base.Add(time.Duration(offset.Draw(rt, "expires")))
		r.Idle = time.Duration(rapid.SampledFrom([]int64{0, 1, 2, 5, 1e9, 3600e9, math.MaxInt64}).Draw(rt, "idle"))
		now := base.Add(time.Duration(offset.Draw(rt, "now")))
		if err := s.Commit(t.Context(), session.Change{Put: []session.Record{r}}); err != nil {
			rt.Fatal(err)
		}
		es, err := s.Sweep(t.Context(), now)
		if err != nil {
			rt.Fatal(err)
		}
		reason, expired := r.ExpiredAt(now)
		if expired != (len(es) == 1) || expired && es[0].Reason != reason {
			rt.Fatalf("got %v, want expired %v %s", es, expired, reason)
		}
		if _, err := d.Writer().Exec("delete from sessions; delete from endings"); err != nil {
			rt.Fatal(err)
		}
	})
}

func TestATimeThatCannotBeStoredIsAnError(t *testing.T) {
	s, _ := open(t)
	r := record("ann")
	r.Expires = time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := s.Commit(t.Context(), session.Change{Put: []session.Record{r}}); err == nil || !strings.Contains(err.Error(), "2300") || !strings.Contains(err.Error(), "2262") {
		t.Errorf("got %v, want an error with the time and the limit", err)
	}
}

func TestListingForTheCommand(t *testing.T) {
	s, _ := open(t)
	var put []session.Record
	for i := range 25 {
		r := record([]string{"ann", "bob"}[i%2])
		put = append(put, r)
	}
	if err := s.Commit(t.Context(), session.Change{Put: put}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	after := ""
	for {
		rs, err := s.All(t.Context(), after, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(rs) == 0 {
			break
		}
		for _, r := range rs {
			if r.Handle <= after || seen[r.Handle] {
				t.Fatalf("got %s after %s", r.Handle, after)
			}
			after, seen[r.Handle] = r.Handle, true
		}
	}
	if n, err := s.Count(t.Context()); err != nil || n != 25 || len(seen) != 25 {
		t.Errorf("got %d listed, %d counted, %v, want 25", len(seen), n, err)
	}
	for _, r := range put[:6] {
		if err := s.Commit(t.Context(), session.Change{End: []session.Ending{r.Ending(session.EndedByAdmin, r.Seen)}}); err != nil {
			t.Fatal(err)
		}
	}
	es, err := s.EndingsOf(t.Context(), "ann", 2)
	if err != nil || len(es) != 2 || es[0].Handle != put[4].Handle || es[1].Handle != put[2].Handle {
		t.Errorf("endings of ann: got %v, %v, want the latest two, newest first", es, err)
	}
	if seq, err := s.LastEnding(t.Context()); err != nil || seq != 6 {
		t.Errorf("last ending: got %d, %v, want 6", seq, err)
	}
	if _, err := s.Sweep(t.Context(), time.Now().Add(100*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if seq, err := s.LastEnding(t.Context()); err != nil || seq != 25 {
		t.Errorf("last ending after all were swept: got %d, %v, want 25", seq, err)
	}
}

// A query that reads the whole table is quick in a test and slow for a company.
func TestQueriesUseIndexes(t *testing.T) {
	_, d := open(t)
	for name, q := range sqlstore.Queries {
		rows, err := d.Writer().Query("explain query plan "+q, make([]any, strings.Count(q, "?"))...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for rows.Next() {
			var id, parent, x int
			var detail string
			if err := rows.Scan(&id, &parent, &x, &detail); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "CONSTANT") && name != "count" && name != "last" || strings.Contains(detail, "TEMP B-TREE") {
				t.Errorf("%s: %s", name, detail)
			}
		}
		if err := rows.Err(); err != nil {
			t.Error(err)
		}
		rows.Close()
	}
}

func TestNewWantsADatabaseItKnows(t *testing.T) {
	if _, err := sqlstore.New(nil, nil); err == nil {
		t.Error("without a database: no error")
	}
	_, d := open(t)
	if _, err := sqlstore.New(d.Writer(), &sqlstore.Options{Dialect: 7}); err == nil || !strings.Contains(err.Error(), "7") {
		t.Errorf("dialect 7: got %v", err)
	}
}

func TestBeforeMigrateIsAnErrorAndThenItWorks(t *testing.T) {
	d := dbtest.Open(t)
	s := over(t, d)
	if _, err := s.Load(t.Context(), session.Key{}); err == nil || errors.Is(err, session.ErrNotFound) {
		t.Errorf("got %v, want an error that does not say absent", err)
	}
	if err := sqlstore.Migrate(t.Context(), d.Writer()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), session.Key{}); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("got %v, want %v", err, session.ErrNotFound)
	}
}
