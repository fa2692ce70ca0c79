package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/cloakroom/cloakroom/internal/tour"
)

type tourCmd struct {
	Only  string `placeholder:"NAME" enum:"plain-cookie,sealed-cookie,session,token," default:"" help:"One way only: plain-cookie, sealed-cookie, session, token."`
	Steps bool   `help:"Print every request and response, numbered."`
	JSON  bool   `name:"json" help:"Print JSON: what was observed, and every step."`
}

// Help is what -h says above the flags.
func (c *tourCmd) Help() string {
	return "Starts a throwaway server on this machine, asks it who you are in four ways, attacks each, and prints what happened. It needs nothing and leaves nothing. Exit status 4: something happened that must not."
}

// Run makes the tour and prints it. What contradicts the design is said, and is exit status 4.
func (c *tourCmd) Run(ctx context.Context, t *terminal) error {
	progress, done := t.progress()
	report, err := tour.Run(ctx, &tour.Options{Only: c.Only, Progress: progress})
	done()
	if errors.Is(err, context.Canceled) {
		return &exitError{code: exitFailed, err: errors.New("interrupted"), hint: "the throwaway server and its files are gone"}
	}
	if err != nil {
		return err
	}
	paint := tour.Paint(colours(t.out))
	switch {
	case c.JSON:
		err = t.jsonLines(1, func(int) any { return report })
	case c.Steps:
		report.PrintSteps(t.out, paint)
		report.Print(t.out, paint)
	default:
		report.Print(t.out, paint)
		fmt.Fprintf(t.out, "\nEvery request and response: cloakroom tour --steps%s\n", onlyFlag(c.Only))
	}
	if err != nil {
		return err
	}
	return kept(report.Broken())
}

func onlyFlag(name string) string {
	if name == "" {
		return ""
	}
	return " --only " + name
}

// kept turns broken promises into the exit status of a failed expectation.
func kept(broken []tour.Broken) error {
	if len(broken) == 0 {
		return nil
	}
	var lines []string
	for _, b := range broken {
		lines = append(lines, b.String())
	}
	return &exitError{
		code: exitExpects, err: fmt.Errorf("%s of the design broken: %s", count(len(broken), "promise"), strings.Join(lines, "; ")),
		hint: "this is a fault of cloakroom: please report it with the output of cloakroom tour --json",
	}
}

// progress shows on a terminal what is being done, in one line that is wiped away again.
func (t *terminal) progress() (say func(string), done func()) {
	if !isTerminal(t.err) {
		return nil, func() {}
	}
	const wipe = "\r\x1b[K"
	return func(doing string) { fmt.Fprint(t.err, wipe+doing+" …") }, func() { fmt.Fprint(t.err, wipe) }
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colours tells whether what is written there may be coloured (https://no-color.org).
func colours(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
