// Package memstore keeps sessions in the memory of one process.
//
// Nothing survives a restart: everybody is signed out, and nobody is told why. Within
// one process it holds to every promise of [session.Store], so it is fit for tests, for tools, and for
// programs whose sessions may end with them. Call Manager.Sweep now and then, or it grows.
package memstore

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

// Store is a [session.Store] and a [session.Follower]. Its zero value is not usable; see [New].
type Store struct {
	mu       sync.RWMutex
	records  map[session.Key]*session.Record
	handles  map[string]session.Key              // of live and of ended sessions
	subjects map[string]map[session.Key]struct{} // of live sessions
	ended    map[session.Key]*session.Ending     // kept for session.KeepEndings
	order    []*session.Ending                   // by Seq
	seq      int64
}

var (
	_ session.Store    = (*Store)(nil)
	_ session.Follower = (*Store)(nil)
)

// New returns an empty store.
func New() *Store {
	return &Store{
		records:  make(map[session.Key]*session.Record),
		handles:  make(map[string]session.Key),
		subjects: make(map[string]map[session.Key]struct{}),
		ended:    make(map[session.Key]*session.Ending),
	}
}

// Load implements [session.Store].
func (s *Store) Load(ctx context.Context, key session.Key) (session.Record, error) {
	if err := ctx.Err(); err != nil {
		return session.Record{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r := s.records[key]; r != nil {
		return *r, nil
	}
	if e := s.ended[key]; e != nil {
		return session.Record{}, &session.EndedError{Ending: *e}
	}
	return session.Record{}, session.ErrNotFound
}

// Find implements [session.Store].
func (s *Store) Find(ctx context.Context, handle string) (session.Record, *session.Ending, error) {
	if err := ctx.Err(); err != nil {
		return session.Record{}, nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	key, ok := s.handles[handle]
	if !ok {
		return session.Record{}, nil, session.ErrNotFound
	}
	if r := s.records[key]; r != nil {
		return *r, nil, nil
	}
	e := *s.ended[key]
	return session.Record{}, &e, nil
}

// List implements [session.Store].
func (s *Store) List(ctx context.Context, subject string) ([]session.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	keys := s.subjects[subject]
	list := make([]session.Record, 0, len(keys))
	for key := range keys {
		list = append(list, *s.records[key])
	}
	slices.SortFunc(list, func(a, b session.Record) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Handle, b.Handle))
	})
	return list, nil
}

// Commit implements [session.Store].
func (s *Store) Commit(ctx context.Context, c session.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// First everything that can be refused, then everything that is done.
	for i := range c.Put {
		if err := s.check(&c.Put[i], c.Put[:i]); err != nil {
			return err
		}
	}
	for i := range c.Put {
		s.put(&c.Put[i])
	}
	for i := range c.End {
		s.end(&c.End[i])
	}
	return nil
}

func (s *Store) check(r *session.Record, before []session.Record) error {
	if e := s.ended[r.Key]; e != nil {
		return &session.EndedError{Ending: *e}
	}
	old := s.records[r.Key]
	switch {
	case r.Version == 0 && old != nil, r.Version != 0 && (old == nil || old.Version != r.Version):
		return session.ErrConflict
	}
	if key, taken := s.handles[r.Handle]; taken && key != r.Key {
		return session.ErrConflict
	}
	for i := range before {
		if before[i].Key == r.Key || before[i].Handle == r.Handle {
			return session.ErrConflict
		}
	}
	return nil
}

func (s *Store) put(r *session.Record) {
	n := s.records[r.Key]
	if n == nil {
		n = new(session.Record)
		s.records[r.Key] = n
	}
	was, seen := *n, n.Seen
	*n = *r // readers get copies, made under the lock
	n.Version++
	n.Created, n.AuthTime, n.Seen, n.Expires = utc(r.Created), utc(r.AuthTime), utc(r.Seen), utc(r.Expires)
	if seen.After(n.Seen) {
		n.Seen = seen
	}
	if was.Version != 0 && was.Handle == n.Handle && was.Subject == n.Subject {
		return
	}
	s.unlink(&was)
	if was.Handle != "" {
		delete(s.handles, was.Handle)
	}
	s.handles[n.Handle] = n.Key
	if n.Subject == "" {
		return
	}
	keys := s.subjects[n.Subject]
	if keys == nil {
		keys = make(map[session.Key]struct{})
		s.subjects[n.Subject] = keys
	}
	keys[n.Key] = struct{}{}
}

func (s *Store) unlink(r *session.Record) {
	keys := s.subjects[r.Subject]
	delete(keys, r.Key)
	if len(keys) == 0 {
		delete(s.subjects, r.Subject)
	}
}

func (s *Store) end(given *session.Ending) *session.Ending {
	if s.ended[given.Key] != nil {
		return nil // the first reason stays
	}
	if r := s.records[given.Key]; r != nil {
		s.unlink(r)
		delete(s.records, r.Key)
		delete(s.handles, r.Handle)
	}
	e := new(*given)
	e.Created, e.Seen, e.At = utc(e.Created), utc(e.Seen), utc(e.At)
	s.seq++
	e.Seq = s.seq
	s.ended[e.Key] = e
	s.order = append(s.order, e)
	if _, taken := s.handles[e.Handle]; !taken {
		s.handles[e.Handle] = e.Key
	}
	return e
}

// Touch implements [session.Store].
func (s *Store) Touch(ctx context.Context, ts []session.Touch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range ts {
		if r := s.records[t.Key]; r != nil && t.Seen.After(r.Seen) {
			r.Seen = utc(t.Seen)
		}
	}
	return nil
}

// sweepBatch bounds how many sessions one Sweep ends.
const sweepBatch = 1000

// Sweep implements [session.Store]. It looks at every session.
func (s *Store) Sweep(ctx context.Context, now time.Time) ([]session.Ending, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = slices.DeleteFunc(s.order, func(e *session.Ending) bool {
		old := now.Sub(e.At) > session.KeepEndings
		if old {
			delete(s.ended, e.Key)
			if s.handles[e.Handle] == e.Key {
				delete(s.handles, e.Handle)
			}
		}
		return old
	})
	var made []session.Ending
	for _, r := range s.records {
		why, over := r.ExpiredAt(now)
		if !over {
			continue
		}
		limit, _ := r.Limit()
		given := r.Ending(why, limit)
		made = append(made, *s.end(&given))
		if len(made) == sweepBatch {
			break
		}
	}
	return made, nil
}

// Endings implements [session.Follower].
func (s *Store) Endings(ctx context.Context, after int64, limit int) ([]session.Ending, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	from, _ := slices.BinarySearchFunc(s.order, after+1, func(e *session.Ending, seq int64) int {
		return cmp.Compare(e.Seq, seq)
	})
	to := min(len(s.order), from+max(limit, 0))
	list := make([]session.Ending, 0, to-from)
	for _, e := range s.order[from:to] {
		list = append(list, *e)
	}
	return list, nil
}

// utc is a time as a store gives it back: without a place, and without the reading of
// a clock that only this process has.
func utc(t time.Time) time.Time { return t.Round(0).UTC() }
