package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// TestMain removes the program that tests have built.
func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

var built struct {
	once sync.Once
	dir  string
	err  error
}

// program is the path of `cloakroom`, built once and as anybody builds it (but for -buildvcs, which asks git).
func program(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "cloakroom-program-"); built.err != nil {
			return
		}
		out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", built.dir+string(filepath.Separator),
			"github.com/cloakroom/cloakroom/cmd/cloakroom").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "cloakroom")
}
