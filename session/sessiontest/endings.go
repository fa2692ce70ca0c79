package sessiontest

import (
	"errors"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

var reasons = []session.Reason{session.SignedOut, session.SignedOutElsewhere, session.Idle, session.Lifetime, session.Renewed, session.PasswordChanged,
	session.AccountDisabled, session.EndedByAdmin, session.TokenReuse, session.Evicted, session.BindingFailed, "a-reason-of-tomorrow"}

var endExams = []exam{
	{"EveryReason", "what remains of a session that ended: key, handle, subject, times and the reason",
		func(t *testing.T, s session.Store) {
			for i, reason := range reasons {
				r := put(t, s, newRecord("ann"))[0]
				e := r.Ending(reason, start().Add(time.Duration(i)))
				e.Seq = 1 << 40 // ignored
				commit(t, s, session.Change{End: []session.Ending{e}})
				wantEnded(t, s, e)
				wantList(t, s, "ann")
			}
		}},

	{"TheFirstReasonStays", "ending a session again is no error and changes nothing: the first reason wins",
		func(t *testing.T, s session.Store) {
			r := put(t, s, newRecord("ann"))[0]
			first := r.Ending(session.PasswordChanged, start())
			second := r.Ending(session.SignedOut, start().Add(time.Minute))
			second.Subject = "somebody else"
			commit(t, s, session.Change{End: []session.Ending{first, second}}) // within one change
			wantEnded(t, s, first)
			other := newRecord("bob")
			commit(t, s, session.Change{Put: []session.Record{other}, End: []session.Ending{second}})
			wantEnded(t, s, first)
			wantLive(t, s, stored(other)) // the rest of the change holds
		}},

	{"EndAsksForNoVersion", "a session ends whatever its version is, and never comes back",
		func(t *testing.T, s session.Store) {
			old := put(t, s, newRecord("ann"))[0]
			present := put(t, s, old)[0]
			e := old.Ending(session.AccountDisabled, start())
			commit(t, s, session.Change{End: []session.Ending{e}})
			for _, version := range []uint64{0, old.Version, present.Version, present.Version + 1} {
				r := present
				r.Version = version
				err := s.Commit(t.Context(), session.Change{Put: []session.Record{r}})
				ended, ok := errors.AsType[*session.EndedError](err)
				if !ok {
					t.Errorf("put of version %d: got %v, want how it ended", version, err)
				} else if d := diffEnding(ended.Ending, e); d != "" {
					t.Errorf("put of version %d: %s", version, d)
				}
			}
			if err := s.Touch(t.Context(), []session.Touch{{Key: old.Key, Seen: start().Add(time.Hour)}}); err != nil {
				t.Error(err)
			}
			wantEnded(t, s, e)
			wantList(t, s, "ann")
		}},

	{"EndOfWhatWasNeverStored", "a session that is not stored gets its ending all the same",
		func(t *testing.T, s session.Store) {
			r := newRecord("ann")
			e := r.Ending(session.Evicted, start())
			commit(t, s, session.Change{End: []session.Ending{e}})
			wantEnded(t, s, e)
			if err := s.Commit(t.Context(), session.Change{Put: []session.Record{r}}); err == nil {
				t.Error("it could be stored afterwards")
			}
			bare := session.Ending{Key: newRecord("").Key, At: start(), Reason: session.TokenReuse} // all that is known is the key
			commit(t, s, session.Change{End: []session.Ending{bare}})
			_, err := s.Load(t.Context(), bare.Key)
			if ended, ok := errors.AsType[*session.EndedError](err); !ok {
				t.Errorf("load: got %v, want how it ended", err)
			} else if d := diffEnding(ended.Ending, bare); d != "" {
				t.Error(d)
			}
		}},

	{"RenewInOneStep", "a sign-in: the new session is there and the old one ended, with its reason",
		func(t *testing.T, s session.Store) {
			old, fresh := put(t, s, newRecord(""))[0], newRecord("ann")
			commit(t, s, session.Change{Put: []session.Record{fresh}, End: []session.Ending{old.Ending(session.Renewed, start())}})
			wantLive(t, s, stored(fresh))
			wantEnded(t, s, old.Ending(session.Renewed, start()))
		}},
}

var sweepExams = []exam{
	{"SweepEndsWhatIsOver", "SE-22: Sweep ends what is past a limit, to the nanosecond, with the limit that passed as the time and its reason, and nothing else",
		func(t *testing.T, s session.Store) {
			now := start().Add(time.Hour)
			at := func(subject string, seen time.Time, idle time.Duration, expires time.Time) session.Record {
				r := newRecord(subject)
				r.Created, r.Seen, r.Idle, r.Expires = seen.Add(-time.Minute), seen, idle, expires
				return r
			}
			far := now.Add(1000 * time.Hour)
			idle := at("ann", now.Add(-time.Minute-1), time.Minute, far)
			old := at("ann", now, time.Hour, now.Add(-1))
			both := at("ann", now.Add(-time.Hour), time.Minute, now.Add(-time.Second))
			live := []session.Record{
				at("ann", now.Add(-time.Minute), time.Minute, far), // at its idle limit
				at("ann", now.Add(-time.Second), time.Hour, now),   // at its lifetime
				at("bob", now.Add(-500*time.Hour), 0, far),         // without an idle limit
				at("bob", far, time.Minute, far.Add(time.Hour)),    // seen by a clock that is ahead
			}
			put(t, s, append([]session.Record{idle, old, both}, live...)...)
			want := map[session.Key]session.Ending{
				idle.Key: idle.Ending(session.Idle, now.Add(-1)),
				old.Key:  old.Ending(session.Lifetime, now.Add(-1)),
				both.Key: both.Ending(session.Idle, both.Seen.Add(time.Minute)),
			}
			got := sweepAll(t, s, now)
			if len(got) != len(want) {
				t.Errorf("got %d endings, want %d", len(got), len(want))
			}
			for _, e := range got {
				w, ok := want[e.Key]
				if !ok {
					t.Errorf("a session ended that was live: %+v", e)
				} else if d := diffEnding(e, w); d != "" {
					t.Error(d)
				}
				wantEnded(t, s, e)
			}
			for _, r := range live {
				wantLive(t, s, stored(r))
			}
		}},

	{"SweepRespectsTouch", "a session that was touched in time is not idle",
		func(t *testing.T, s session.Store) {
			r := put(t, s, newRecord("ann"))[0]
			now := r.Seen.Add(r.Idle + time.Minute)
			if err := s.Touch(t.Context(), []session.Touch{{Key: r.Key, Seen: now}}); err != nil {
				t.Fatal(err)
			}
			if got := sweepAll(t, s, now); len(got) != 0 {
				t.Errorf("got %d endings, want none", len(got))
			}
			r.Seen = now
			wantLive(t, s, r)
		}},

	{"SweepEndsAll", "Sweep works in bounded parts; when it returns none, nothing that is over is left",
		func(t *testing.T, s session.Store) {
			const n = 1100 // more than a store does at once
			now := start().Add(48 * time.Hour)
			live := newRecord("ann")
			live.Seen, live.Expires = now, now.Add(time.Hour)
			over := []session.Record{live}
			for range n {
				over = append(over, newRecord("ann"))
			}
			put(t, s, over...)
			seen := map[session.Key]bool{}
			for _, e := range sweepAll(t, s, now) {
				if seen[e.Key] {
					t.Fatalf("a session ended twice: %+v", e)
				}
				seen[e.Key] = true
			}
			if len(seen) != n {
				t.Errorf("got %d endings, want %d", len(seen), n)
			}
			wantList(t, s, "ann", stored(live))
		}},

	{"EndingsAreKeptThirtyDays", "an ending is known for 30 days to the nanosecond, then forgotten; forgetting is not an ending",
		func(t *testing.T, s session.Store) {
			young, old := newRecord("ann"), newRecord("ann")
			put(t, s, young, old)
			e := young.Ending(session.SignedOut, start())
			commit(t, s, session.Change{End: []session.Ending{e, old.Ending(session.SignedOut, start().Add(-1))}})
			if got := sweepAll(t, s, start().Add(session.KeepEndings)); len(got) != 0 {
				t.Errorf("got %d endings, want none", len(got))
			}
			wantEnded(t, s, e)
			wantUnknown(t, s, old)
			sweepAll(t, s, start().Add(session.KeepEndings+1))
			wantUnknown(t, s, young)
		}},

	{"NothingToSweep", "on an empty store Sweep does nothing",
		func(t *testing.T, s session.Store) {
			if got := sweepAll(t, s, start()); len(got) != 0 {
				t.Errorf("got %d endings, want none", len(got))
			}
		}},
}

func sweepAll(t *testing.T, s session.Store, now time.Time) (all []session.Ending) {
	t.Helper()
	for range 10_000 {
		es, err := s.Sweep(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		if len(es) == 0 {
			return all
		}
		all = append(all, es...)
	}
	t.Fatal("Sweep found something to end ten thousand times")
	return nil
}
