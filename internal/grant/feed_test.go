package grant

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
	"github.com/cloakroom/cloakroom/session"
)

var feed = NewFeed()

func all(t *testing.T, d *db.DB) []Entry {
	t.Helper()
	es, err := feed.Entries(t.Context(), d.View(), 0, 1<<62, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return es
}

// access starts a family of alice in a session, with an access token that expires after life.
func access(t *testing.T, d *db.DB, handle string, life time.Duration) {
	t.Helper()
	f := alice
	f.SessionHandle, f.AccessUntil = handle, epoch.Add(life)
	start(t, d, f)
}

// What is read is what was appended, whatever it is about.
func TestFeedEntries(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	access(t, d, "s1", time.Minute)
	access(t, d, "s2", 2*time.Minute)
	at := epoch.Add(1500 * time.Millisecond)
	update(t, d, func(tx *db.Conn) error {
		if err := feed.accountEnded(t.Context(), tx, "alice", "", session.AccountDisabled, at); err != nil {
			return err
		}
		es, err := feed.sessionsEnded(t.Context(), tx, []session.Ending{
			{Handle: "s1", Subject: "alice", At: at, Reason: session.SignedOut},
			{Handle: "unknown", Subject: "alice", At: at, Reason: session.SignedOut},
			{Handle: "s2", Subject: "alice", At: at, Reason: session.Evicted},
		}, at)
		if err != nil || len(es) != 2 || es[0].Seq != 2 || es[1].Seq != 3 {
			t.Errorf("wrote %+v, %v", es, err)
		}
		return err
	})
	update(t, d, func(tx *db.Conn) error { return feed.KeyRetired(t.Context(), tx, "kid", at) })
	want := []Entry{
		{Seq: 1, Kind: AccountEntry, Subject: "alice", At: at, NotBefore: epoch.Add(time.Second), Reason: session.AccountDisabled, Until: epoch.Add(2*time.Minute + feedMargin)},
		{Seq: 2, Kind: SessionEntry, Session: "s1", Subject: "alice", At: at, Reason: session.SignedOut, Until: epoch.Add(time.Minute + feedMargin)},
		{Seq: 3, Kind: SessionEntry, Session: "s2", Subject: "alice", At: at, Reason: session.Evicted, Until: epoch.Add(2*time.Minute + feedMargin)},
		{Seq: 4, Kind: KeyEntry, Key: "kid", At: at, Until: at.Add(30 * 24 * time.Hour)},
	}
	if got := all(t, d); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if head, err := feed.Head(t.Context(), d.View()); head != 4 || err != nil {
		t.Errorf("head %d, %v", head, err)
	}
	living, err := feed.Living(t.Context(), d.View(), 1, 3, 9, epoch.Add(time.Minute+feedMargin))
	if err != nil || len(living) != 1 || living[0].Seq != 3 {
		t.Errorf("living %+v, %v", living, err)
	}
}

// An account is told of unless a token that is spared would die with the others, or nothing would.
func TestFeedAccountSparesTokens(t *testing.T) {
	for _, c := range []struct {
		what         string
		s1, s2       time.Duration // until when their tokens live; 0 = no such session
		except       string
		want         bool
		wantUntilEnd time.Duration
	}{
		{"both end", time.Minute, time.Hour, "", true, time.Hour},
		{"the one that is spared has no tokens", time.Minute, time.Hour, "browser", true, time.Hour},
		{"the one that is spared has", time.Minute, time.Hour, "s2", false, 0},
		{"the spared one's has expired", -feedMargin, time.Hour, "s1", true, time.Hour},
		{"the spared one's is within the leeway", time.Nanosecond - feedMargin, time.Hour, "s1", false, 0},
		{"none lives", -feedMargin, -time.Hour, "", false, 0},
		{"there is none", 0, 0, "", false, 0},
	} {
		d := dbtest.Open(t, Migrations)
		if c.s1 != 0 {
			access(t, d, "s1", c.s1)
			access(t, d, "s2", c.s2)
		}
		update(t, d, func(tx *db.Conn) error {
			return feed.accountEnded(t.Context(), tx, "alice", c.except, session.PasswordChanged, epoch)
		})
		got := all(t, d)
		if len(got) > 0 != c.want || c.want && !got[0].Until.Equal(epoch.Add(c.wantUntilEnd+feedMargin)) {
			t.Errorf("%s: %+v", c.what, got)
		}
	}
}

// The expiry of the newest access token never moves back, and an ended family issues none.
func TestIssued(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	token := start(t, d, alice)
	f, err := families.Find(t.Context(), d.View(), token)
	if err != nil || !f.AccessUntil.IsZero() {
		t.Fatalf("%+v %v", f, err)
	}
	issued := func(life time.Duration) error {
		return d.Update(t.Context(), func(tx *db.Conn) error { return families.Issued(t.Context(), tx, f.ID, epoch.Add(life)) })
	}
	for _, c := range []struct{ life, want time.Duration }{{time.Hour, time.Hour}, {time.Minute, time.Hour}, {2 * time.Hour, 2 * time.Hour}} {
		if err := issued(c.life); err != nil {
			t.Fatal(err)
		}
		if f, _ = families.Find(t.Context(), d.View(), token); !f.AccessUntil.Equal(epoch.Add(c.want)) {
			t.Errorf("%v: %v", c.life, f.AccessUntil)
		}
	}
	must(t, d, token, epoch) // what was noted does not stand in the way of the next
	update(t, d, func(tx *db.Conn) error { _, err := families.EndFamily(t.Context(), tx, f.ID, "signed-out"); return err })
	if err := issued(3 * time.Hour); !errors.Is(err, ErrConflict) {
		t.Errorf("a token for an ended family: %v", err)
	}
}

// Numbers come into sight in their order and without a gap, although some transactions are undone.
func TestFeedNumbersHaveNoGap(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	undone := errors.New("undone")
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			for j := range 25 {
				err := d.Update(context.Background(), func(tx *db.Conn) error {
					if err := feed.KeyRetired(context.Background(), tx, fmt.Sprint(i, j), epoch); err != nil {
						return err
					}
					if j%3 == 0 {
						return undone
					}
					return nil
				})
				if err != nil && !errors.Is(err, undone) {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for seen := int64(0); ; {
		head, err := feed.Head(t.Context(), d.View())
		if err != nil {
			t.Fatal(err)
		}
		es, err := feed.Entries(t.Context(), d.View(), seen, head, 1<<30)
		if err != nil || int64(len(es)) != head-seen {
			t.Fatalf("%d entries behind %d, head %d: %v", len(es), seen, head, err)
		}
		for i, e := range es {
			if e.Seq != seen+int64(i)+1 {
				t.Fatalf("%d behind %d", e.Seq, seen)
			}
		}
		seen = head
		select {
		case <-done:
			if seen < 8*16 {
				continue
			}
			return
		default:
		}
	}
}

// A sweep is bounded, takes what has expired, and no number is given twice after it.
func TestFeedSweep(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	update(t, d, func(tx *db.Conn) error {
		for range feedBatch + 1 {
			if err := feed.KeyRetired(t.Context(), tx, "old", epoch); err != nil {
				return err
			}
		}
		return feed.KeyRetired(t.Context(), tx, "new", epoch.Add(1))
	})
	for _, want := range []int{feedBatch, 1, 0} {
		update(t, d, func(tx *db.Conn) error {
			n, err := feed.Sweep(t.Context(), tx, epoch.Add(keyMargin))
			if n != want {
				t.Errorf("swept %d, want %d", n, want)
			}
			return err
		})
	}
	if es := all(t, d); len(es) != 1 || es[0].Key != "new" {
		t.Errorf("%+v", es)
	}
	update(t, d, func(tx *db.Conn) error {
		_, err := feed.Sweep(t.Context(), tx, epoch.Add(2*keyMargin))
		return err
	})
	update(t, d, func(tx *db.Conn) error { return feed.KeyRetired(t.Context(), tx, "next", epoch) })
	if es := all(t, d); es[0].Seq != feedBatch+3 {
		t.Errorf("a number comes twice: %+v", es)
	}
}

func TestFeedNeedsATransaction(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	if err := feed.KeyRetired(t.Context(), d.View(), "kid", epoch); !errors.Is(err, ErrNoTransaction) {
		t.Error(err)
	}
	if _, err := feed.Sweep(t.Context(), d.View(), epoch); !errors.Is(err, ErrNoTransaction) {
		t.Error(err)
	}
	if err := families.Issued(t.Context(), d.View(), "id", epoch); !errors.Is(err, ErrNoTransaction) {
		t.Error(err)
	}
}

// A house from before the feed begins with what ended in the last hour, and takes every token for as long-lived as one can be.
func TestFeedOfAnOlderHouse(t *testing.T) {
	before := fstest.MapFS{}
	names, err := fs.Glob(Migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name < "migrations/2026112333" {
			text, err := fs.ReadFile(Migrations, name)
			if err != nil {
				t.Fatal(err)
			}
			before[name] = &fstest.MapFile{Data: text}
		}
	}
	d := dbtest.Open(t, before)
	now := time.Now()
	insert := func(handle string, started, ended time.Duration) {
		t.Helper()
		var at int64
		if ended != 0 {
			at = now.Add(ended).UnixNano()
		}
		update(t, d, func(tx *db.Conn) error {
			_, err := tx.Exec(t.Context(), `
				INSERT INTO refresh_families (id, version, session_handle, subject, client_id, scope, started, expires, newest, rotated, ended, end_reason)
				VALUES ($1, 1, $1, 'alice', 'cloakroom', 'account', $2, $3, 0, $2, $4, 'signed-out')`,
				handle, now.Add(started).UnixNano(), now.Add(720*time.Hour).UnixNano(), at)
			return err
		})
	}
	insert("long-ended", -5*time.Hour, -2*time.Hour)
	insert("second", -5*time.Hour, -10*time.Minute)
	insert("first", -5*time.Hour, -50*time.Minute)
	insert("living", -5*time.Hour, 0)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = dbtest.Again(t, d, Migrations)
	es := all(t, d)
	if len(es) != 2 || es[0].Session != "first" || es[1].Session != "second" || es[0].Seq != 1 || es[1].Seq != 2 ||
		es[1].Until.Sub(now).Round(time.Minute) != 51*time.Minute || es[1].Reason != session.SignedOut {
		t.Errorf("%+v", es)
	}
	if head, err := feed.Head(t.Context(), d.View()); head != 2 || err != nil {
		t.Errorf("head %d, %v", head, err)
	}
	var until sql.NullInt64
	if err := d.View().QueryRow(t.Context(), "SELECT access_until FROM refresh_families WHERE id = 'living'").Scan(&until); err != nil {
		t.Fatal(err)
	}
	if life := stamp(until.Int64).Sub(now); life < time.Hour-2*time.Second || life > time.Hour+time.Minute {
		t.Errorf("the living session's token is taken to live %v", life)
	}
}
