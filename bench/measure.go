package main

import (
	"runtime"
	"slices"
	"syscall"
	"time"
)

// subject is one way of doing a thing: op does it n times.
type subject struct {
	name string
	op   func(n int)
}

// row compares ours with the limit, which is the least that anybody must do, and with peers.
type row struct {
	budget float64 // times the limit
	limit  subject
	ours   subject
	peers  []subject
}

// result is the median of each, in nanoseconds of CPU time per operation, garbage collection included.
type result struct {
	row
	limitNS, oursNS float64
	peerNS          []float64
	ratio           float64   // of ours to the limit: the median over the rounds, not the ratio of medians
	peerRatios      []float64 //
	allocs          float64   // of ours, per operation
}

// cpuTime is the processor time that this process has used: it does not see what else the machine does.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// calibrate finds a number of operations that takes about the slice of time.
func calibrate(op func(int), slice time.Duration) int {
	n := 1
	for {
		before := cpuTime()
		op(n)
		took := cpuTime() - before
		if took >= slice/2 {
			return max(1, int(float64(n)*float64(slice)/float64(took)))
		}
		n *= 4
	}
}

// compare runs all subjects of a row in turn, round by round, so that whatever the machine does meets them alike.
func compare(r row, rounds int, slice time.Duration) result {
	all := append([]subject{r.limit, r.ours}, r.peers...)
	counts := make([]int, len(all))
	for i, s := range all {
		counts[i] = calibrate(s.op, slice)
	}
	samples := make([][]float64, len(all))
	ratios := make([][]float64, len(all))
	for range rounds {
		now := make([]float64, len(all))
		for i, s := range all {
			runtime.GC()
			before := cpuTime()
			s.op(counts[i])
			now[i] = float64(cpuTime()-before) / float64(counts[i])
			samples[i] = append(samples[i], now[i])
		}
		for i := range all {
			ratios[i] = append(ratios[i], now[i]/now[0])
		}
	}
	out := result{row: r, limitNS: median(samples[0]), oursNS: median(samples[1]), ratio: median(ratios[1]), allocs: allocations(r.ours.op)}
	for i := range r.peers {
		out.peerNS = append(out.peerNS, median(samples[i+2]))
		out.peerRatios = append(out.peerRatios, median(ratios[i+2]))
	}
	return out
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

func allocations(op func(int)) float64 {
	const n = 1000
	op(10)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	op(n)
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / n
}
