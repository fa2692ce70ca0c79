package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets this test binary be the program too: scripts and tests start it as `cloakroom`, a process of its own with
// signals, files and an exit status.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"cloakroom":      main,
		"cloakroom-fast": func() { os.Exit(fastMain()) },
	})
}
