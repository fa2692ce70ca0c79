package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/cloakroom/cloakroom/internal/account/password"
)

// hashVerb is what serve starts this program with for a process that hashes passwords. It is no verb for people, so no help names it.
const hashVerb = "hash-passwords"

// hashPasswords ends with its standard input, and so with the server: a signal to all processes of a service or a terminal asks serve to stop, which
// has the answers under way finish first.
func hashPasswords() int {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	runtime.GOMAXPROCS(max(1, runtime.GOMAXPROCS(0)-1)) // the last core is the server's
	if err := password.Work(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\nhint:  this is for cloakroom serve, which starts it\n", err)
		return exitFailed
	}
	return exitDone
}

// self is the program of this process: also after somebody has put another one in its place, where the system can tell.
func self() string {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe"
	}
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return path
}
