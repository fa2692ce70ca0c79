package cloakroom_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
)

// TestASVS holds that each requirement of V7 has its row, and that the tests which the rows name exist.
func TestASVS(t *testing.T) {
	doc := read(t, "docs/asvs.md")
	ids := regexp.MustCompile(`(?m)^\| (7\.\d\.\d) \|`).FindAllStringSubmatch(doc, -1)
	if len(ids) != 19 {
		t.Errorf("got %d rows of V7, want 19", len(ids))
	}
	tests := testNames(t)
	named := regexp.MustCompile("`(Test[A-Za-z0-9_]+)`").FindAllStringSubmatch(doc, -1)
	if len(named) == 0 {
		t.Error("no test is named")
	}
	for _, m := range named {
		if !tests[m[1]] {
			t.Errorf("there is no test %s", m[1])
		}
	}
}

// TestDocumentedLimits holds that the limits in the document are the defaults (ASVS 7.1.1).
func TestDocumentedLimits(t *testing.T) {
	var c app.Config
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	doc := read(t, "docs/asvs.md")
	short := func(d interface{ String() string }) string {
		return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
	}
	for _, row := range []string{
		"| a person's | " + short(c.Idle) + " | " + short(c.Lifetime) + " |",
		"| a person's who asked to be remembered | " + short(c.Remember) + " | " + short(c.Remember) + " |",
		"| a program's | none | " + short(c.RefreshLifetime) + " |",
		"| an access token | none | " + strings.TrimSuffix(c.TokenLifetime.String(), "0s") + " |",
	} {
		if !strings.Contains(doc, row) {
			t.Errorf("docs/asvs.md does not say %q", row)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range declared.FindAllStringSubmatch(read(t, path), -1) {
			names[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
