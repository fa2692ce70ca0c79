package password

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slowly replaces argon2 by a hash that takes 25 ms of the bubble's time, and counts how many run at once.
func slowly(g *Gate) (peak func() int64) {
	var running, most atomic.Int64
	g.derive = func(password, salt []byte, p Params, size uint32) []byte {
		n := running.Add(1)
		for {
			old := most.Load()
			if n <= old || most.CompareAndSwap(old, n) {
				break
			}
		}
		time.Sleep(25 * time.Millisecond)
		running.Add(-1)
		return make([]byte, size)
	}
	return most.Load
}

func TestGateBoundsAFlood_AU_09_T9(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(&GateOptions{Slots: 3, Queue: 50})
		peak := slowly(g)
		var (
			wg           sync.WaitGroup
			served, busy atomic.Int64
			start        = time.Now()
		)
		for range 1000 {
			wg.Go(func() {
				slot, err := g.Enter(t.Context())
				var full *BusyError
				if errors.As(err, &full) {
					if time.Since(start) != 0 {
						t.Errorf("busy after %v, want at once", time.Since(start))
					}
					if full.RetryAfter < time.Second || full.Limit != 50 {
						t.Errorf("got %+v", full)
					}
					busy.Add(1)
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				defer slot.Leave()
				if ok, _, err := slot.Verify("", "whatever it is"); ok || err != nil {
					t.Errorf("got %v, %v", ok, err)
				}
				served.Add(1)
			})
		}
		wg.Wait()
		if peak() != 3 || served.Load() != 53 || busy.Load() != 947 {
			t.Errorf("peak %d, served %d, busy %d; want 3, 53, 947", peak(), served.Load(), busy.Load())
		}
		if got, want := g.Stats(), (Stats{Slots: 3, Queue: 50, Done: 53}); got != want {
			t.Errorf("afterwards %+v, want %+v", got, want)
		}
	})
}

func TestGateOfAServer_AU_09(t *testing.T) {
	got := NewGate(nil).Stats()
	slots := max(1, runtime.GOMAXPROCS(0)-1)
	if want := (Stats{Slots: slots, Queue: 32 * slots}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := NewGate(&GateOptions{Slots: 1, Queue: -1}).Stats().Queue; got != 0 {
		t.Errorf("queue %d, want 0", got)
	}
}

func TestGateForgetsWhoLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(&GateOptions{Slots: 1, Queue: 1})
		slot, err := g.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.Enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		if s := g.Stats(); s.Waiting != 0 || s.Running != 1 {
			t.Errorf("got %+v", s)
		}
		slot.Leave()
		slot.Leave() // does nothing
		if _, err := g.Enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a slot was given to somebody who had gone: %v", err)
		}
		again, err := g.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		again.Leave()
		defer func() {
			if recover() == nil {
				t.Error("a slot hashes after Leave")
			}
		}()
		again.Hash("x")
	})
}
