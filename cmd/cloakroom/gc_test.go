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
		{"nothing is known yet", 0, 150},
		{"a server that has just started", 2 << 20, 150},
		{"a thousand sessions", 3 << 20, 100},
		{"ten thousand sessions", 9 << 19, 60},
		{"a hundred thousand", 60 << 20, 60},
		{"all that there is", 1 << 60, 60},
	} {
		if got := gcPercent(row.live); got != row.want {
			t.Errorf("%s: %d, want %d", row.why, got, row.want)
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
