package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// How much the heap may grow from one collection to the next, in percent of what lives: by much where little lives, and that is little
// memory, by little where much lives.
//
// Go's own rule is 100 percent, and with a small heap some 4 MB. A server with few people then collects every eight hundred requests, which is a tenth of
// what they cost; one with ten thousand holds twice what it needs (docs/adr/0011-when-garbage-is-collected.md).
const (
	gcSmall, gcMaxPercent = 5 << 19, 300 // which is a heap of 12 MB: so much Go allows at least with this GOGC
	gcLarge, gcMinPercent = 7 << 19, 50
)

// gcPercent is the GOGC to a heap of so many bytes that live, stacks and globals included.
func gcPercent(live uint64) int {
	above := max(int64(min(live, gcLarge))-gcSmall, 0)
	return gcMaxPercent - int(above*(gcMaxPercent-gcMinPercent)/(gcLarge-gcSmall))
}

// moves tells whether GOGC is worth setting to another percentage: the lowest, half of it, or half as much again. What lives is a third more or less from one
// collection to the next. Who follows that has the runtime give pages back to the system for the smaller heap, and ask for them again for the larger one.
func moves(from, to int) bool {
	return 2*to >= 3*from || 2*to <= from || to == gcMinPercent && from != to
}

var tuneOnce sync.Once

// tuneGC keeps GOGC at gcPercent, from one collection to the next. Whoever sets GOGC knows better.
func tuneGC() {
	if os.Getenv("GOGC") != "" {
		return
	}
	tuneOnce.Do(func() {
		samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/globals:bytes"}, {Name: "/gc/scan/stack:bytes"}}
		var set int
		afterEachGC(func() {
			metrics.Read(samples)
			var live uint64
			for _, s := range samples {
				if s.Value.Kind() == metrics.KindUint64 {
					live += s.Value.Uint64()
				}
			}
			if p := gcPercent(live); moves(set, p) {
				set = p
				debug.SetGCPercent(p)
			}
		})
		runtime.GC() // of what only the start needed
	})
}

// afterEachGC calls f after every collection, on the goroutine of the finalizers: it must be short.
func afterEachGC(f func()) {
	type sentinel struct{ _ *byte } // nobody holds it, so that every collection finds it
	var again func(*sentinel)
	again = func(s *sentinel) {
		f()
		runtime.SetFinalizer(s, again)
	}
	runtime.SetFinalizer(new(sentinel), again)
}
