package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestDocsKeys runs each command of docs/keys.md as it stands there, beside a server; $KID is the key that signs tokens.
func TestDocsKeys(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "keys.md"))
	if err != nil {
		t.Fatal(err)
	}
	p := serve(t, t.TempDir(), "--token-alg", "HS256")
	active := func() (kid string) {
		for line := range strings.Lines(p.beside("key", "list", "--json")) {
			var k struct{ Kid, For, State string }
			if err := json.Unmarshal([]byte(line), &k); err != nil {
				t.Fatal(err)
			}
			if k.For == "token" && k.State == "active" {
				kid = k.Kid
			}
		}
		return kid
	}
	commands := 0
	for _, after := range strings.Split(string(text), "```sh\n")[1:] {
		command, _, _ := strings.Cut(after, "```")
		shell := exec.Command("sh", "-c", command)
		shell.Dir, shell.Env = p.dir, append(cleanEnv(), "KID="+active(), "PATH="+programDir(t)+":"+os.Getenv("PATH"))
		out, err := shell.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
		for line := range strings.Lines(string(out)) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
				t.Errorf("%sprints a line of %d columns: %s", command, n, line)
			}
		}
		commands++
	}
	if commands != 5 {
		t.Errorf("%d commands, want 5", commands)
	}
}
