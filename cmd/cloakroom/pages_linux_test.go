package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

const someMappings = `00400000-00bf1000 r-xp 00000000 fe:00 9986082                            /opt/a room/cloakroom
Size:               8132 kB
Rss:                7620 kB
Anonymous:             0 kB
AnonHugePages:         0 kB
VmFlags: rd ex mr mw me
00bf1000-01388000 r--p 007f1000 fe:00 9986082                            /opt/a room/cloakroom
Rss:                6876 kB
Anonymous:             0 kB
01388000-01485000 rw-p 00f88000 fe:00 9986082                            /opt/a room/cloakroom
Anonymous:             0 kB
01485000-03400000 rw-p 00000000 00:00 0
Anonymous:             0 kB
0a000000-0a001000 r-xp 007f1000 fe:00 9986082                            /opt/a room/cloakroom
Rss:                   4 kB
Anonymous:             4 kB
0b000000-0b001000 r--s 007f1000 fe:00 9986082                            /opt/a room/cloakroom
Anonymous:             0 kB
0c000000-0c001000 r-xp 00000000 fe:00 1234567                            /usr/lib/libc.so.6
Anonymous:             0 kB
7ffd68b3f000-7ffd68b60000 rw-p 00000000 00:00 0                          [stack]
Anonymous:             0 kB
7ffd68b60000-7ffd68b62000 r-xp 00000000 00:00 0                          [vdso]
Anonymous:             0 kB
`

// TestCleanMappings: what can be written, is shared, belongs to another file, or holds a breakpoint, is left alone.
func TestCleanMappings(t *testing.T) {
	want := []mapping{{0x400000, 0xbf1000}, {0xbf1000, 0x1388000}}
	if got := cleanMappings([]byte(someMappings), "/opt/a room/cloakroom"); !slices.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// TestStartPagesAreDropped: less of the program's file is in memory afterwards, and the program goes on. In a process of its own, for other
// tests ask for pages meanwhile.
func TestStartPagesAreDropped(t *testing.T) {
	if os.Getenv("CLOAKROOM_DROP_PAGES") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestStartPagesAreDropped$", "-test.v")
		cmd.Env = append(os.Environ(), "CLOAKROOM_DROP_PAGES=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	before := residentOfFiles(t)
	if err := dropStartPages(); err != nil {
		t.Fatal(err)
	}
	after := residentOfFiles(t)
	t.Logf("%d KB, then %d KB", before, after)
	if after > before*9/10 {
		t.Errorf("%d KB of files are in memory, before %d KB", after, before)
	}
}

// residentOfFiles is RssFile, in KB.
func residentOfFiles(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`RssFile:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		testenv.Skip(t, "this kernel does not say RssFile in /proc/self/status")
	}
	kb, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kb
}
