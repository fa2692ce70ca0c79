package revocation

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"unique"
)

// A table has endings by the ID of a session or an account. It lies in shards, so that nobody waits long for one that is swept or grows.
//
// One goroutine at a time adds and one sweeps; many find.
type table struct {
	seed   maphash.Seed
	shards [shards]shard
}

const shards = 256

type shard struct {
	marks   atomic.Pointer[marks]
	mu      sync.RWMutex // for what is below; who writes marks has it too
	endings map[string]ending
	_       [24]byte // to 64: two shards share no cache line
}

// ending says until when, and why. notBefore is of accounts.
type ending struct {
	notBefore, until int64
	reason           unique.Handle[string]
}

func newTable() *table { return &table{seed: maphash.MakeSeed()} }

// hash is never 0, which is an empty slot.
func (t *table) hash(id string) uint64 { return max(1, maphash.String(t.seed, id)) }

func (t *table) find(id string) (ending, bool) {
	hash := t.hash(id)
	s := &t.shards[hash%shards]
	if !s.marks.Load().has(hash) {
		return ending{}, false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	found, ok := s.endings[id]
	return found, ok
}

// add never shortens what is known. If it is new, room is asked first.
func (t *table) add(id string, one ending, room func() error) error {
	hash := t.hash(id)
	s := &t.shards[hash%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	old, found := s.endings[id]
	switch {
	case !found:
		if err := room(); err != nil {
			return err
		}
		if s.endings == nil {
			s.endings = make(map[string]ending)
		}
	case old.notBefore >= one.notBefore:
		one.notBefore, one.reason = old.notBefore, old.reason
	}
	one.until = max(one.until, old.until)
	s.endings[id] = one
	if !s.marks.Load().add(hash) {
		t.mark(s)
	}
	return nil
}

// mark makes the marks of a shard anew.
func (t *table) mark(s *shard) {
	m := newMarks(len(s.endings))
	for id := range s.endings {
		m.add(t.hash(id))
	}
	s.marks.Store(m)
}

// sweep forgets in one shard what ended before a time, in seconds, and says how many that were.
func (t *table) sweep(n int, before int64) (gone int) {
	s := &t.shards[n%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, one := range s.endings {
		if one.until < before {
			delete(s.endings, id)
			gone++
		}
	}
	if len(s.endings) == 0 {
		s.endings = nil // a map that was emptied keeps its memory
	}
	if gone > 0 {
		t.mark(s)
	}
	return gone
}
