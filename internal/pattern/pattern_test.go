package pattern

import (
	"sync"
	"testing"
)

func TestLazyIsCompiledOnceAndLate(t *testing.T) {
	broken := Lazy("(") // nothing happens yet
	defer func() {
		if recover() == nil {
			t.Error("an expression that is none was compiled")
		}
	}()
	digits := Lazy(`^[0-9]+$`)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			once, again := digits(), digits()
			if !once.MatchString("42") || once.MatchString("4 2") || once != again {
				t.Error("not the expression that was given, or compiled more than once")
			}
		})
	}
	wg.Wait()
	broken()
}
