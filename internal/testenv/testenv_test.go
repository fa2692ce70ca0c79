package testenv

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorder stands in for a test, so that a skip and a failure can be looked at.
type recorder struct {
	testing.TB
	skipped, failed string
}

type stopped struct{}

func (r *recorder) Helper()      {}
func (r *recorder) Name() string { return "TestRecorder" }
func (r *recorder) Skip(args ...any) {
	r.skipped = fmt.Sprint(args...)
	panic(stopped{})
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	panic(stopped{})
}

func run(f func(testing.TB)) (r *recorder) {
	r = &recorder{}
	defer func() {
		if p := recover(); p != nil && p != any(stopped{}) {
			panic(p)
		}
	}()
	f(r)
	return r
}

func TestSkipIsASentenceAndIsNoted(t *testing.T) {
	list := filepath.Join(t.TempDir(), "skips")
	t.Setenv("CLOAKROOM_TEST_ALL", "")
	t.Setenv("CLOAKROOM_TEST_SKIPS", list)
	r := run(func(t testing.TB) { Skip(t, "no moon tonight") })
	if r.skipped != "no moon tonight" || r.failed != "" {
		t.Errorf("skipped %q, failed %q; want the sentence and no failure", r.skipped, r.failed)
	}
	got, err := os.ReadFile(list)
	if want := "TestRecorder: no moon tonight\n"; err != nil || string(got) != want {
		t.Errorf("noted %q, %v; want %q", got, err, want)
	}
}

func TestSkipFailsWhereEverythingMustRun(t *testing.T) {
	list := filepath.Join(t.TempDir(), "skips")
	t.Setenv("CLOAKROOM_TEST_ALL", "1")
	t.Setenv("CLOAKROOM_TEST_SKIPS", list)
	r := run(func(t testing.TB) { Skip(t, "no moon tonight") })
	if r.skipped != "" || !strings.Contains(r.failed, "no moon tonight") {
		t.Errorf("skipped %q, failed %q; want a failure with the sentence", r.skipped, r.failed)
	}
}

func TestVectorsAreSkippedWhereTheyAreNot(t *testing.T) {
	t.Setenv("CLOAKROOM_TEST_ALL", "")
	t.Setenv("CLOAKROOM_TEST_SKIPS", "")
	t.Setenv("CLOAKROOM_VECTORS", filepath.Join(t.TempDir(), "nothing"))
	if r := run(func(t testing.TB) { Vectors(t) }); !strings.Contains(r.skipped, "CLOAKROOM_VECTORS") {
		t.Errorf("skipped %q; want a sentence that names CLOAKROOM_VECTORS", r.skipped)
	}
	here := t.TempDir()
	t.Setenv("CLOAKROOM_VECTORS", here)
	if got := Vectors(t); got != here {
		t.Errorf("Vectors() = %q, want %q", got, here)
	}
}

func TestRootHoldsTheModule(t *testing.T) {
	if _, err := os.Stat(filepath.Join(Root(t), "go.mod")); err != nil {
		t.Error(err)
	}
}
