package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hashers are the processes that a server has started to hash passwords.
func hashers(t *testing.T, parent int) (pids []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, stat := range stats {
		text, _ := os.ReadFile(stat)
		_, after, _ := strings.Cut(string(text), ") ")
		var pid, ppid int
		var state string
		if _, err := fmt.Sscan(filepath.Base(filepath.Dir(stat)), &pid); err != nil {
			continue
		}
		if _, err := fmt.Sscan(after, &state, &ppid); err != nil || ppid != parent || state == "Z" {
			continue
		}
		if line, _ := os.ReadFile(filepath.Join(filepath.Dir(stat), "cmdline")); string(line) == "cloakroom\x00"+hashVerb+"\x00" {
			pids = append(pids, pid)
		}
	}
	return pids
}

// alive reports whether a process runs: one that ended, and that nobody has asked how, does not.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(after, "Z")
}

// Passwords are hashed by a process of their own, which is there once somebody signed in, comes back when it was killed, and never outlives the server.
func TestPasswordsAreHashedElsewhere(t *testing.T) {
	p := serve(t, t.TempDir(), "--signup", "open")
	parent := p.cmd.Process.Pid
	if got := hashers(t, parent); len(got) != 0 {
		t.Fatalf("%v run before anybody signed in", got)
	}
	who := credentials{Email: "anna@example.org", Password: "a long enough secret 4711"}
	post := func(path string, status int) {
		t.Helper()
		a, err := p.guest().json(path, who)
		must(t, status, a, err)
	}
	post("/api/signup", http.StatusCreated)
	first := hashers(t, parent)
	if len(first) != 1 {
		t.Fatalf("%v hash", first)
	}
	if env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", first[0])); err != nil || len(bytes.TrimSpace(env)) > 0 {
		t.Errorf("it knows %q, %v", env, err)
	}

	open, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", first[0]))
	if err != nil || len(open) < 3 {
		t.Fatalf("%v, %v", open, err)
	}
	for _, fd := range open {
		if to, _ := os.Readlink(fd); strings.HasPrefix(to, p.dir) || strings.HasPrefix(to, "socket:") {
			t.Errorf("it has %s open", to)
		}
	}

	// Whoever asks everything to stop asks the server: this one waits for it.
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		if err := syscall.Kill(first[0], sig); err != nil {
			t.Fatal(err)
		}
	}
	post("/api/signin", http.StatusOK)
	if got := hashers(t, parent); len(got) != 1 || got[0] != first[0] {
		t.Errorf("%v hash after the signals, before it was %v", got, first)
	}

	if err := syscall.Kill(first[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	post("/api/signin", http.StatusOK)
	within(t, 5*time.Second, "another process hashes", func() bool {
		post("/api/signin", http.StatusOK)
		got := hashers(t, parent)
		return len(got) == 1 && got[0] != first[0]
	})

	last := hashers(t, parent)[0]
	p.kill()
	within(t, 5*time.Second, "it ends with the server", func() bool { return !alive(last) })
}

// A person who comes across it is told what it is.
func TestHashPasswordsIsNoVerb(t *testing.T) {
	cmd := exec.Command(built(t, "cloakroom"), hashVerb)
	cmd.Stdin = strings.NewReader("hello\n")
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); err == nil || code != exitFailed || !strings.HasPrefix(string(out), "error: ") || !strings.Contains(string(out), "hint:  this is for cloakroom serve") {
		t.Errorf("exit %d, %q", code, out)
	}
}
