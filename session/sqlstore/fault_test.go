package sqlstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/sqlstore"
)

// Every statement can fail. Then the caller gets an error that says neither "absent" nor "conflict", and nothing has changed.
func TestAFailingDatabaseIsNeverAnAnswer(t *testing.T) {
	d, faults := dbtest.OpenFaulty(t, sqlstore.Migrations)
	s := over(t, d)
	live, fresh := record("ann"), record("ann")
	stale := record("ann")
	stale.Expires, stale.Seen = stale.Created.Add(1), stale.Created
	if err := s.Commit(t.Context(), session.Change{Put: []session.Record{live, stale}}); err != nil {
		t.Fatal(err)
	}
	live.Version = 1
	gone := errors.New("disk gone")
	for _, op := range []struct {
		name string
		do   func() error
	}{
		{"load", func() error { _, err := s.Load(t.Context(), live.Key); return err }},
		{"load of what is absent", func() error { _, err := s.Load(t.Context(), session.Key{}); return err }},
		{"find", func() error { _, _, err := s.Find(t.Context(), live.Handle); return err }},
		{"find of what is absent", func() error { _, _, err := s.Find(t.Context(), "x"); return err }},
		{"list", func() error { _, err := s.List(t.Context(), "ann"); return err }},
		{"all", func() error { _, err := s.All(t.Context(), "", 10); return err }},
		{"count", func() error { _, err := s.Count(t.Context()); return err }},
		{"endings", func() error { _, err := s.Endings(t.Context(), 0, 10); return err }},
		{"endings of", func() error { _, err := s.EndingsOf(t.Context(), "ann", 10); return err }},
		{"last ending", func() error { _, err := s.LastEnding(t.Context()); return err }},
		{"touch", func() error { return s.Touch(t.Context(), []session.Touch{{Key: live.Key, Seen: live.Seen.Add(1)}}) }},
		{"sweep", func() error { _, err := s.Sweep(t.Context(), time.Now()); return err }},
		{"commit", func() error {
			return s.Commit(t.Context(), session.Change{Put: []session.Record{fresh, live}, End: []session.Ending{stale.Ending(session.Idle, stale.Seen)}})
		}},
	} {
		for n := 1; ; n++ { // the n-th operation fails
			calls := 0
			faults.Set(func(o db.Op) error {
				if calls++; calls == n {
					return gone
				}
				return nil
			})
			err := op.do()
			reached := calls >= n
			faults.Set(nil)
			if !reached {
				break
			}
			if !errors.Is(err, gone) || errors.Is(err, session.ErrNotFound) || errors.Is(err, session.ErrConflict) {
				t.Errorf("%s: call %d failed: got %v, want %v", op.name, n, err, gone)
			}
			rs, err := s.List(t.Context(), "ann")
			if err != nil || len(rs) != 2 || rs[0].Version != 1 || rs[1].Version != 1 || !rs[0].Seen.Equal(live.Seen) {
				t.Fatalf("%s: call %d failed: the store holds %v, %v", op.name, n, rs, err)
			}
			if seq, _ := s.LastEnding(t.Context()); seq != 0 {
				t.Fatalf("%s: call %d failed: an ending was kept", op.name, n)
			}
			if n > 50 {
				t.Fatalf("%s: no end", op.name)
			}
		}
		if strings.HasPrefix(op.name, "touch") || op.name == "sweep" { // the last round succeeded
			if _, err := d.Writer().Exec("delete from endings; delete from sqlite_sequence; delete from sessions"); err != nil {
				t.Fatal(err)
			}
			live.Version, stale.Version = 0, 0
			if err := s.Commit(t.Context(), session.Change{Put: []session.Record{live, stale}}); err != nil {
				t.Fatal(err)
			}
			live.Version = 1
		}
	}
}
