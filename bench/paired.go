package main

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// paired is ours beside the limit, in nanoseconds per operation with the collection of the garbage: medians over pairs.
type paired struct {
	limitNS, oursNS float64
	ratio           float64
	aboveNS, errNS  float64 // the difference, and half of the interval that has its true median with 95 %
	allocs          float64 // of ours
}

// pair compares two things that are near to each other. Rounds of many milliseconds, between which the machine changes its pace, say nothing of a
// difference of a fiftieth; so batches of a few calls stand side by side, in turn the one and the other first. What counts is the processor
// time of their own thread, which stands still while something else runs, in the quicker quarter of the pairs, in which the other half of the core
// and the caches were left alone. The collector works when it likes, and mostly in other threads: what it takes is reckoned by the bytes
// that each throws away.
func pair(limit, ours subject, pairs int) paired {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const slice = 200 * time.Microsecond
	one := collection()
	timer := func(s subject) func() float64 {
		n, garbage := calibrate(s.op, slice), bytesOf(s.op)*one
		return func() float64 {
			before := threadTime()
			s.op(n)
			return float64(threadTime()-before)/float64(n) + garbage
		}
	}
	timeLimit, timeOurs := timer(limit), timer(ours)
	type times struct{ limit, ours float64 }
	all := make([]times, pairs)
	for i := range all {
		if i%2 == 0 {
			all[i].limit = timeLimit()
			all[i].ours = timeOurs()
		} else {
			all[i].ours = timeOurs()
			all[i].limit = timeLimit()
		}
	}
	slices.SortFunc(all, func(a, b times) int { return cmp.Compare(a.limit+a.ours, b.limit+b.ours) })
	var limits, ourses, ratios, above []float64
	for _, t := range all[:(pairs+3)/4] {
		limits, ourses, ratios, above = append(limits, t.limit), append(ourses, t.ours), append(ratios, t.ours/t.limit), append(above, t.ours-t.limit)
	}
	slices.Sort(above)
	// By the binomial distribution the true median lies 0.98·√n ranks around the middle.
	n := len(above)
	off := int(0.98 * math.Sqrt(float64(n)))
	low, high := above[max(n/2-off, 0)], above[min(n/2+off, n-1)]
	return paired{median(limits), median(ourses), median(ratios), median(above), (high - low) / 2, allocations(ours.op)}
}

// threadTime is the processor time of the calling thread.
func threadTime() time.Duration {
	var t unix.Timespec
	must(unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t))
	return time.Duration(t.Nano())
}

// bytesOf is what an operation allocates.
func bytesOf(op func(int)) float64 {
	const n = 1000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	op(n)
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / n
}

// collection is what the collector takes for a byte, in nanoseconds of all threads.
func collection() float64 {
	var cycles []float64
	for range 9 {
		before := cpuTime()
		runtime.GC()
		cycles = append(cycles, float64(cpuTime()-before))
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return median(cycles) / float64(m.NextGC-m.HeapAlloc)
}
