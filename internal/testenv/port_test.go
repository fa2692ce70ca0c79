package testenv

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
)

func TestFreePort(t *testing.T) {
	seen := map[int]bool{}
	for range 200 {
		p := FreePort(t)
		if p < firstPort || p > lastPort || seen[p] {
			t.Fatalf("FreePort() = %d, seen before: %v", p, seen[p])
		}
		seen[p] = true
	}
}

// TestATakenPortIsNotFree, on whichever address somebody listens.
func TestATakenPortIsNotFree(t *testing.T) {
	for _, host := range []string{"127.0.0.1", ""} {
		port := FreePort(t)
		l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", host, port))
		if err != nil {
			t.Fatal(err)
		}
		if isFree(port) {
			t.Errorf("%s is taken, and said to be free", l.Addr())
		}
		l.Close()
		if !isFree(port) {
			t.Errorf("%s is free, and said to be taken", l.Addr())
		}
	}
}

// TestFreePortWhileChildrenBegin: between fork and exec a child has open what listened here, so that a port which was tried out by listening would be taken.
func TestFreePortWhileChildrenBegin(t *testing.T) {
	bin, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var (
		children sync.WaitGroup
		done     = make(chan struct{})
	)
	for range 4 {
		children.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if err := exec.Command(bin, "-test.run=^$").Run(); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for range 300 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", FreePort(t)))
		if err != nil {
			t.Error(err)
			continue
		}
		defer l.Close()
	}
	close(done)
	children.Wait()
}
