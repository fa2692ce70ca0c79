package sqlstore_test

import (
	"crypto/rand"
	"encoding/base64"
	"path/filepath"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/sqlstore"
)

func record(subject string) session.Record {
	var r session.Record
	var handle [16]byte
	_, _ = rand.Read(r.Key[:])
	_, _ = rand.Read(handle[:])
	now := time.Now().UTC()
	r.Handle, r.Subject = base64.RawURLEncoding.EncodeToString(handle[:]), subject
	r.Created, r.AuthTime, r.Seen, r.Idle, r.Expires = now, now, now, time.Hour, now.Add(24*time.Hour)
	r.AMR, r.Device, r.Data = []string{"pwd"}, "Firefox on Linux", make([]byte, 100)
	return r
}

func benchStore(b *testing.B) *sqlstore.Store {
	d, err := db.Open(b.Context(), filepath.Join(b.TempDir(), "x.db"), sqlstore.Migrations)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	s, err := sqlstore.New(d.Writer(), &sqlstore.Options{Reader: d.Reader()})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func BenchmarkLoad(b *testing.B) {
	s := benchStore(b)
	r := record("ann")
	if err := s.Commit(b.Context(), session.Change{Put: []session.Record{r}}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Load(b.Context(), r.Key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadUnknown(b *testing.B) {
	s := benchStore(b)
	for b.Loop() {
		if _, err := s.Load(b.Context(), session.Key{}); err == nil {
			b.Fatal("found")
		}
	}
}

func BenchmarkCommitInsert(b *testing.B) {
	s := benchStore(b)
	for b.Loop() {
		if err := s.Commit(b.Context(), session.Change{Put: []session.Record{record("ann")}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCommitUpdate(b *testing.B) {
	s := benchStore(b)
	r := record("ann")
	for b.Loop() {
		if err := s.Commit(b.Context(), session.Change{Put: []session.Record{r}}); err != nil {
			b.Fatal(err)
		}
		r.Version++
	}
}

func BenchmarkCommitRenew(b *testing.B) {
	s := benchStore(b)
	old := record("ann")
	for b.Loop() {
		r := record("ann")
		err := s.Commit(b.Context(), session.Change{Put: []session.Record{r}, End: []session.Ending{old.Ending(session.Renewed, old.Seen)}})
		if err != nil {
			b.Fatal(err)
		}
		old = r
	}
}

func BenchmarkTouch100(b *testing.B) {
	s := benchStore(b)
	var rs []session.Record
	var ts []session.Touch
	for range 100 {
		r := record("ann")
		rs, ts = append(rs, r), append(ts, session.Touch{Key: r.Key, Seen: r.Seen})
	}
	if err := s.Commit(b.Context(), session.Change{Put: rs}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for i := range ts {
			ts[i].Seen = ts[i].Seen.Add(1)
		}
		if err := s.Touch(b.Context(), ts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	s := benchStore(b)
	r := record("ann")
	if err := s.Commit(b.Context(), session.Change{Put: []session.Record{r}}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := s.Find(b.Context(), r.Handle); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoadLimit is what the driver needs for one column of one row: the limit that BenchmarkLoad is measured beside.
func BenchmarkLoadLimit(b *testing.B) {
	d, err := db.Open(b.Context(), filepath.Join(b.TempDir(), "x.db"), sqlstore.Migrations)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	s, err := sqlstore.New(d.Writer(), nil)
	if err != nil {
		b.Fatal(err)
	}
	r := record("ann")
	if err := s.Commit(b.Context(), session.Change{Put: []session.Record{r}}); err != nil {
		b.Fatal(err)
	}
	stmt, err := d.Reader().Prepare("select data from sessions where key = ?")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var data []byte
		if err := stmt.QueryRowContext(b.Context(), r.Key[:]).Scan(&data); err != nil {
			b.Fatal(err)
		}
	}
}
