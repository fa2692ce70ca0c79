package account

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestKeptIsTheWholeAccount: what comes out of memory is what was read from the database.
func TestKeptIsTheWholeAccount(t *testing.T) {
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
		if got := keep(want, c.set(slices.Clone(want.Groups))).account(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", why, got, want)
		}
	}
}

// TestSetsOfGroupsAreSharedAndBounded: they are there once for many accounts, and those that nobody is in any more are not kept for ever.
func TestSetsOfGroupsAreSharedAndBounded(t *testing.T) {
	c := newCache()
	if c.set([]string{"a", "b"}) != c.set([]string{"a", "b"}) {
		t.Error("two accounts of the same groups hold them twice")
	}
	for i := range 3 * maxSets {
		if got := *c.set([]string{"a", fmt.Sprint(i)}); !slices.Equal(got, []string{"a", fmt.Sprint(i)}) {
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
	r.cache.accounts[r.cache.hash(b.ID)] = keep(a, nil)
	if got, err := r.Lookup(t.Context(), r.d.View(), b.ID); err != nil || got.ID != b.ID {
		t.Errorf("asked for %s, got %s, %v", b.ID, got.ID, err)
	}
}

// TestMemoryOf10000Accounts: one takes at most 140 bytes of memory.
func TestMemoryOf10000Accounts(t *testing.T) {
	heap := func() int {
		runtime.GC()
		runtime.GC()
		var ms runtime.MemStats
		runtime.ReadMemStats(&ms)
		return int(ms.HeapAlloc)
	}
	const n, each = 10_000, 140
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
