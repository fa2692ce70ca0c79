package session

import "testing"

// TestHandleIsNoFlag: `cloakroom session end HANDLE` must work for every session.
func TestHandleIsNoFlag(t *testing.T) {
	for range 2000 { // without the rule, 2000 of them pass once in 10^13 runs
		if h := newHandle(); len(h) != 22 || h[0] == '-' {
			t.Fatalf("a handle is %q", h)
		}
	}
}
