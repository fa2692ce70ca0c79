package jar

import (
	"slices"
	"time"
)

// An entry is a cookie in the jar.
type entry struct {
	Cookie
	order  uint64 // of creation, among those with the same Created
	shelf  *shelf // nil when it is not in the jar any more
	place  int    // in the queue
	key    time.Time
	change uint64    // of the journal, that brought it
	at     time.Time // of that change
	saved  bool      // a file may have it
}

func (e *entry) expired(now time.Time) bool { return e.Persistent && !e.Expires.After(now) }

// size is what counts against the limit of a partition.
func (e *entry) size() int { return len(e.Name) + len(e.Value) }

// A shelf holds the cookies of one registrable domain in one partition, in the order of retrieval (draft-22 section 5.8.3
// step 4): longer paths first, then earlier ones.
type shelf struct {
	shelfKey
	entries []*entry
	size    int
}

type shelfKey struct{ domain, partition string }

func before(a, b *entry) int {
	if d := len(b.Path) - len(a.Path); d != 0 {
		return d
	}
	if d := a.Created.Compare(b.Created); d != 0 {
		return d
	}
	if a.order < b.order {
		return -1
	}
	return 1
}

func (s *shelf) put(e *entry) {
	i, _ := slices.BinarySearchFunc(s.entries, e, before)
	s.entries = slices.Insert(s.entries, i, e)
	s.size += e.size()
}

func (s *shelf) take(e *entry) {
	i := slices.Index(s.entries, e)
	s.entries = slices.Delete(s.entries, i, i+1)
	s.size -= e.size()
}

// find is section 5.7 step 23: a cookie is known by its name, domain, host-only-flag and path, and here its partition.
func (s *shelf) find(k *Cookie) *entry {
	for _, e := range s.entries {
		if e.HostOnly == k.HostOnly && e.Name == k.Name && e.Domain == k.Domain && e.Path == k.Path {
			return e
		}
	}
	return nil
}
