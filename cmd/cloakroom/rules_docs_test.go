package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestDocsRules: each `cloakroom explain` of docs/rules.md prints what the page shows, with the file that the page shows.
func TestDocsRules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "rules.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, config, found := strings.Cut(string(text), "```toml\n")
	config, _, closed := strings.Cut(config, "```\n")
	if !found || !closed {
		t.Fatal("the page shows no file")
	}
	file := filepath.Join(t.TempDir(), "cloakroom.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	n := 0
	for rest := string(text); ; n++ {
		_, after, found := strings.Cut(rest, "```\n$ cloakroom ")
		if !found {
			break
		}
		var shown string
		shown, rest, _ = strings.Cut(after, "```\n")
		command, want, _ := strings.Cut(strings.ReplaceAll(shown, "\\\n", " "), "\n")
		var args []string
		for i, part := range strings.Split(command, "'") {
			if i%2 == 1 {
				args = append(args, part) // what stands in quotes
				continue
			}
			args = append(args, strings.Fields(strings.ReplaceAll(part, "cloakroom.toml", file))...)
		}
		var out, errs bytes.Buffer
		code := run(t.Context(), args, &terminal{in: strings.NewReader(""), out: &out, err: &errs})
		if passes := strings.Contains(want, "✓ allow"); passes != (code == exitDone) || code > exitNo {
			t.Errorf("%s: exit status %d, %s", command, code, errs.String())
		}
		if out.String() != want {
			t.Errorf("%s prints\n%s\nthe page has\n%s", command, out.String(), want)
		}
	}
	if n < 3 {
		t.Errorf("only %d commands", n)
	}
}
