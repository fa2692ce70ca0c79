// Package sessiontest is the exam of every [session.Store].
//
//	func TestStore(t *testing.T) {
//		sessiontest.Run(t, func(t *testing.T) session.Store { return newStore(t) })
//	}
//
// Each case tests one promise of the interface's comments, and prints it when it is broken. A store that also
// is a [session.Follower] is examined as one.
package sessiontest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

// exam is one promise and the attempt to break it.
type exam struct {
	name    string
	promise string // what a reader of a failure needs to know
	run     func(t *testing.T, s session.Store)
}

// Run examines a kind of store. open returns a new, empty one for each case and arranges for its end with t.Cleanup.
// The cases run one after the other and need no network, no sleep and less than a second in all from a store in memory.
func Run(t *testing.T, open func(t *testing.T) session.Store) {
	for _, exams := range [][]exam{loadExams, commitExams, endExams, sweepExams, followExams, concurrentExams} {
		for _, e := range exams {
			t.Run(e.name, func(t *testing.T) {
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("the promise: %s", e.promise)
					}
				})
				e.run(t, open(t))
			})
		}
	}
}

// start is one instant for a whole run: near the present, so that stores that let entries lapse by themselves can be examined too, with a
// nanosecond part in which every digit differs.
var start = sync.OnceValue(func() time.Time {
	return time.Now().UTC().Truncate(time.Second).Add(123456789)
})

// newRecord makes a live record as a sign-in would.
func newRecord(subject string) session.Record {
	now := start()
	var r session.Record
	_, _ = rand.Read(r.Key[:]) // never fails
	handle := make([]byte, 16)
	_, _ = rand.Read(handle)
	r.Handle = base64.RawURLEncoding.EncodeToString(handle)
	r.Subject = subject
	r.Created, r.AuthTime, r.Seen = now, now.Add(-time.Nanosecond), now.Add(time.Nanosecond)
	r.Idle = time.Hour
	r.Expires = now.Add(24*time.Hour + 1)
	r.AMR = []string{"pwd"}
	r.Device = "Firefox on Linux"
	r.Data = []byte("data of " + r.Handle)
	return r
}

// stored is what Load returns after r was committed.
func stored(r session.Record) session.Record {
	r.Version++
	return r
}

func commit(t *testing.T, s session.Store, c session.Change) {
	t.Helper()
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

// put commits new records and returns them as they are stored.
func put(t *testing.T, s session.Store, rs ...session.Record) []session.Record {
	t.Helper()
	commit(t, s, session.Change{Put: rs})
	rs = slices.Clone(rs)
	for i := range rs {
		rs[i] = stored(rs[i])
	}
	return rs
}

func wantLive(t *testing.T, s session.Store, want session.Record) {
	t.Helper()
	got, err := s.Load(t.Context(), want.Key)
	if err != nil {
		t.Errorf("load: got %v, want the record", err)
	} else if d := diff(got, want); d != "" {
		t.Errorf("load: %s", d)
	}
	got, ending, err := s.Find(t.Context(), want.Handle)
	if err != nil || ending != nil {
		t.Errorf("find: got ending %v, error %v, want the record", ending, err)
	} else if d := diff(got, want); d != "" {
		t.Errorf("find: %s", d)
	}
}

// wantEnded checks by key and by handle; the number is the store's to choose.
func wantEnded(t *testing.T, s session.Store, want session.Ending) {
	t.Helper()
	r, err := s.Load(t.Context(), want.Key)
	ended, ok := errors.AsType[*session.EndedError](err)
	if !ok {
		t.Errorf("load: got %v, want how it ended", err)
		return
	}
	if d := diffEnding(ended.Ending, want); d != "" {
		t.Errorf("load: %s", d)
	}
	if d := diff(r, session.Record{}); d != "" {
		t.Errorf("load: got a record beside the error: %s", d)
	}
	r, found, err := s.Find(t.Context(), want.Handle)
	if err != nil || found == nil {
		t.Errorf("find: got ending %v, error %v, want the ending and no error", found, err)
		return
	}
	if d := diffEnding(*found, want); d != "" {
		t.Errorf("find: %s", d)
	}
	if d := diff(r, session.Record{}); d != "" {
		t.Errorf("find: got a record beside the ending: %s", d)
	}
}

func wantUnknown(t *testing.T, s session.Store, r session.Record) {
	t.Helper()
	if _, err := s.Load(t.Context(), r.Key); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("load: got %v, want %v", err, session.ErrNotFound)
	}
	if _, ending, err := s.Find(t.Context(), r.Handle); ending != nil || !errors.Is(err, session.ErrNotFound) {
		t.Errorf("find: got ending %v, error %v, want %v", ending, err, session.ErrNotFound)
	}
}

func wantList(t *testing.T, s session.Store, subject string, want ...session.Record) {
	t.Helper()
	got, err := s.List(t.Context(), subject)
	if err != nil {
		t.Errorf("list: %v", err)
		return
	}
	if len(got) != len(want) {
		t.Errorf("list: got %d records, want %d", len(got), len(want))
		return
	}
	for i := range got {
		if d := diff(got[i], want[i]); d != "" {
			t.Errorf("list: record %d: %s", i, d)
		}
	}
}

// diff names the first field in which two records differ. Nil and empty slices are equal.
func diff(got, want session.Record) string {
	type field struct {
		name      string
		same      bool
		got, want any
	}
	for _, f := range []field{
		{"Key", got.Key == want.Key, got.Key, want.Key},
		{"Handle", got.Handle == want.Handle, got.Handle, want.Handle},
		{"Subject", got.Subject == want.Subject, got.Subject, want.Subject},
		{"Version", got.Version == want.Version, got.Version, want.Version},
		{"Created", sameTime(got.Created, want.Created), got.Created, want.Created},
		{"AuthTime", sameTime(got.AuthTime, want.AuthTime), got.AuthTime, want.AuthTime},
		{"Seen", sameTime(got.Seen, want.Seen), got.Seen, want.Seen},
		{"Idle", got.Idle == want.Idle, got.Idle, want.Idle},
		{"Expires", sameTime(got.Expires, want.Expires), got.Expires, want.Expires},
		{"Remember", got.Remember == want.Remember, got.Remember, want.Remember},
		{"Kind", got.Kind == want.Kind, got.Kind, want.Kind},
		{"AMR", slices.Equal(got.AMR, want.AMR), got.AMR, want.AMR},
		{"Device", got.Device == want.Device, got.Device, want.Device},
		{"Data", bytes.Equal(got.Data, want.Data), brief(got.Data), brief(want.Data)},
	} {
		if !f.same {
			return fmt.Sprintf("%s: got %v, want %v", f.name, f.got, f.want)
		}
	}
	return ""
}

func diffEnding(got, want session.Ending) string {
	switch {
	case got.Seq <= 0:
		return fmt.Sprintf("Seq: got %d, want a number above 0", got.Seq)
	case got.Key != want.Key:
		return fmt.Sprintf("Key: got %x, want %x", got.Key, want.Key)
	case got.Handle != want.Handle || got.Subject != want.Subject:
		return fmt.Sprintf("Handle, Subject: got %q, %q, want %q, %q", got.Handle, got.Subject, want.Handle, want.Subject)
	case !sameTime(got.Created, want.Created) || !sameTime(got.Seen, want.Seen) || !sameTime(got.At, want.At):
		return fmt.Sprintf("Created, Seen, At: got %v, %v, %v, want %v, %v, %v", got.Created, got.Seen, got.At, want.Created, want.Seen, want.At)
	case got.Reason != want.Reason:
		return fmt.Sprintf("Reason: got %q, want %q", got.Reason, want.Reason)
	}
	return ""
}

// sameTime wants the nanosecond and UTC.
func sameTime(got, want time.Time) bool {
	return got.Equal(want) && got.Location() == time.UTC
}

func brief(b []byte) string {
	if len(b) > 40 {
		return fmt.Sprintf("%d bytes %q…", len(b), b[:40])
	}
	return fmt.Sprintf("%q", b)
}

// canceled returns a context that is over.
func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
