package revocation

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"unique"
)

// One goroutine adds, one sweeps, others find: what is in is found at every moment, while its shard grows and is swept.
func TestTableUnderLoad(t *testing.T) {
	const n = 20_000
	table, none := newTable(), func() error { return nil }
	for k := range n {
		table.add(fmt.Sprint("stays ", k), ending{until: 100, reason: unique.Make("idle")}, none)
	}
	var load sync.WaitGroup
	stop := make(chan struct{})
	load.Go(func() {
		for k := range 5 * n {
			table.add(fmt.Sprint("goes ", k), ending{until: 1}, none)
		}
		close(stop)
	})
	load.Go(func() {
		for k := 0; ; k++ {
			select {
			case <-stop:
				return
			default:
				table.sweep(k, 50)
			}
		}
	})
	load.Go(func() {
		for k := 0; ; k++ {
			select {
			case <-stop:
				return
			default:
			}
			if e, found := table.find(fmt.Sprint("stays ", k%n)); !found || e.reason.Value() != "idle" {
				t.Errorf("%d is gone", k%n)
				return
			}
			if _, found := table.find(fmt.Sprint("never ", k)); found {
				t.Errorf("%d was never there", k)
				return
			}
		}
	})
	load.Wait()
	for k := range shards {
		table.sweep(k, 50)
	}
	for k := range shards {
		s := &table.shards[k]
		if m := s.marks.Load(); m.used != len(s.endings) || len(m.slots) > 8*max(1, len(s.endings))+fewestSlots {
			t.Fatalf("%d endings, %d marks in %d slots", len(s.endings), m.used, len(m.slots))
		}
		table.sweep(k, 101)
		if s.endings != nil || len(s.marks.Load().slots) != fewestSlots {
			t.Fatal("memory is kept for nothing")
		}
	}
}

func TestTableNeverShortens(t *testing.T) {
	table, none := newTable(), func() error { return nil }
	one, two := unique.Make("account-disabled"), unique.Make("password-changed")
	for _, step := range []struct{ add, want ending }{
		{ending{10, 100, one}, ending{10, 100, one}},
		{ending{20, 90, two}, ending{20, 100, two}},
		{ending{15, 120, one}, ending{20, 120, two}},
		{ending{0, 0, one}, ending{20, 120, two}},
	} {
		table.add("a", step.add, none)
		if got, _ := table.find("a"); got != step.want {
			t.Errorf("after %v: got %v, want %v", step.add, got, step.want)
		}
	}
}

func TestNoRoom(t *testing.T) {
	e := newEntries(2)
	for _, step := range []struct {
		add  entry
		want error
	}{
		{entry{Session: "a", Until: 1}, nil},
		{entry{Account: "a", NotBefore: 1, Until: 1}, nil},
		{entry{Session: "b", Until: 1}, ErrTooMany},
		{entry{KeyID: "k", Until: 1}, ErrTooMany},
		{entry{Session: "a", Until: 2}, nil},
	} {
		if err := e.add(&step.add); !errors.Is(err, step.want) {
			t.Errorf("%+v: got %v, want %v", step.add, err, step.want)
		}
	}
	for n := range shards {
		e.sweep(n, 2)
	}
	if n := e.count.Load(); n != 1 {
		t.Errorf("%d entries are left", n)
	}
	if err := e.add(&entry{KeyID: "k", Until: 1}); err != nil || !e.key("k") || e.key("K") {
		t.Errorf("there is room again: %v", err)
	}
	e.sweep(0, 2)
	if e.key("k") || e.count.Load() != 1 {
		t.Error("a key is kept for nothing")
	}
}

func TestMostKeys(t *testing.T) {
	e := newEntries(2 * mostKeys)
	for n := range mostKeys {
		if err := e.add(&entry{KeyID: fmt.Sprint(n), Until: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.add(&entry{KeyID: "x", Until: 1}); !errors.Is(err, ErrTooMany) || e.key("x") {
		t.Errorf("got %v", err)
	}
}
