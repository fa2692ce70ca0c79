package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// The heap is collected when it has grown to this, and by no less than the lower and no more than the upper percentage of what lives.
//
// Go's own rule is 100 percent, and with a small heap some 4 MB. A server with few people then collects every few hundred requests, which is a tenth of
// what they cost; one with ten thousand holds twice what it needs (docs/adr/0011-when-garbage-is-collected.md).
const (
	gcHeap       = 6 << 20
	gcMinPercent = 60
	gcMaxPercent = 150
)

// gcPercent is the GOGC to a heap of so many bytes that live, stacks and globals included.
func gcPercent(live uint64) int {
	room := gcHeap - int64(min(live, gcHeap))
	return int(min(max(100*room/int64(max(live, 1)), gcMinPercent), gcMaxPercent))
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
			// A change stops the world for some microseconds, so small ones are not worth it.
			if p := gcPercent(live); p < set-9 || p > set+9 {
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
