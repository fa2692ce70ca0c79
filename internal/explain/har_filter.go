package explain

import (
	"fmt"
	"io"
)

const (
	maxString  = 64 << 10        // octets of a URL or a header's value that is looked at
	maxRaw     = 6*maxString + 6 // of a string as JSON writes it: six octets for one at the most
	maxHAR     = 2 << 30         // octets of a HAR file
	maxNesting = 1000            // of objects and lists: the stacks of scripts in it nest
	maxLiteral = 1000            // octets of a number or a word
)

// eliding lets JSON through, but cuts strings at maxRaw octets: bodies of responses, which are most of a HAR file, are never
// in memory. A string that was cut is still longer than maxString when it is decoded, so that it is seen to be too long. It ends the
// input where it nests too deep, or goes on for too long.
type eliding struct {
	r     io.Reader
	total int64

	depth   int
	literal int // octets of what is neither a string nor white space nor punctuation
	space   bool

	inString bool
	octets   int  // of the string so far
	cutting  bool // the rest of the string is left out
	escaped  bool // after a backslash
	hex      int  // digits of \uXXXX that are still to come
}

func (e *eliding) Read(p []byte) (int, error) {
	for {
		n, err := e.r.Read(p)
		if e.total += int64(n); e.total > maxHAR {
			return 0, &Error{ErrTooLarge, fmt.Sprintf("more than %d octets", maxHAR), "record less, or without the contents of responses"}
		}
		kept := p[:0]
		for _, c := range p[:n] {
			if !e.inString {
				if problem := e.outside(c); problem != "" {
					return 0, &Error{ErrHAR, problem, "export it again; no browser writes this"}
				}
				if !isSpace(c) || !e.space {
					kept = append(kept, c)
				}
				e.space = isSpace(c)
				continue
			}
			if e.inside(c) {
				kept = append(kept, c)
			}
		}
		if len(kept) > 0 || err != nil || len(p) == 0 {
			return len(kept), err
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// outside of strings, it counts what must not go on for ever.
func (e *eliding) outside(c byte) (problem string) {
	switch c {
	case '"':
		e.inString, e.octets, e.cutting, e.literal = true, 0, false, 0
	case '{', '[':
		if e.depth++; e.depth > maxNesting {
			return fmt.Sprintf("nested more than %d deep", maxNesting)
		}
		e.literal = 0
	case '}', ']':
		e.depth--
		e.literal = 0
	case ',', ':', ' ', '\n', '\r', '\t':
		e.literal = 0
	default:
		if e.literal++; e.literal > maxLiteral {
			return fmt.Sprintf("a number of more than %d digits", maxLiteral)
		}
	}
	return ""
}

// inside of a string, it reports whether an octet is kept. Nothing is cut in the middle of an escape.
func (e *eliding) inside(c byte) (keep bool) {
	if e.octets >= maxRaw && !e.escaped && e.hex == 0 {
		e.cutting = true
	}
	e.octets++
	switch {
	case e.escaped:
		if e.escaped = false; c == 'u' {
			e.hex = 4
		}
	case e.hex > 0:
		e.hex--
	case c == '\\':
		e.escaped = true
	case c == '"':
		e.inString = false
		return true
	}
	return !e.cutting
}
