package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/cloakroom/cloakroom/internal/tour"
)

// runTour runs a command as if it was typed, with its output in hand.
func runTour(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(ctx, args, &terminal{in: strings.NewReader(""), out: &out, err: &errs})
	return code, out.String(), errs.String()
}

func TestTour(t *testing.T) {
	t.Parallel()
	tests := []struct {
		what string
		args []string
		code int
		want []string // in what is printed
		not  []string
	}{
		{"one way, as a table", []string{"--only", "token"}, exitDone,
			[]string{"One way of being remembered", "one byte altered    refused\n", "cloakroom tour --steps --only token\n"}, []string{"\x1b", "plain cookie"}},
		{"one way, with its steps", []string{"--only", "session", "--steps"}, exitDone,
			[]string{"  1. Type https://home.tour.test:", "  8. Ask \"who am I", "< {\"you\":\"guest\",\"visit\":1}", "= 401: signed-out: signing out ended the copy too.", "store stopped       refused\n"}, []string{"\x1b", "cloakroom tour --steps"}},
		{"a way that there is none of", []string{"--only", "pigeon"}, exitUsage, []string{"error: --only", "hint:  cloakroom tour -h"}, nil},
		{"help fits a screen", []string{"-h"}, exitDone, []string{"--only=NAME", "--steps", "--json"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runTour(t.Context(), append([]string{"tour"}, tt.args...)...)
			if code != tt.code {
				t.Errorf("exit status %d, want %d: %s", code, tt.code, stderr)
			}
			for _, s := range tt.want {
				if !strings.Contains(stdout+stderr, s) {
					t.Errorf("%q is not in\n%s%s", s, stdout, stderr)
				}
			}
			for _, s := range tt.not {
				if strings.Contains(stdout+stderr, s) {
					t.Errorf("%q is in\n%s%s", s, stdout, stderr)
				}
			}
			if lines := strings.Count(stdout, "\n"); tt.args[0] == "-h" && lines > 24 {
				t.Errorf("the help has %d lines", lines)
			}
		})
	}
}

func TestTourJSON(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := runTour(t.Context(), "tour", "--json", "--only", "sealed-cookie")
	if code != exitDone || stderr != "" {
		t.Fatalf("exit status %d, %q", code, stderr)
	}
	var report tour.Report
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err)
	}
	if report.Schema != 1 || len(report.Ways) != 1 || report.Ways[0].Altered != tour.Refused || len(report.Steps) < 15 {
		t.Errorf("got %+v", report)
	}
}

func TestTourInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, stdout, stderr := runTour(ctx, "tour")
	if want := "error: interrupted\nhint:  the throwaway server and its files are gone\n"; code != exitFailed || stdout != "" || stderr != want {
		t.Errorf("exit status %d, printed %q, said %q", code, stdout, stderr)
	}
}

// TestABrokenPromiseIsExitStatus4: package tour tests that an observation can break one.
func TestABrokenPromiseIsExitStatus4(t *testing.T) {
	if err := kept(nil); err != nil {
		t.Errorf("nothing is broken, and yet: %v", err)
	}
	err := kept([]tour.Broken{{Way: "sealed-cookie", What: "altered", Promised: "refused", Observed: "accepted"}})
	var exit *exitError
	if !errors.As(err, &exit) || exit.code != exitExpects {
		t.Fatalf("got %v", err)
	}
	var errs bytes.Buffer
	if code := (&terminal{err: &errs}).fail(err); code != 4 {
		t.Errorf("exit status %d", code)
	}
	if want := "error: 1 promise of the design broken: sealed-cookie: altered: promised refused, observed accepted\n"; !strings.HasPrefix(errs.String(), want) {
		t.Errorf("said %q", errs.String())
	}
}

func TestColoursOnATerminalAlone(t *testing.T) {
	pty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		testenv.Skip(t, "this machine has no /dev/ptmx")
	}
	defer pty.Close()
	tests := []struct {
		what          string
		noColor, term string
		want          bool
	}{
		{"a terminal", "", "xterm", true},
		{"NO_COLOR is set", "1", "xterm", false},
		{"NO_COLOR is there, but empty", "", "xterm", true},
		{"a terminal that knows no colours", "", "dumb", false},
	}
	for _, tt := range tests {
		t.Setenv("NO_COLOR", tt.noColor)
		t.Setenv("TERM", tt.term)
		if got := colours(pty); got != tt.want {
			t.Errorf("%s: %v", tt.what, got)
		}
		if colours(&bytes.Buffer{}) {
			t.Errorf("%s: colours in a file", tt.what)
		}
	}
}
