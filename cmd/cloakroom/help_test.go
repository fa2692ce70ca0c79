package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// verbs calls f with the words of every command and of every group of commands.
func verbs(t *testing.T, f func(node *kong.Node, words []string)) {
	t.Helper()
	parser, err := kong.New(&commands{}, kong.DefaultEnvars("CLOAKROOM"), kong.Configuration(readConfig))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(n *kong.Node, words []string)
	walk = func(n *kong.Node, words []string) {
		f(n, words)
		for _, child := range n.Children {
			walk(child, append(words[:len(words):len(words)], child.Name))
		}
	}
	walk(parser.Model.Node, nil)
}

// TestHelpFitsAScreen holds for each verb that there is yet, and for the next one.
func TestHelpFitsAScreen(t *testing.T) {
	n := 0
	verbs(t, func(node *kong.Node, words []string) {
		n++
		var out, errs bytes.Buffer
		code := run(t.Context(), append(words, "-h"), &terminal{in: strings.NewReader(""), out: &out, err: &errs})
		if code != exitDone || errs.Len() > 0 {
			t.Errorf("%v -h: exit status %d, %s", words, code, errs.String())
		}
		fits := tooBig
		if node.Name == "serve" { // which says a line on each of what a server can be told, three groups in all
			fits = tooWide
		}
		if problem := fits(out.String()); problem != "" {
			t.Errorf("%v -h: %s", words, problem)
		}
		for _, child := range node.Children {
			if child.Help == "" {
				t.Errorf("%v %s has no help", words, child.Name)
			}
		}
		for _, flag := range node.Flags {
			if flag.Help == "" {
				t.Errorf("%v --%s has no help", words, flag.Name)
			}
		}
	})
	if n < 25 {
		t.Errorf("only %d verbs were found", n)
	}
}

// TestEveryFlagHasItsTwin holds what the help promises: --idle-timeout is CLOAKROOM_IDLE_TIMEOUT, for every flag of every verb.
// Where one name means two things (CLOAKROOM_URL is where the server is, CLOAKROOM_AS belongs to trace) a flag has a twin of
// its own, and its help names it.
func TestEveryFlagHasItsTwin(t *testing.T) {
	verbs(t, func(node *kong.Node, words []string) {
		for _, flag := range node.Flags {
			if flag.Name == "help" {
				continue
			}
			twin := envTwin(flag.Name)
			if (flag.Name == "url" || flag.Name == "as") && (words[0] == "explain" || words[0] == "jar") {
				twin = envTwin(words[len(words)-1] + "-" + flag.Name)
				if !strings.Contains(flag.Help, twin) {
					t.Errorf("%v --%s: its help does not name its twin %s", words, flag.Name, twin)
				}
			}
			if len(flag.Envs) != 1 || flag.Envs[0] != twin {
				t.Errorf("%v --%s: got twins %v, want %s", words, flag.Name, flag.Envs, twin)
			}
		}
	})
}

// TestNoSecretInAFlag: a flag's value is in the shell's history and in the list of processes.
func TestNoSecretInAFlag(t *testing.T) {
	verbs(t, func(node *kong.Node, words []string) {
		for _, flag := range node.Flags {
			for _, word := range []string{"password", "secret", "token", "key", "link"} {
				if strings.Contains(flag.Name, word) && !flag.IsBool() && flag.PlaceHolder != "FILE" && !strings.HasPrefix(flag.Name, "token-") {
					t.Errorf("%v --%s takes a secret, and not the name of a file", words, flag.Name)
				}
			}
		}
	})
}
