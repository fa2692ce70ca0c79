package main

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

func TestGCPercent(t *testing.T) {
	for _, row := range []struct {
		why  string
		live uint64
		want int
	}{
		{"nothing is known yet", 0, 300},
		{"a server that has just started", 2 << 20, 300},
		{"some thousand sessions", 3 << 20, 175},
		{"ten thousand sessions", 7 << 19, 50},
		{"a hundred thousand", 60 << 20, 50},
		{"all that there is", 1 << 60, 50},
	} {
		if got := gcPercent(row.live); got != row.want {
			t.Errorf("%s: %d, want %d", row.why, got, row.want)
		}
	}
}

// What lives is 1.7 to 2.4 MB in a server under load that does nothing but answer the same check: GOGC stays what it is.
func TestGCPercentStays(t *testing.T) {
	for _, row := range []struct {
		why      string
		from, to int
		want     bool
	}{
		{"the first", 0, gcMaxPercent, true},
		{"a little less", 300, 151, false},
		{"half", 300, 150, true},
		{"a little more", 100, 149, false},
		{"half as much again", 100, 150, true},
		{"the lowest, from near", 70, gcMinPercent, true},
		{"the lowest again", gcMinPercent, gcMinPercent, false},
		{"nearly the lowest, from it", gcMinPercent, 74, false},
	} {
		if got := moves(row.from, row.to); got != row.want {
			t.Errorf("%s, from %d to %d: %v", row.why, row.from, row.to, got)
		}
	}
	set := gcMaxPercent
	for live := uint64(17 << 17); live <= 19<<17; live += 1 << 14 { // 2.1 to 2.4 MB
		if p := gcPercent(live); moves(set, p) {
			t.Errorf("%d bytes move GOGC from %d to %d", live, set, p)
		}
	}
}

// TestGCIsTuned: GOGC follows the heap up and down, at every collection and not only at the first.
func TestGCIsTuned(t *testing.T) {
	t.Setenv("GOGC", "")
	tuneGC()
	reaches := func(why string, ok func(percent uint64) bool) {
		t.Helper()
		s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		for deadline := time.Now().Add(10 * time.Second); ; {
			runtime.GC()
			metrics.Read(s)
			if ok(s[0].Value.Uint64()) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: GOGC is %d", why, s[0].Value.Uint64())
			}
			time.Sleep(time.Millisecond)
		}
	}
	large := make([]byte, 256<<20)
	reaches("a large heap", func(p uint64) bool { return p == gcMinPercent })
	runtime.KeepAlive(large)
	reaches("a heap that is small again", func(p uint64) bool { return p > gcMinPercent+10 })
}
