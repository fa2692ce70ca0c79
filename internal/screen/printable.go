package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// maxMarks is how many marks may be stacked on one character: the languages of the world need no more, and a tower of
// them covers the lines above.
const maxMarks = 4

// Printable keeps a stranger's text from steering the terminal: no control characters, none that turn the direction, break
// lines or are not there to be seen, no bytes that are not UTF-8. Each of them is shown as �.
func Printable(s string) string {
	if plain(s) {
		return s
	}
	marks := 0
	return strings.Map(func(c rune) rune {
		if !unicode.In(c, unicode.Mn, unicode.Me) {
			marks = 0
		} else if marks++; marks > maxMarks {
			return -1
		}
		if hostile(c) {
			return utf8.RuneError
		}
		return c
	}, s)
}

// plain reports whether there is nothing but visible ASCII, which is so nearly always.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func hostile(c rune) bool {
	switch {
	case c == '\u200c' || c == '\u200d': // joiners: Persian, Indian languages and families need them
		return false
	case unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co):
		return true
	}
	return false
}

// Columns is how many columns of a terminal a printable text takes.
//
//go:noinline
func Columns(s string) int {
	n := 0
	for _, c := range s {
		n += columns(c)
	}
	return n
}

func columns(c rune) int {
	if c < 0x300 {
		return 1
	}
	if unicode.In(c, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(c).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Cut is where the first n columns of a printable text end, in bytes. Marks stay with their character.
func Cut(s string, n int) int {
	for i, c := range s {
		if n -= columns(c); n < 0 {
			return i
		}
	}
	return len(s)
}

// Fit is a text in at most n columns: its middle is left out if it is longer.
func Fit(s string, n int) string {
	if s = Printable(s); Columns(s) <= n {
		return s
	}
	head := s[:Cut(s, (n-1+1)/2)]
	tail := s[Cut(s, Columns(s)-(n-1-Columns(head))):]
	for Columns(head)+1+Columns(tail) > n { // a wide character stood on the seam
		_, size := utf8.DecodeRuneInString(tail)
		tail = tail[size:]
	}
	return head + "…" + tail
}

// Pad fills a text up with spaces to n columns.
func Pad(s string, n int) string {
	return s + strings.Repeat(" ", max(n-Columns(s), 0))
}
