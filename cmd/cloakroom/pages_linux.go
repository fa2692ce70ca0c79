package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// dropStartPages takes out of this process's memory what the start has read of the program's own file: the code and the tables of settings, schema and
// templates that are needed once. Whatever of it is asked for again comes back by itself, from where the system keeps the file: it costs
// a microsecond for each 64 KB (docs/adr/0012-ten-thousand-sessions.md).
//
// A mapping of which the process has pages of its own, because a debugger has put a breakpoint there, stays as it is.
func dropStartPages() error {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return err
	}
	for _, m := range cleanMappings(text, self) {
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, m.begin, m.end-m.begin, syscall.MADV_DONTNEED); errno != 0 {
			return fmt.Errorf("madvise %x-%x: %w", m.begin, m.end, errno)
		}
	}
	return nil
}

type mapping struct{ begin, end uintptr }

// cleanMappings finds, in the text of /proc/self/smaps (proc_pid_smaps(5)), the mappings of a file that are not for writing and hold nothing but the file.
func cleanMappings(smaps []byte, file string) (found []mapping) {
	var m mapping // the one whose lines are being read; of no length if it is none of those
	for lines := bufio.NewScanner(bytes.NewReader(smaps)); lines.Scan(); {
		line := lines.Text()
		name, value, _ := strings.Cut(line, ":")
		switch {
		case strings.Contains(name, "-"): // begin-end rwxp offset device:
			m = fileMapping(line, file)
		case name == "Anonymous" && m.end > m.begin && strings.TrimSpace(value) == "0 kB":
			found = append(found, m)
		}
	}
	return found
}

// fileMapping reads the first line of a mapping.
func fileMapping(line, file string) mapping {
	f := strings.Fields(line)
	if len(f) < 6 || strings.Join(f[5:], " ") != file || strings.Contains(f[1], "w") || !strings.HasSuffix(f[1], "p") {
		return mapping{}
	}
	from, to, _ := strings.Cut(f[0], "-")
	begin, err := strconv.ParseUint(from, 16, 64)
	if err != nil {
		return mapping{}
	}
	end, err := strconv.ParseUint(to, 16, 64)
	if err != nil {
		return mapping{}
	}
	return mapping{uintptr(begin), uintptr(end)}
}
