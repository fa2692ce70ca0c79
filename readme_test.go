package cloakroom_test

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeExample holds that the program in the README is the one that is compiled.
func TestReadmeExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(readme), "```go\n")
	code, _, closed := strings.Cut(after, "```")
	if !found || !closed {
		t.Fatal("README.md has no program in Go")
	}
	file, err := os.ReadFile("docs/example/main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(file), "package main\n")
	if want := "package main\n" + program; code != want {
		t.Errorf("the README's program is not docs/example/main.go:\n%s", code)
	}
}
