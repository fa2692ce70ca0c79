package screen

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the screens of testdata anew")

// now is when all screens of the tests are printed.
var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

// golden compares what draw prints with the screen in testdata, with and without colour, and holds what is true of every
// screen: no line is wider than 80 columns, nothing of a stranger steers the terminal, and colour changes no letter.
func golden(t *testing.T, name string, draw func(s *Screen)) {
	t.Helper()
	var plain, coloured bytes.Buffer
	draw(&Screen{W: &plain, Now: now})
	draw(&Screen{W: &coloured, Now: now, Colour: true})
	if bare := escape.ReplaceAllString(coloured.String(), ""); bare != plain.String() {
		t.Errorf("%s: colour changes the text:\n%s", name, bare)
	}
	for _, fault := range faults(plain.String(), 80) {
		t.Errorf("%s: %s", name, fault)
	}
	for file, got := range map[string][]byte{name + ".txt": plain.Bytes(), name + ".ansi": coloured.Bytes()} {
		path := filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not as in testdata (-update writes it):\n%s", file, got)
		}
	}
}

// faults are lines of a screen without colour that no screen may have.
func faults(screen string, width int) (all []string) {
	for line := range strings.SplitSeq(screen, "\n") {
		if Columns(line) > width {
			all = append(all, "too wide: "+line)
		}
		if Printable(line) != line {
			all = append(all, "not printable: "+line)
		}
		if strings.TrimRight(line, " ") != line {
			all = append(all, "space at the end: "+line)
		}
	}
	return all
}
