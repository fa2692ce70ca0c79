package sessiontest

import (
	"errors"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

var commitExams = []exam{
	{"Nothing", "an empty change is no error",
		func(t *testing.T, s session.Store) { commit(t, s, session.Change{}) }},

	{"CompareAndSwap", "a record is replaced only by who read its present version; the version grows by one",
		func(t *testing.T, s session.Store) {
			r := put(t, s, newRecord("ann"))[0]
			if r.Version != 1 {
				t.Fatalf("the exam is wrong: version %d", r.Version)
			}
			stale := r
			for _, data := range []string{"second", "third", ""} {
				r.Data = []byte(data)
				r = put(t, s, r)[0]
				wantLive(t, s, r)
				for _, version := range []uint64{stale.Version, r.Version + 1, r.Version + 1<<40, 0} {
					wrong := stale
					wrong.Version, wrong.Data = version, []byte("lost update")
					if err := s.Commit(t.Context(), session.Change{Put: []session.Record{wrong}}); !errors.Is(err, session.ErrConflict) {
						t.Errorf("put of version %d over %d: got %v, want %v", version, r.Version, err, session.ErrConflict)
					}
				}
				wantLive(t, s, r)
			}
		}},

	{"ReplacesEveryField", "a new version may change everything but the key, the handle among it",
		func(t *testing.T, s session.Store) {
			r := put(t, s, newRecord("ann"))[0]
			n := newRecord("bob")
			n.Key, n.Version = r.Key, r.Version
			n.AuthTime, n.Idle, n.Remember, n.Kind, n.AMR, n.Device = time.Time{}, 0, true, session.Token, nil, ""
			n = put(t, s, n)[0]
			wantLive(t, s, n)
			wantList(t, s, "ann")
			wantList(t, s, "bob", n)
			if _, _, err := s.Find(t.Context(), r.Handle); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("find by the old handle: got %v, want %v", err, session.ErrNotFound)
			}
		}},

	{"ReplaceKeepsTheLaterSeen", "a new version that was read before a Touch does not move Seen back",
		func(t *testing.T, s session.Store) {
			r := put(t, s, newRecord("ann"))[0]
			touched := r.Seen.Add(time.Minute)
			if err := s.Touch(t.Context(), []session.Touch{{Key: r.Key, Seen: touched}}); err != nil {
				t.Fatal(err)
			}
			r.Data = []byte("written without knowing")
			r = put(t, s, r)[0]
			r.Seen = touched
			wantLive(t, s, r)
			r.Seen = touched.Add(time.Nanosecond)
			wantLive(t, s, put(t, s, r)[0])
		}},

	{"TakenKeyOrHandle", "a new record whose key or handle is taken is ErrConflict; so is a new version of what is not stored",
		func(t *testing.T, s session.Store) {
			r := put(t, s, newRecord("ann"))[0]
			sameKey, sameHandle, unknown := newRecord("bob"), newRecord("bob"), newRecord("bob")
			sameKey.Key, sameHandle.Handle, unknown.Version = r.Key, r.Handle, 1
			other := put(t, s, newRecord("bob"))[0]
			renamed := other
			renamed.Handle = r.Handle
			for story, bad := range map[string]session.Record{"taken key": sameKey, "taken handle": sameHandle, "never stored": unknown, "renamed to a taken handle": renamed} {
				if err := s.Commit(t.Context(), session.Change{Put: []session.Record{bad}}); !errors.Is(err, session.ErrConflict) {
					t.Errorf("%s: got %v, want %v", story, err, session.ErrConflict)
				}
			}
			wantLive(t, s, r)
			wantLive(t, s, other)
			wantUnknown(t, s, unknown)
		}},

	{"WholeOrNotAtAll", "one conflict in a change undoes all of it: puts before it, puts after it, and endings",
		func(t *testing.T, s session.Store) {
			old := put(t, s, newRecord("ann"))[0]
			changed := put(t, s, newRecord("ann"))[0]
			gone := newRecord("ann")
			put(t, s, gone)
			goneEnding := gone.Ending(session.Idle, start())
			commit(t, s, session.Change{End: []session.Ending{goneEnding}})
			stale := changed
			stale.Version += 7
			change := changed
			change.Data = []byte("must not stay")
			first, last := newRecord("ann"), newRecord("ann")
			for _, tc := range []struct {
				story string
				bad   session.Record
				ended bool
			}{{"a stale version", stale, false}, {"a session that ended", gone, true}} {
				puts := []session.Record{first, change, tc.bad, last}
				if tc.bad.Key == change.Key {
					puts = []session.Record{first, tc.bad, last}
				}
				err := s.Commit(t.Context(), session.Change{Put: puts, End: []session.Ending{old.Ending(session.Renewed, start())}})
				if ended, ok := errors.AsType[*session.EndedError](err); tc.ended {
					if !ok {
						t.Errorf("%s: got %v, want how it ended", tc.story, err)
					} else if d := diffEnding(ended.Ending, goneEnding); d != "" {
						t.Errorf("%s: %s", tc.story, d)
					}
				} else if !errors.Is(err, session.ErrConflict) {
					t.Errorf("%s: got %v, want %v", tc.story, err, session.ErrConflict)
				}
				wantUnknown(t, s, first)
				wantUnknown(t, s, last)
				wantLive(t, s, old)
				wantLive(t, s, changed)
			}
			// and without the bad one all of it happens
			commit(t, s, session.Change{Put: []session.Record{first, change, last}, End: []session.Ending{old.Ending(session.Renewed, start())}})
			wantLive(t, s, stored(first))
			wantLive(t, s, stored(change))
			wantLive(t, s, stored(last))
			wantEnded(t, s, old.Ending(session.Renewed, start()))
		}},
}
