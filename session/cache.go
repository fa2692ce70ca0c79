package session

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// cache keeps live sessions, bounded in bytes. It is exact: once forget has returned, no
// get returns what the key had before, although a reader may have fetched the old
// record from the store and be on its way to fill it in. To that end every
// change of a stripe raises its generation, and a fill counts only if the generation is still
// the one that its reader took before it went to the store.
//
// It is own code and not maypok86/otter. Otter's Get discards a load that an invalidation has overtaken, but
// a save and an adopted plan put in what they wrote without a load, and must lose to an ending
// all the same; and its InvalidateAll leaves loads in flight undefined. So the stripes and generations would be needed
// around it, and with them there is little left for it to do. Measured beside each other with 10,000 sessions: a
// get costs 28 ns of CPU here and 43 there, on two cores at once 48 and 140 ns; a
// put about the same; and it takes 15 bytes a session where otter takes 76.
//
// Each stripe throws out by second chance (CLOCK): a get sets one bit.
type cache struct {
	stripes []stripe
	mask    uint8
	evict   func(*entry) // called with the stripe locked
	stale   atomic.Bool  // true: empty, and stays so
}

type stripe struct {
	mu         sync.Mutex
	generation uint64
	entries    table[*entry]
	hand       int
	bytes      int
	limit      int

	hits, misses, evictions uint64
	_                       [24]byte // stripes of neighbours share no cache line
}

// maxStripes is 64: beyond the cores of most machines. A stripe should hold some of the largest sessions.
const (
	maxStripes  = 64
	stripeBytes = 256 << 10
)

func newCache(limit int, evict func(*entry)) *cache {
	limit = max(limit, 0)
	n := 1
	if limit > stripeBytes {
		n = min(maxStripes, 1<<(bits.Len(uint(limit/stripeBytes))-1))
	}
	c := &cache{stripes: make([]stripe, n), mask: uint8(n - 1), evict: evict}
	for i := range c.stripes {
		c.stripes[i].limit = limit / n
	}
	return c
}

// stripe of a key. Keys are hashes, so that any byte is as good as random.
func (c *cache) stripe(key *Key) *stripe { return &c.stripes[key[0]&c.mask] }

// get returns the entry of the key, or nil.
func (c *cache) get(key *Key) *entry {
	s := c.stripe(key)
	s.mu.Lock()
	e := s.entries.get(key)
	if e != nil {
		e.act.set(used)
		s.hits++
	} else {
		s.misses++
	}
	s.mu.Unlock()
	return e
}

// generation returns what fill and replace want to know: ask before reading or writing the store.
func (c *cache) generation(key *Key) uint64 {
	s := c.stripe(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation
}

// fill offers what was read from the store since generation was asked. It returns
// the entry to use: an earlier fill of the same or a newer version wins.
func (c *cache) fill(e *entry, generation uint64) *entry {
	s := c.stripe(e.key())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation != generation || c.stale.Load() {
		return e
	}
	if old := s.entries.get(e.key()); old != nil {
		old.act.touch(e.act.seen.Load())
		if old.version() >= e.version() {
			return old
		}
		e.act = old.act
	}
	s.put(e, c.evict)
	return e
}

// replace puts in what was written to the store since generation was asked. If
// anything else happened meanwhile, the order of the two is not known: the key is
// forgotten, and the store asked next time.
func (c *cache) replace(e *entry, generation uint64) {
	s := c.stripe(e.key())
	s.mu.Lock()
	defer s.mu.Unlock()
	same := s.generation == generation && !c.stale.Load()
	s.generation++
	if same {
		s.put(e, c.evict)
	} else {
		s.remove(e.key())
	}
}

// forget removes the key, and what is on its way to the cache.
func (c *cache) forget(key *Key) {
	s := c.stripe(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	s.remove(key)
}

// setStale empties the cache and keeps it empty, or lets it fill again.
func (c *cache) setStale(stale bool) {
	c.stale.Store(stale)
	if !stale {
		return
	}
	for i := range c.stripes {
		s := &c.stripes[i]
		s.mu.Lock()
		s.generation++
		s.entries, s.hand, s.bytes = table[*entry]{}, 0, 0
		s.mu.Unlock()
	}
}

// put adds or replaces an entry and throws out others until the stripe fits. An entry
// that is larger than the stripe is not kept.
func (s *stripe) put(e *entry, evict func(*entry)) {
	s.remove(e.key())
	size := e.size()
	if size > s.limit {
		evict(e)
		return
	}
	for s.bytes+size > s.limit {
		s.hand &= len(s.entries.slots) - 1
		switch victim := s.entries.slots[s.hand]; {
		case victim == nil:
			s.hand++
		case victim.act.is(used):
			victim.act.clear(used)
			s.hand++
		default:
			s.remove(victim.key()) // another may move up into the slot
			s.evictions++
			evict(victim)
		}
	}
	s.entries.add(e)
	s.bytes += size
}

func (s *stripe) remove(key *Key) {
	if e := s.entries.remove(key); e != nil {
		s.bytes -= e.size()
	}
}
