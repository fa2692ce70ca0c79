package session

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
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
		{"the person proved who they are when it began", func(r *Record) { r.AuthTime = r.Created }},
		{"no times at all", func(r *Record) { r.Created, r.AuthTime, r.Expires = time.Time{}, time.Time{}, time.Time{} }},
		{"many versions", func(r *Record) { r.Version = 1<<63 + 300 }},
		{"long names", func(r *Record) { r.Handle, r.Subject = strings.Repeat("h", 300), strings.Repeat("s", 3000) }},
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
		e := m.newEntry(&want, newActivity(&want))
		if got := e.record(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", row.why, got, want)
		}
		want.Version++
		want.Data = []byte("new data")
		if got := e.next(want.Data).record(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s, next version:\n got %+v\nwant %+v", row.why, got, want)
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

// TestTableAgainstAMap: whatever is done to a table, it holds what a map would. Keys with the same home, one after the other around the end, and
// far apart are forced here: in a table that they fill as far as it lets them, each in the way of others.
func TestTableAgainstAMap(t *testing.T) {
	for range 200 {
		homes := 1 + rand.IntN(12)
		var table table[*activity]
		there := map[Key]*activity{}
		for step := range 500 {
			key := Key{8: byte(253 + rand.IntN(homes)), 31: byte(rand.IntN(3))} // 253 to 255 are at the end of a table of up to 256, then 0 follows
			switch a := table.get(&key); {
			case a != there[key]:
				t.Fatalf("step %d: got %v, want %v", step, a, there[key])
			case a == nil && rand.IntN(2) == 0:
				if table.remove(&key) != nil {
					t.Fatalf("step %d: removed what is not there", step)
				}
			case a == nil:
				there[key] = &activity{session: key}
				table.add(there[key])
			default:
				if table.remove(&key) != a {
					t.Fatalf("step %d: something else was removed", step)
				}
				delete(there, key)
			}
			n := 0
			for _, a := range table.slots {
				if a != nil {
					n++
					if there[a.session] != a {
						t.Fatalf("step %d: %v is in the table", step, a.session)
					}
				}
			}
			if n != len(there) || table.n != n || n*4 > len(table.slots)*3 {
				t.Fatalf("step %d: %d in %d slots, %d counted, want %d", step, n, len(table.slots), table.n, len(there))
			}
		}
		for key, a := range there {
			if table.get(&key) != a {
				t.Fatalf("%v is lost", key)
			}
		}
	}
}

// TestCacheAccountsForEveryByte: after whatever was put in, replaced, thrown out and forgotten, a stripe counts what it holds, and no more than it may.
func TestCacheAccountsForEveryByte(t *testing.T) {
	var evicted int
	c := newCache(8<<10, func(*entry) { evicted++ })
	m := &Manager{cache: c}
	for step := range 20_000 {
		key := Key{8: byte(rand.IntN(64)), 31: byte(rand.IntN(2))}
		switch rand.IntN(4) {
		case 0:
			c.forget(&key)
			if c.get(&key) != nil {
				t.Fatalf("step %d: found what was forgotten", step)
			}
		case 1, 2:
			e := m.newEntry(&Record{Key: key, Handle: string(rune('a' + key[8])), Data: make([]byte, rand.IntN(600)), Version: uint64(step)}, &activity{session: key})
			c.fill(e, c.generation(&key))
			if got := c.get(&key); got != e {
				t.Fatalf("step %d: not found right after it was put in", step)
			}
		case 3:
			if e := c.get(&key); e != nil && (*e.key() != key || e.unpack().handle != string(rune('a'+key[8]))) {
				t.Fatalf("step %d: asked for %v, got %v", step, key, *e.key())
			}
		}
		s, n, bytes := c.stripe(&key), 0, 0
		for _, e := range s.entries.slots {
			if e != nil {
				n++
				bytes += e.size()
			}
		}
		if n != s.entries.n || bytes != s.bytes || bytes > s.limit {
			t.Fatalf("step %d: %d entries of %d bytes, counted as %d of %d, limit %d", step, n, bytes, s.entries.n, s.bytes, s.limit)
		}
	}
	if evicted == 0 {
		t.Error("nobody was told of those that were thrown out: their last use would be lost")
	}
}

// TestSecondChance: what was asked for since the hand came by stays, and what was not goes.
func TestSecondChance(t *testing.T) {
	m := &Manager{}
	nth := func(i int) *entry {
		key := Key{8: byte(i), 9: byte(i >> 8)}
		return m.newEntry(&Record{Key: key}, &activity{session: key})
	}
	size := nth(0).size()
	c := newCache(100*size, func(*entry) {})
	m.cache = c
	for i := range 100 {
		c.fill(nth(i), 0)
	}
	for i := range 50 {
		c.get(nth(i).key())
	}
	for i := range 40 {
		c.fill(nth(1000+i), 0)
	}
	for i := range 50 {
		if c.get(nth(i).key()) == nil {
			t.Errorf("%d was thrown out, although it was asked for", i)
		}
	}
}
