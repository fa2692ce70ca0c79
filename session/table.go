package session

import "encoding/binary"

// table holds what has a key, each key once. It is a hash table of pointers with open addressing, and there is nothing in it but those: a map with
// the key, or a part of it, beside the pointer takes three times as much for each session.
//
// Keys are hashes of ids that were drawn at random here, so that any part of them is as good as a hash. A client can try ids until their hashes
// begin alike, but they are never put in.
type table[T keyed] struct {
	slots []T // a power of two of them, or none; at most three in four are taken
	n     int
}

type keyed interface {
	comparable // a pointer; nil is an empty slot
	key() *Key
}

// slotBytes is what one takes when a table has just doubled.
const slotBytes = 8 * 8 / 3

func home(key *Key) int { return int(binary.LittleEndian.Uint64(key[8:])) }

// find returns where the key is, or where it would be put.
func (t *table[T]) find(key *Key) (i int, found bool) {
	var none T
	mask := len(t.slots) - 1
	for i = home(key) & mask; t.slots[i] != none; i = (i + 1) & mask {
		if *t.slots[i].key() == *key {
			return i, true
		}
	}
	return i, false
}

// get returns what has the key, or nil.
func (t *table[T]) get(key *Key) (e T) {
	if t.n > 0 {
		i, _ := t.find(key)
		e = t.slots[i]
	}
	return e
}

// add takes what has a key that is not there yet.
func (t *table[T]) add(e T) {
	if (t.n+1)*4 > len(t.slots)*3 {
		old := t.slots
		t.slots = make([]T, max(8, 2*len(old)))
		var none T
		for _, e := range old {
			if e != none {
				i, _ := t.find(e.key())
				t.slots[i] = e
			}
		}
	}
	i, _ := t.find(e.key())
	t.slots[i] = e
	t.n++
}

// remove takes out what has the key and returns it, or nil.
func (t *table[T]) remove(key *Key) (e T) {
	if t.n == 0 {
		return e
	}
	i, found := t.find(key)
	if !found {
		return e
	}
	e = t.slots[i]
	t.n--
	// Whatever stands behind without a gap moves up if that brings it nearer to its home, or it would not be found any more.
	var none T
	mask := len(t.slots) - 1
	for j := (i + 1) & mask; t.slots[j] != none; j = (j + 1) & mask {
		if (j-home(t.slots[j].key()))&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = none
	return e
}
