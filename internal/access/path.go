package access

import (
	"strings"
	"unicode/utf8"
)

// maxTarget is the longest path and query that is read; proxies end a request line at 8 KiB.
const maxTarget = 8192

// reading is how apps read a path.
type reading struct {
	path string // decoded once, without the query
	sure int    // so many bytes of it are read alike by every app
	why  string // the first thing that is not
}

func (r *reading) doubt(at int, why string) {
	if at < r.sure {
		r.sure, r.why = at, why
	}
}

// Why paths are refused at every host: they could lead anywhere, or no browser sends them.
const (
	whyStart     = "the path does not begin with a slash"
	whyLong      = "path and query are longer than 8192 bytes"
	whyDots      = "the path holds a segment of dots"
	whyBackslash = "the path holds a backslash"
	whyControl   = "there is a space or a control character in it"
	whyEscape    = "there is a % in the path without two digits behind it"
	whyFragment  = "there is a # in it, where a fragment would begin"
	whyNested    = "the path is escaped more than four times"
)

// Why paths are refused where a rule lies within reach.
const (
	whySlashes   = "the path holds two slashes in a row"
	whySemicolon = "the path holds a semicolon"
	whyDelimiter = "the path holds a slash, semicolon, ? or # in escaped form"
	whyPercent   = "the path is escaped twice"
	whyNeedless  = "the path holds an escaped letter or digit"
	whyEnd       = "a segment of the path ends in a dot or a space"
	whySymbol    = "the path holds a character that some systems read as another"
	whyUTF8      = "the path is not UTF-8"
	whyCase      = "the path differs from that of a rule in capital letters only"
	whyAccent    = "the path differs from that of a rule in accents only"
	whySuffix    = "the path is that of a rule with an ending, and apps may serve both alike"
)

// read finds out how apps read the path of a target. The path that browsers usually send is a part of target, and nothing is allocated.
func read(target string) (r reading, why string) {
	switch {
	case target == "" || target[0] != '/':
		return r, whyStart
	case len(target) > maxTarget:
		return r, whyLong
	}
	end, plain := len(target), true
	for i := 1; i < len(target); i++ {
		c := target[i]
		if c == '?' {
			end = i
			break
		}
		if c == '/' && (target[i-1] == '/' || target[i-1] == '.') || c != '/' && !isPlain(c) {
			plain = false
		}
	}
	if why := checkQuery(target[end:]); why != "" {
		return r, why
	}
	if plain && target[end-1] != '.' {
		return reading{path: target[:end], sure: end}, ""
	}
	return readDoubtful(target[:end])
}

// isPlain tells the bytes that stand for themselves in a segment, wherever it is read: RFC 3986 pchar without escapes and semicolons.
func isPlain(c byte) bool {
	const (
		low  = 1<<'!' | 1<<'$' | 1<<'&' | 1<<'\'' | 1<<'(' | 1<<')' | 1<<'*' | 1<<'+' | 1<<',' | 1<<'-' | 1<<'.' | 1<<':' | 1<<'=' | 0x3ff<<'0'
		high = 1<<('@'-64) | (1<<26-1)<<('A'-64) | (1<<26-1)<<('a'-64) | 1<<('_'-64) | 1<<('~'-64)
	)
	switch {
	case c < 64:
		return low>>c&1 != 0
	case c < 128:
		return uint64(high)>>(c-64)&1 != 0
	}
	return false
}

func isUnreserved(c byte) bool {
	return isPlain(c) && strings.IndexByte("!$&'()*+,=:@", c) < 0
}

// checkQuery: the query is no part of the decision, but it must not make an app read another path.
func checkQuery(q string) (why string) {
	for i := range len(q) {
		switch c := q[i]; {
		case c == '#':
			return whyFragment
		case c <= ' ' || c == 0x7f:
			return whyControl
		}
	}
	return ""
}

// readDoubtful reads the path that has something in it beside plain segments.
func readDoubtful(raw string) (reading, string) {
	r := reading{sure: len(raw)}
	b := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c <= ' ' || c == 0x7f:
			return r, whyControl
		case c == '\\':
			return r, whyBackslash
		case c == '#':
			return r, whyFragment
		case c == ';':
			r.doubt(len(b), whySemicolon)
		case c == '%':
			v, ok := unhex(raw[i:])
			if !ok {
				return r, whyEscape
			}
			switch {
			case v == '/' || v == ';' || v == '?' || v == '#':
				r.doubt(len(b), whyDelimiter)
			case v == '%':
				r.doubt(len(b), whyPercent)
			case isUnreserved(v):
				r.doubt(len(b), whyNeedless)
			}
			c, i = v, i+2
		}
		b = append(b, c)
	}
	r.path = string(b)
	r.sure = min(r.sure, len(r.path))
	r.doubtSegments()
	r.doubtRunes()
	return r, r.climbs()
}

// unhex decodes the escape that s begins with.
func unhex(s string) (byte, bool) {
	if len(s) < 3 {
		return 0, false
	}
	digit := func(c byte) int { return strings.IndexByte("0123456789abcdef", c|' ') }
	high, low := digit(s[1]), digit(s[2])
	if high < 0 || low < 0 {
		return 0, false
	}
	return byte(high<<4 | low), true
}

// doubtSegments finds empty segments, which many servers leave out, and dots and spaces at the end of one, which Windows does.
func (r *reading) doubtSegments() {
	start := 1
	for i := 1; i <= len(r.path); i++ {
		if i < len(r.path) && r.path[i] != '/' {
			continue
		}
		if i == start && i < len(r.path) {
			r.doubt(i, whySlashes)
		}
		if kept := strings.TrimRight(r.path[start:i], ". "); len(kept) < i-start {
			r.doubt(start+len(kept), whyEnd)
		}
		start = i + 1
	}
}

// doubtRunes finds what a system with another character set, or one that normalises, could read as something else.
func (r *reading) doubtRunes() {
	for i, c := range r.path {
		if isLookalike(c) {
			r.doubt(i, whySymbol)
			return
		}
	}
}

// climbs refuses what leads up however it is read: escaped up to four times, with parameters, between slashes of any kind.
func (r *reading) climbs() (why string) {
	s := r.path
	for range 4 {
		if !utf8.ValidString(s) {
			r.doubt(1, whyUTF8) // overlong dots could lead up
		}
		s = strings.Map(lookalike, s)
		if why := checkPieces(s); why != "" {
			return why
		}
		next := unescapeLoosely(s)
		if next == s {
			return ""
		}
		s = next
	}
	return whyNested
}

// checkPieces refuses segments of dots, whatever a server takes for the end of a segment.
func checkPieces(s string) (why string) {
	dots, others := 0, 0
	for _, c := range s {
		switch {
		case c < ' ' || c == 0x7f:
			return whyControl
		case c == '\\':
			return whyBackslash
		case c == '/' || c == ';' || c == '?' || c == '#':
			if dots > 0 && others == 0 {
				return whyDots
			}
			dots, others = 0, 0
		case c == '.':
			dots++
		case c != ' ':
			others++
		}
	}
	if dots > 0 && others == 0 {
		return whyDots
	}
	return ""
}

// unescapeLoosely decodes what can be decoded, as a careless server would that does it once more.
func unescapeLoosely(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if v, ok := unhex(s[i:]); ok && c == '%' {
			c, i = v, i+2
		}
		b = append(b, c)
	}
	return string(b)
}
