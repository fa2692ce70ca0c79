package trace

import (
	"strings"
	"unicode"
)

// A pageWriter writes readable text: paragraphs are one line each, for whoever shows them to break; cells of a table stand
// between tabs.
type pageWriter struct {
	b      strings.Builder
	breaks int    // line breaks that come before the next word
	space  bool   // a space comes before it
	cells  int    // tabs come before it
	cell   bool   // it is the first of a cell
	bullet string // comes before the first word of a list item or a heading
	indent int    // of the lines that begin now
	line   bool   // something stands on the line
}

func (w *pageWriter) full() bool { return w.b.Len() > maxPageText }

// end asks for n line breaks before what comes next: 2 leave an empty line. At the beginning of a cell there are none.
func (w *pageWriter) end(n int) {
	if n == 0 || w.cell {
		return
	}
	w.breaks, w.space = max(w.breaks, n), false
}

// endRow ends a row of a table, whatever stands in its last cell.
func (w *pageWriter) endRow() { w.cells, w.cell, w.breaks, w.space = 0, false, 1, false }

// beginCell begins the n-th cell of a row.
func (w *pageWriter) beginCell(n int) {
	w.cell = true
	if n > 1 {
		w.cells++
		w.breaks, w.space = 0, false
	}
}

// words writes text in which any space is one space.
func (w *pageWriter) words(s string) {
	for s != "" && !w.full() {
		i := strings.IndexFunc(s, isGap)
		if i == 0 {
			w.space = w.space || w.line && w.breaks == 0
			s = strings.TrimLeftFunc(s, isGap)
			continue
		}
		if i < 0 {
			i = len(s)
		}
		w.begin()
		w.b.WriteString(s[:i])
		s = s[i:]
	}
}

// verbatim writes text whose lines and spaces count.
func (w *pageWriter) verbatim(s string) {
	for i, line := range strings.Split(keepLines(s), "\n") {
		if i > 0 {
			w.end(w.breaks + 1)
		}
		if line != "" && !w.full() {
			w.begin()
			w.b.WriteString(line)
		}
	}
}

// begin writes what stands before a word.
func (w *pageWriter) begin() {
	if w.b.Len() > 0 && w.breaks > 0 {
		w.b.WriteString("\n\n"[:min(w.breaks, 2)])
		w.line = false
	}
	if !w.line {
		w.b.WriteString(strings.Repeat(" ", min(max(w.indent-len(w.bullet), 0), 32)) + w.bullet)
		w.bullet = ""
	}
	if w.cells > 0 {
		w.b.WriteString(strings.Repeat("\t", min(w.cells, 16)))
	} else if w.space && w.line {
		w.b.WriteByte(' ')
	}
	w.breaks, w.space, w.cells, w.cell, w.line = 0, false, 0, false, true
}

// attach writes something right after the last word, whatever comes next.
func (w *pageWriter) attach(s string) {
	if !w.full() {
		w.b.WriteString(s)
	}
}

func isGap(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }
