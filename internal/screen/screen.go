// Package screen shows a person in a terminal what packages trace and jar found out: 80 columns, words before codes, and
// colour only as a help for who sees it. Whatever a stranger sent is made printable, and secrets are shortened.
package screen

import (
	"cmp"
	"io"
	"strings"
	"time"
	"unicode"
)

// A Screen is where it is written. The zero value of all but W is the common case: 80 columns, no colour, secrets shortened.
type Screen struct {
	W       io.Writer
	Width   int       // columns; 0 is 80
	Colour  bool      // ask the terminal, and NO_COLOR, first
	Secrets bool      // show values whole
	Now     time.Time // what lifetimes are counted from; zero is the time of the call
}

func (s *Screen) width() int { return cmp.Or(s.Width, 80) }

func (s *Screen) now() time.Time {
	if s.Now.IsZero() {
		return time.Now()
	}
	return s.Now
}

// A Style is how a word looks. On a screen without colour all look the same.
type Style string

// The styles, in the terminal's own colours, so that they fit whatever theme somebody has.
const (
	Plain  Style = ""
	Strong Style = "1"
	Faint  Style = "2"
	Good   Style = "32"
	Bad    Style = "31"
	Warn   Style = "33"
	Calm   Style = "36"
)

// A Span is some words of one style.
type Span struct {
	Text  string
	Style Style
}

//go:noinline
func (s *Screen) paint(text string, style Style) string {
	if !s.Colour || style == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}

// Text prints words that are broken into lines, each indented.
func (s *Screen) Text(indent int, spans ...Span) {
	s.row("", 0, indent, 0, spans)
}

// Row prints a label at an indent, and beside it, from column on, words that are broken into lines. A label that is too long
// for its column has a line of its own. Words that are longer than a line are broken too.
func (s *Screen) Row(indent int, label Span, column int, spans ...Span) {
	label.Text = Printable(label.Text)
	left, taken := strings.Repeat(" ", indent)+s.paint(label.Text, label.Style), indent+Columns(label.Text)
	if taken >= column && label.Text != "" {
		s.put(left)
		left, taken = "", 0
	}
	s.row(left, taken, column, 0, spans)
}

// row prints words beside what stands on the left already and takes so many columns. The lines after the first hang by some
// columns more.
func (s *Screen) row(left string, taken, column, hang int, spans []Span) {
	for i, words := range s.broken(max(s.width()-column, 8), hang, spans) {
		if i == 1 {
			column += hang
		}
		s.put(left + strings.Repeat(" ", max(column-taken, 0)) + words)
		left, taken = "", 0
	}
	if taken > 0 {
		s.put(left)
	}
}

// put writes one line.
func (s *Screen) put(line string) {
	line = strings.ReplaceAll(line, glue, " ")
	_, _ = io.WriteString(s.W, strings.TrimRight(line, " ")+"\n")
}

// glue is a space at which no line is broken: between a number and its unit.
const glue = "\u00a0"

func isBreak(c rune) bool { return unicode.IsSpace(c) && c != '\u00a0' }

// Gap prints an empty line.
func (s *Screen) Gap() { s.put("") }

// broken are painted lines of at most width columns, and after the first of hang less.
func (s *Screen) broken(width, hang int, spans []Span) (lines []string) {
	var line, run strings.Builder // run is what is painted at once
	var style Style
	at := 0
	flush := func() {
		line.WriteString(s.paint(run.String(), style))
		run.Reset()
	}
	next := func() {
		flush()
		lines = append(lines, line.String())
		line.Reset()
		if at = 0; len(lines) == 1 {
			width -= hang
		}
	}
	for _, span := range spans {
		for word := range strings.FieldsFuncSeq(Printable(span.Text), isBreak) {
			n := Columns(word)
			if at > 0 && at+1+n > width && (n <= width || width-at < 12) {
				next()
			}
			if at > 0 {
				if span.Style != style {
					flush()
					line.WriteByte(' ')
				} else {
					run.WriteByte(' ')
				}
				at++
			}
			if span.Style != style {
				flush()
				style = span.Style
			}
			for at+n > width {
				cut := Cut(word, width-at)
				if cut == 0 { // a wide character on the last column
					cut = len(word)
				}
				run.WriteString(word[:cut])
				n -= Columns(word[:cut])
				next()
				word = word[cut:]
			}
			run.WriteString(word)
			at += n
		}
	}
	if at > 0 {
		next()
	}
	return lines
}
