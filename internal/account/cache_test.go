package account

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPackedIsTheWholeAccount: what comes out of memory is what was read from the database.
func TestPackedIsTheWholeAccount(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC)
	for why, want := range map[string]Account{
		"everything is set": {ID: "AAAAAAAAAAAAAAAAAAAAAA", Email: "anna@example.org", Name: "안나", Groups: []string{"a", "b"}, Admin: true, Disabled: true,
			EmailTrusted: true, Created: at, PasswordChanged: at.Add(1)},
		"has no name, no group and no password": {ID: "B", Email: "bea@example.org", Created: at},
		"is an administrator and no more":       {ID: "C", Admin: true},
		"is disabled and no more":               {ID: "D", Disabled: true},
		"is trusted and no more":                {ID: "E", EmailTrusted: true},
		"has the longest address there is":      {ID: "F", Email: strings.Repeat("a", 64) + "@" + strings.Repeat("b", 189), Name: strings.Repeat("n", 400)},
		"came before 1970":                      {ID: "G", Created: time.Unix(-1, 0).UTC(), PasswordChanged: time.Unix(0, -1).UTC()},
	} {
		c := newCache()
		if got := c.unpack(string(pack(want))); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", why, got, want)
		}
	}
}

// TestSetsOfGroupsAreSharedAndBounded: they are there once for many accounts, and those that nobody is in any more are not kept for ever.
func TestSetsOfGroupsAreSharedAndBounded(t *testing.T) {
	c := newCache()
	if one, two := c.set("a,b"), c.set("a,b"); &one[0] != &two[0] || cap(one) != 2 {
		t.Errorf("two accounts of the same groups hold them twice, or have room for %d", cap(one))
	}
	for i := range 3 * maxSets {
		if got := c.set(fmt.Sprint("a,", i)); !slices.Equal(got, []string{"a", fmt.Sprint(i)}) {
			t.Fatalf("%d: got %q", i, got)
		}
	}
	if len(c.sets) > maxSets {
		t.Errorf("%d are kept, limit %d", len(c.sets), maxSets)
	}
}

// TestIDsWithTheSameHashAreNotMixedUp: in the cache a hash finds an account. Should two have the same, one is never given for the other.
func TestIDsWithTheSameHashAreNotMixedUp(t *testing.T) {
	r := newRig(t, nil)
	a, b := r.lea, r.person(Draft{Email: "bea@example.org"}, "")
	r.cache.accounts[r.cache.hash(b.ID)], _ = r.cache.shelf.put(pack(a))
	if got, err := r.Lookup(t.Context(), r.d.View(), b.ID); err != nil || got.ID != b.ID {
		t.Errorf("asked for %s, got %s, %v", b.ID, got.ID, err)
	}
}

// TestShelfIsTidied: however long accounts come and go, all that are there are found, and the gaps that others left stay few.
func TestShelfIsTidied(t *testing.T) {
	c, now := newCache(), time.Now()
	there := map[string]Account{}
	for step := range 50_000 {
		a := Account{ID: fmt.Sprint(rand.IntN(2000)), Name: strings.Repeat("n", rand.IntN(200))}
		switch rand.IntN(5000) {
		case 0:
			c.forget()
			clear(there)
		case 1:
			for id := range there {
				c.forget(id)
			}
			clear(there)
		default:
			if rand.IntN(3) == 0 {
				c.forget(a.ID)
				delete(there, a.ID)
				break
			}
			c.put(a, c.generation, now)
			there[a.ID] = a
		}
		if step%1000 != 0 {
			continue
		}
		live := 0
		for id, want := range there {
			p, ok := c.accounts[c.hash(id)]
			if !ok {
				t.Fatalf("step %d: %s is lost", step, id)
			}
			b := c.shelf.at(p)
			if got := c.unpack(string(b)); !reflect.DeepEqual(got, want) {
				t.Fatalf("step %d: got %+v, want %+v", step, got, want)
			}
			live += 2 + len(b)
		}
		if got := c.shelf.used - c.shelf.gaps; got != live || len(c.accounts) != len(there) {
			t.Fatalf("step %d: %d bytes of %d accounts, want %d of %d", step, got, len(c.accounts), live, len(there))
		}
		if n := len(c.shelf.boards) * boardSize; n > 3*live+4*boardSize {
			t.Fatalf("step %d: boards of %d bytes hold %d", step, n, live)
		}
	}
}

// TestWhatIsTooLargeIsNotCached: there are groups for that, if somebody tries.
func TestWhatIsTooLargeIsNotCached(t *testing.T) {
	c, now := newCache(), time.Now()
	c.put(Account{ID: "x", Name: "small"}, 0, now)
	c.put(Account{ID: "x", Name: strings.Repeat("n", maxThing)}, 0, now)
	if len(c.accounts) != 0 {
		t.Error("the account before the change is still there")
	}
}

// TestMemoryOf10000Accounts: one takes at most 120 bytes of memory.
func TestMemoryOf10000Accounts(t *testing.T) {
	heap := func() int {
		runtime.GC()
		runtime.GC()
		var ms runtime.MemStats
		runtime.ReadMemStats(&ms)
		return int(ms.HeapAlloc)
	}
	const n, each = 10_000, 120
	before := heap()
	c, now := newCache(), time.Now()
	for i := range n {
		c.put(Account{
			ID: randomID(), Email: fmt.Sprintf("person%d@example.org", i), Name: "Person", Groups: []string{"staff", "wiki"}, Created: now, PasswordChanged: now,
		}, 0, now)
	}
	used := heap() - before
	t.Logf("%d bytes each", used/n)
	if used > n*each {
		t.Errorf("%d bytes each, limit %d", used/n, each)
	}
	runtime.KeepAlive(c)
}
