package testenv

import (
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"testing"
	"time"
)

// Ports for programs lie below those that systems give to whoever asks for any (32768 and up), so that no connection of a test beside this one gets one.
const firstPort, lastPort = 10240, 32767

// FreePort returns a port on 127.0.0.1 that nobody listens on, for programs that must be told their port. It is this test's until the test ends: on
// Linux, no other call returns it, in this process or in another. Go servers listen on port 0 instead.
func FreePort(t testing.TB) int {
	t.Helper()
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		if claim(t, port) && isFree(port) {
			return port
		}
	}
	t.Fatal("no free port was found")
	return 0
}

// Listen listens on a port of 127.0.0.1 that this test has, also where it has just stopped to: a child that was begun before may keep that for a moment.
func Listen(t testing.TB, port int) net.Listener {
	t.Helper()
	for end := time.Now().Add(Soon); ; time.Sleep(time.Millisecond) {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return l
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// claim takes a name for the port that only one process can have. Names that begin with @ are no files on Linux, and gone with who has them.
func claim(t testing.TB, port int) bool {
	if runtime.GOOS != "linux" {
		return true
	}
	l, err := net.Listen("unix", fmt.Sprintf("@cloakroom-test-port-%d", port))
	if err != nil {
		return false
	}
	t.Cleanup(func() { l.Close() })
	return true
}

// isFree reports whether nobody answers at the port. It does not listen there itself to find out: a child that begins in that moment would keep the port taken
// until it has become its program.
func isFree(port int) bool {
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		if c, err := net.DialTimeout("tcp", fmt.Sprintf("%s:%d", host, port), Soon); err == nil {
			c.Close()
			return false
		}
	}
	return true
}
