package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cloakroom/cloakroom/internal/screen"
)

// table prints rows in columns; the last column takes what room there is.
func (t *terminal) table(rows [][]string) {
	width := map[int]int{}
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(printable(cell))
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		fmt.Fprintln(t.out, strings.TrimRight(b.String(), " "))
	}
}

// jsonLines prints n values, one JSON object a line.
func (t *terminal) jsonLines(n int, value func(i int) any) error {
	enc := json.NewEncoder(t.out)
	enc.SetEscapeHTML(false)
	for i := range n {
		if err := enc.Encode(value(i)); err != nil {
			return err
		}
	}
	return nil
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

//go:noinline
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// lasting says a span in the largest unit that fits: "3 days".
func lasting(d time.Duration) string {
	minutes := d.Round(time.Minute)
	switch {
	case minutes >= 48*time.Hour:
		return count(int(d/(24*time.Hour)), "day")
	case minutes >= 2*time.Hour, minutes == time.Hour:
		return count(int(d.Round(time.Hour)/time.Hour), "hour")
	case d >= 100*time.Second:
		return count(int(minutes/time.Minute), "minute")
	}
	return count(int(max(d, 0).Round(time.Second)/time.Second), "second")
}

func ago(now, then time.Time) string {
	if d := now.Sub(then); d >= time.Second {
		return lasting(d) + " ago"
	}
	return "now"
}

// printable keeps a stranger's text from steering the terminal.
func printable(s string) string { return screen.Printable(s) }

// expectInput tells a person at a terminal, who would see nothing happen, what the command waits for.
func (t *terminal) expectInput(what string) {
	if f, ok := t.in.(*os.File); ok && isTerminal(f) {
		fmt.Fprintf(t.err, "Type or paste %s; then Ctrl-D.\n", what)
	}
}
