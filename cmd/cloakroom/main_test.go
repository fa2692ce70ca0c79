package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// TestMain removes the programs that tests have built.
func TestMain(m *testing.M) {
	code := m.Run()
	if programs.dir != "" {
		_ = os.RemoveAll(programs.dir)
	}
	os.Exit(code)
}

// programs are built once, by the first test that starts one. They are the real ones, built as anybody builds them (but for
// -buildvcs, which asks git): processes of their own, with signals, files and an exit status.
var programs struct {
	once sync.Once
	dir  string
	err  error
}

// programDir holds the programs `cloakroom`, `fast` and `verifier`.
func programDir(t testing.TB) string {
	t.Helper()
	programs.once.Do(func() {
		if programs.dir, programs.err = os.MkdirTemp("", "cloakroom-programs-"); programs.err != nil {
			return
		}
		build := exec.Command("go", "build", "-buildvcs=false", "-o", programs.dir+string(filepath.Separator), ".", "./testdata/fast", "./testdata/verifier")
		if out, err := build.CombinedOutput(); err != nil {
			programs.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if programs.err != nil {
		t.Fatal(programs.err)
	}
	return programs.dir
}

func built(t testing.TB, name string) string { return filepath.Join(programDir(t), name) }
