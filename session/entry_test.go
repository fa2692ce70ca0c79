package session

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

func testManager(t *testing.T) *Manager {
	t.Helper()
	return &Manager{cache: newCache(1<<20, func(*entry) {})}
}

// TestEntryHoldsTheWholeRecord: a record that went through memory is the record, to the nanosecond.
func TestEntryHoldsTheWholeRecord(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC)
	full := Record{
		Key: Key{1, 2, 3}, Handle: "a-handle", Subject: "anna", Version: 7,
		Created: at, AuthTime: at.Add(time.Nanosecond), Seen: at.Add(time.Minute), Idle: time.Hour, Expires: at.Add(24 * time.Hour),
		Remember: true, Kind: Token, AMR: []string{"pwd", "otp"}, Device: "Firefox on Linux", Data: []byte("data"),
	}
	rows := []struct {
		why    string
		change func(r *Record)
	}{
		{"everything is set", func(*Record) {}},
		{"anonymous: no subject, and nobody proved who they are", func(r *Record) { r.Subject, r.AuthTime, r.AMR = "", time.Time{}, nil }},
		{"nothing but a key and limits", func(r *Record) { *r = Record{Key: r.Key, Created: at, Seen: at, Expires: at} }},
		{"no handle", func(r *Record) { r.Handle = "" }},
		{"letters of several bytes", func(r *Record) { r.Handle, r.Subject, r.Device = "ключ", "안나", "브라우저" }},
		{"before 1970", func(r *Record) { r.AuthTime = time.Date(1969, 7, 20, 20, 17, 40, 1, time.UTC) }},
		{"the same in all but the ways of proof, which read alike when they are joined", func(r *Record) { r.AMR = []string{"pwdotp"} }},
		{"the same again, cut elsewhere", func(r *Record) { r.AMR = []string{"pwdo", "tp"} }},
		{"the same without a limit of idleness", func(r *Record) { r.Idle = 0 }},
		{"the same, not remembered", func(r *Record) { r.Remember = false }},
		{"the same, in a cookie", func(r *Record) { r.Kind = Browser }},
	}
	m := testManager(t)
	for _, row := range rows {
		want := full
		want.AMR, want.Data = slices.Clone(full.AMR), slices.Clone(full.Data)
		row.change(&want)
		if got := m.newEntry(&want, newActivity(&want)).record(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", row.why, got, want)
		}
	}
}

// TestTraitsAreSharedAndBounded: they are there once for many sessions, and devices that nobody uses any more are not kept for ever.
func TestTraitsAreSharedAndBounded(t *testing.T) {
	m := testManager(t)
	one := m.newEntry(&Record{AMR: append(make([]string, 0, 4), "pwd"), Device: "Firefox"}, new(activity))
	two := m.newEntry(&Record{AMR: []string{"pwd"}, Device: "Firefox", Subject: "bea"}, new(activity))
	if one.traits != two.traits {
		t.Error("two sessions that have all in common hold it twice")
	}
	if r := one.record(); cap(r.AMR) != 1 {
		t.Errorf("whoever appends to the shared list would change it for all: it has room for %d", cap(r.AMR))
	}
	for i := range 3 * maxCommons {
		m.newEntry(&Record{Device: string(rune('a' + i))}, new(activity))
	}
	if n := len(m.commons.known); n > maxCommons {
		t.Errorf("%d are kept, limit %d", n, maxCommons)
	}
}

// TestKeysWithTheSameShortPartAreNotMixedUp: in the cache only a part of the key finds an entry. Keys that have it in common are
// forced here; they may push each other out, and one is never given for another.
func TestKeysWithTheSameShortPartAreNotMixedUp(t *testing.T) {
	var evicted int
	c := newCache(1<<20, func(*entry) { evicted++ })
	m := &Manager{cache: c}
	keys := make([]Key, 8)
	for i := range keys {
		keys[i] = Key{16: byte(i), 31: byte(i)} // the same stripe, the same part
	}
	for step := range 2000 {
		key := keys[rand.IntN(len(keys))]
		switch rand.IntN(3) {
		case 0:
			c.forget(&key)
			if c.get(&key) != nil {
				t.Fatalf("step %d: found what was forgotten", step)
			}
		case 1:
			e := m.newEntry(&Record{Key: key, Handle: string(rune('a' + key[31]))}, &activity{key: key})
			c.fill(e, c.generation(&key))
			if got := c.get(&key); got == nil || *got.key() != key {
				t.Fatalf("step %d: not found right after it was put in", step)
			}
		case 2:
			if e := c.get(&key); e != nil && (*e.key() != key || e.handleText() != string(rune('a'+key[31]))) {
				t.Fatalf("step %d: asked for %v, got %v", step, key, *e.key())
			}
		}
		s := c.stripe(&key)
		if len(s.ring) != len(s.entries) || len(s.ring) > 1 || (len(s.ring) == 0) != (s.bytes == 0) {
			t.Fatalf("step %d: %d in the ring, %d in the map, %d bytes", step, len(s.ring), len(s.entries), s.bytes)
		}
	}
	if evicted == 0 {
		t.Error("nobody was told of those that were pushed out: their last use would be lost")
	}
}

// TestWaitingActivitiesWithTheSameShortPart are neither lost nor taken for each other.
func TestWaitingActivitiesWithTheSameShortPart(t *testing.T) {
	w := waiting{heads: map[short]*activity{}}
	there := map[Key]*activity{}
	for step := range 5000 {
		key := Key{16: byte(rand.IntN(6)), 8: byte(rand.IntN(2))} // six of each part
		switch a := w.get(&key); {
		case a != there[key]:
			t.Fatalf("step %d: got %v, want %v", step, a, there[key])
		case a == nil:
			there[key] = &activity{key: key}
			w.add(there[key])
		default:
			if w.remove(&key) != a || a.next != nil {
				t.Fatalf("step %d: something else was removed, or it still hangs on another", step)
			}
			delete(there, key)
		}
		all := w.all(func(*activity) bool { return true })
		if len(all) != len(there) || w.n != len(there) {
			t.Fatalf("step %d: %d listed, %d counted, want %d", step, len(all), w.n, len(there))
		}
		for _, a := range all {
			if there[a.key] != a {
				t.Fatalf("step %d: %v is listed", step, a.key)
			}
		}
	}
	if len(w.heads) > 2 {
		t.Errorf("%d lists, of two parts", len(w.heads))
	}
}
