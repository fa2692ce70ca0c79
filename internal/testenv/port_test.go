package testenv

import (
	"fmt"
	"net"
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
