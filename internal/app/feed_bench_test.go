package app

import (
	"runtime"
	"testing"
	"time"
)

// BenchmarkSnapshot reads a whole snapshot of a million entries: what a newcomer costs.
func BenchmarkSnapshot(b *testing.B) {
	const n = 1_000_000
	a := open(b, b.TempDir(), nil)
	fill(b, a, n, time.Hour)
	orders := registered(b, a, "orders")
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var most uint64
	b.ReportAllocs()
	for b.Loop() {
		r, err := a.FollowFeed(b.Context(), orders, 0, true, nil)
		if err != nil {
			b.Fatal(err)
		}
		size := 0
		for parts := 0; ; parts++ {
			m, err := r.Next(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			size += len(m.Set)
			if parts%100 == 0 {
				runtime.ReadMemStats(&after)
				most = max(most, after.HeapInuse-min(after.HeapInuse, before.HeapInuse))
			}
			if m.Resume {
				break
			}
		}
		r.Close()
		b.ReportMetric(float64(size)/1e6, "MB-sent")
	}
	b.ReportMetric(float64(most)/1e6, "MB-heap-more")
}

// BenchmarkFanOut tells one ending to 200 readers.
func BenchmarkFanOut(b *testing.B) {
	a := open(b, b.TempDir(), nil)
	var readers []*FeedReader
	for i := range 200 {
		r, err := a.FollowFeed(b.Context(), registered(b, a, string(rune('a'+i/MaxFeedReadersEach))), 0, false, nil)
		if err != nil {
			b.Fatal(err)
		}
		defer r.Close()
		readers = append(readers, r)
	}
	seq := int64(0)
	for b.Loop() {
		fill(b, a, 1, time.Hour)
		a.hub.nudge()
		seq++
		for _, r := range readers {
			for {
				m, err := r.Next(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				if m.ID == setID(seq) {
					break
				}
			}
		}
	}
}
