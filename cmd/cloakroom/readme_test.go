package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestReadmeExplains holds that what the README shows of `cloakroom explain` is what it prints.
func TestReadmeExplains(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(testenv.Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(readme), "$ cloakroom explain ")
	typed, after, _ := strings.Cut(after, "'\n")
	want, _, closed := strings.Cut(after, "```")
	if !found || !closed {
		t.Fatal("README.md shows no cloakroom explain")
	}
	flags, line, _ := strings.Cut(typed, "\\\n    '")
	var out, errs bytes.Buffer
	code := run(t.Context(), append(append([]string{"explain"}, strings.Fields(flags)...), line), &terminal{in: strings.NewReader(""), out: &out, err: &errs})
	if code != exitNo || errs.Len() > 0 || out.String() != want {
		t.Errorf("exit status %d, %s\n%s\nREADME.md has\n%s", code, errs.String(), out.String(), want)
	}
}
