package sessiontest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

var followExams = []exam{
	{"EndingsInOrder", "followers read endings by Seq, each once, at most as many as they ask for; those of Sweep among them",
		func(t *testing.T, s session.Store) {
			f, ok := s.(session.Follower)
			if !ok {
				return // it need not be one
			}
			if es, err := f.Endings(t.Context(), 0, 10); err != nil || len(es) != 0 {
				t.Fatalf("a new store: got %d endings, %v", len(es), err)
			}
			var want []session.Ending
			for i, reason := range reasons {
				r := put(t, s, newRecord("ann"))[0]
				e := r.Ending(reason, start().Add(-time.Duration(i))) // the order is that of Seq, not of time
				commit(t, s, session.Change{End: []session.Ending{e}})
				commit(t, s, session.Change{End: []session.Ending{e}}) // again: no second ending
				want = append(want, e)
			}
			r := newRecord("ann")
			r.Expires = start().Add(-time.Hour)
			put(t, s, r)
			want = append(want, sweepAll(t, s, start())...)
			var after int64
			for i := 0; ; {
				es, err := f.Endings(t.Context(), after, 5)
				if err != nil || len(es) > 5 {
					t.Fatalf("got %d endings, %v", len(es), err)
				}
				if len(es) == 0 {
					if i != len(want) {
						t.Errorf("got %d endings, want %d", i, len(want))
					}
					return
				}
				for _, e := range es {
					if e.Seq <= after {
						t.Fatalf("got Seq %d after %d", e.Seq, after)
					}
					after = e.Seq
					if i >= len(want) {
						t.Fatalf("one too many: %+v", e)
					}
					if d := diffEnding(e, want[i]); d != "" {
						t.Errorf("ending %d: %s", i, d)
					}
					i++
				}
			}
		}},

	{"NumbersAreNotUsedAgain", "an ending that was forgotten does not lend its number to a later one: a follower would miss that",
		func(t *testing.T, s session.Store) {
			f, ok := s.(session.Follower)
			if !ok {
				return
			}
			first, second := newRecord("ann"), newRecord("ann")
			commit(t, s, session.Change{End: []session.Ending{first.Ending(session.SignedOut, start())}})
			es, err := f.Endings(t.Context(), 0, 1)
			if err != nil || len(es) != 1 {
				t.Fatalf("got %d endings, %v", len(es), err)
			}
			sweepAll(t, s, start().Add(session.KeepEndings+1))
			commit(t, s, session.Change{End: []session.Ending{second.Ending(session.SignedOut, start())}})
			later, err := f.Endings(t.Context(), es[0].Seq, 1)
			if err != nil || len(later) != 1 || later[0].Key != second.Key {
				t.Errorf("got %+v, %v, want the later ending", later, err)
			}
		}},

	{"FollowersMissNothing", "while others commit, no ending appears below one that was already read",
		func(t *testing.T, s session.Store) {
			f, ok := s.(session.Follower)
			if !ok {
				return
			}
			const writers, each = 8, 15
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for range each {
						r := newRecord("ann")
						if err := s.Commit(t.Context(), session.Change{End: []session.Ending{r.Ending(session.SignedOut, start())}}); err != nil {
							t.Error(err)
						}
					}
				})
			}
			done := make(chan struct{})
			go func() { wg.Wait(); close(done) }()
			var after int64
			n := 0
			for ended := false; ; {
				es, err := f.Endings(t.Context(), after, 7)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range es {
					after = e.Seq
					n++
				}
				if len(es) > 0 {
					continue
				}
				if ended {
					break
				}
				select {
				case <-done:
					ended = true // one more look
				default:
				}
			}
			if n != writers*each {
				t.Errorf("got %d endings, want %d", n, writers*each)
			}
		}},
}

var concurrentExams = []exam{
	{"OneWinner", "of 64 who change the same version at once exactly one succeeds; the others get ErrConflict",
		func(t *testing.T, s session.Store) {
			r := put(t, s, newRecord("ann"))[0]
			for round := range 5 {
				var won atomic.Int32
				var wg sync.WaitGroup
				go64 := make(chan struct{})
				for i := range 64 {
					mine := r
					mine.Data = []byte(strconv.Itoa(i))
					wg.Go(func() {
						<-go64
						switch err := s.Commit(t.Context(), session.Change{Put: []session.Record{mine}}); {
						case err == nil:
							won.Add(1)
						case !errors.Is(err, session.ErrConflict):
							t.Errorf("got %v, want %v", err, session.ErrConflict)
						}
					})
				}
				close(go64)
				wg.Wait()
				if won.Load() != 1 {
					t.Fatalf("round %d: %d winners, want 1", round, won.Load())
				}
				next, err := s.Load(t.Context(), r.Key)
				if err != nil || next.Version != r.Version+1 {
					t.Fatalf("round %d: got version %d, %v, want %d", round, next.Version, err, r.Version+1)
				}
				r = next
			}
		}},

	{"NoLostUpdate", "many who read, add one and try again on a conflict lose nothing",
		func(t *testing.T, s session.Store) {
			r := newRecord("ann")
			r.Data = []byte("0")
			put(t, s, r)
			const workers, each = 8, 10
			var wg sync.WaitGroup
			for range workers {
				wg.Go(func() {
					for range each {
						for {
							got, err := s.Load(t.Context(), r.Key)
							if err != nil {
								t.Error(err)
								return
							}
							n, _ := strconv.Atoi(string(got.Data))
							got.Data = []byte(strconv.Itoa(n + 1))
							err = s.Commit(t.Context(), session.Change{Put: []session.Record{got}})
							if err == nil {
								break
							}
							if !errors.Is(err, session.ErrConflict) {
								t.Error(err)
								return
							}
						}
					}
				})
			}
			wg.Wait()
			got, err := s.Load(t.Context(), r.Key)
			if err != nil || string(got.Data) != strconv.Itoa(workers*each) {
				t.Errorf("got %s, %v, want %d", got.Data, err, workers*each)
			}
		}},

	{"NobodySeesHalfAChange", "a subject that changes from one session to the next has exactly one whenever somebody looks",
		func(t *testing.T, s session.Store) {
			r := put(t, s, newRecord("ann"))[0]
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for ctx.Err() == nil {
						if rs, err := s.List(t.Context(), "ann"); err != nil || len(rs) != 1 {
							t.Errorf("got %d sessions, %v, want 1", len(rs), err)
							return
						}
					}
				})
			}
			for range 50 {
				next := newRecord("ann")
				commit(t, s, session.Change{Put: []session.Record{next}, End: []session.Ending{r.Ending(session.Renewed, start())}})
				r = next
			}
			cancel()
			wg.Wait()
		}},

	{"EndBeatsPut", "when a change and an ending meet, the session is ended afterwards, whoever came first, and the change says so",
		func(t *testing.T, s session.Store) {
			for range 20 {
				r := put(t, s, newRecord("ann"))[0]
				e := r.Ending(session.AccountDisabled, start().Add(time.Second))
				var wg sync.WaitGroup
				wg.Go(func() {
					err := s.Commit(t.Context(), session.Change{Put: []session.Record{r}})
					if _, ended := errors.AsType[*session.EndedError](err); err != nil && !ended {
						t.Errorf("put: got %v, want no error or how it ended", err)
					}
				})
				wg.Go(func() {
					if err := s.Commit(t.Context(), session.Change{End: []session.Ending{e}}); err != nil {
						t.Errorf("end: %v", err)
					}
				})
				wg.Go(func() {
					if err := s.Touch(t.Context(), []session.Touch{{Key: r.Key, Seen: start().Add(time.Minute)}}); err != nil {
						t.Errorf("touch: %v", err)
					}
				})
				wg.Wait()
				wantEnded(t, s, e)
			}
		}},
}
