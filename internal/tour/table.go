package tour

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Width is how many columns the printed report may take.
const Width = 80

// Paint chooses how a word is shown; on what is no terminal every word is left as it is.
type Paint bool

func (p Paint) as(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// row is one line of the table. Danger is the word that somebody should worry about, good the opposite.
type row struct {
	label        string
	cell         func(w *Way) string
	danger, good string
}

// part is some rows under a heading.
type part struct {
	heading string
	rows    []row
}

var parts = []part{
	{"Being remembered", []row{
		{label: "empty-handed", cell: func(w *Way) string { return either(w.Forgotten, "a stranger", "known") }},
		{label: "with what it got", cell: func(w *Way) string { return either(w.Remembered, "remembered", "forgotten") }},
		{label: "the data is with", cell: func(w *Way) string { return "the " + w.DataKept }},
		{label: "says who you are", cell: func(w *Way) string { return either(w.Readable, "to all", "to nobody") }, danger: "to all", good: "to nobody"},
	}},
	{"What it costs", []row{
		{label: "bytes a request", cell: func(w *Way) string { return number(float64(w.RequestBytes)) }},
		{label: "µs of server work", cell: func(w *Way) string { return number(w.MicrosPerRequest) }},
	}},
	{"Attacked", []row{
		{label: "one byte altered", cell: func(w *Way) string { return w.Altered }, danger: Accepted, good: Refused},
		{label: "stolen copy", cell: func(w *Way) string { return w.StolenCopy }, danger: Accepted, good: Refused},
		{label: "copy after sign-out", cell: func(w *Way) string { return w.AfterSignOut }, danger: Accepted, good: Refused},
		{label: "  feed followed", cell: func(w *Way) string { return either(w.Followed == "", "-", w.Followed) }, danger: Accepted, good: Refused},
		{label: "copy after expiry", cell: func(w *Way) string { return w.Expired }, danger: Accepted, good: Refused},
	}},
	{"When something ends", []row{
		{label: "browser closed", cell: func(w *Way) string { return w.BrowserClosed }},
		{label: "store stopped", cell: func(w *Way) string { return w.StoreStopped }, good: Accepted},
	}},
}

const (
	labelColumn = 22
	wayColumn   = 15
)

// Print writes the report for a person: what this is, the table, and what one learns from it.
func (r *Report) Print(out io.Writer, p Paint) {
	title := "Four ways of being remembered, tried and attacked on a throwaway server"
	if len(r.Ways) == 1 {
		title = "One way of being remembered, tried and attacked on a throwaway server"
	}
	fmt.Fprintf(out, "%s\n", p.as(bold, fmt.Sprintf("%s (%.1f s)", title, r.Took.Seconds())))
	fmt.Fprint(out, "Each client asks: who am I, and how often was I here? To be known, it carries:\n\n")
	for i := range r.Ways {
		w := &r.Ways[i]
		fmt.Fprintf(out, "  %s%s%s\n", pad(w.label, 15), pad(w.carried, 19), p.as(dim, w.carries))
	}
	fmt.Fprint(out, "\n", pad("", labelColumn))
	for i := range r.Ways {
		fmt.Fprint(out, p.as(bold, end(r.Ways[i].label, i == len(r.Ways)-1)))
	}
	fmt.Fprintln(out)
	for _, part := range parts {
		fmt.Fprintln(out, p.as(bold, part.heading))
		for _, row := range part.rows {
			r.printRow(out, p, row)
		}
	}
	fmt.Fprintln(out)
	for _, s := range r.Lessons() {
		fmt.Fprintln(out, wrapText(s, Width-2, "- ", "  "))
	}
}

func (r *Report) printRow(out io.Writer, p Paint, row row) {
	fmt.Fprint(out, pad("  "+row.label, labelColumn))
	for i := range r.Ways {
		word := row.cell(&r.Ways[i])
		text := end(word, i == len(r.Ways)-1)
		switch word {
		case "":
		case row.danger:
			text = p.as(red, text)
		case row.good:
			text = p.as(green, text)
		}
		fmt.Fprint(out, text)
	}
	fmt.Fprintln(out)
}

// end pads a cell, unless nothing follows it.
func end(s string, last bool) string {
	if last {
		return s
	}
	return pad(s, wayColumn)
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-columns(s), 1))
}

// wrapText breaks a text into lines of at most width columns, after a first and before the others an indent. A word that is
// longer than a line is broken.
func wrapText(text string, width int, first, indent string) string {
	var b strings.Builder
	line, empty := first, true
	for word := range strings.FieldsSeq(text) {
		if !empty && columns(line)+1+columns(word) > width {
			b.WriteString(line + "\n")
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		for columns(line)+columns(word) > width {
			n := cutAt(word, width-columns(line))
			b.WriteString(line + word[:n] + "\n")
			line, word = indent, word[n:]
		}
		line += word
		empty = false
	}
	return b.String() + line
}

func columns(s string) int { return utf8.RuneCountInString(s) }

// cutAt is where the first n columns of a text end, in bytes.
func cutAt(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}
