package revocation

import "sync/atomic"

// marks are the hashes of what one shard of a table has, in an array that readers look into without a lock: for a token that holds this is one place in
// memory, where a map would be four. Only if the hash is there is the map asked, which has the whole of it.
//
// One goroutine at a time writes. It only adds; to take out, it makes new ones.
type marks struct {
	slots []atomic.Uint64 // a power of two, at least half of them 0
	used  int
}

const fewestSlots = 8

func newMarks(entries int) *marks {
	n := fewestSlots
	for n < 4*entries { // room to double before it must grow
		n *= 2
	}
	return &marks{slots: make([]atomic.Uint64, n)}
}

func (m *marks) has(hash uint64) bool {
	if m == nil {
		return false
	}
	for at := hash / shards; ; at++ {
		switch m.slots[at&uint64(len(m.slots)-1)].Load() {
		case hash:
			return true
		case 0:
			return false
		}
	}
}

// add reports whether there was room.
func (m *marks) add(hash uint64) bool {
	if m == nil || 2*(m.used+1) > len(m.slots) {
		return false
	}
	for at := hash / shards; ; at++ {
		slot := &m.slots[at&uint64(len(m.slots)-1)]
		switch slot.Load() {
		case hash:
			return true
		case 0:
			slot.Store(hash)
			m.used++
			return true
		}
	}
}
