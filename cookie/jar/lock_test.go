package jar

import (
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Who takes the lock while its last holder removes it must not share it with the next one.
func TestLockIsHeldByOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var held atomic.Bool
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 400 {
				unlock, err := lock(path, time.Minute)
				if err != nil {
					t.Error(err)
					return
				}
				if !held.CompareAndSwap(false, true) {
					t.Error("two hold the lock")
				}
				runtime.Gosched()
				held.Store(false)
				if err := unlock(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
