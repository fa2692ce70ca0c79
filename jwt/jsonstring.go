package jwt

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// special are the bytes that end a string, or are not themselves in it.
var special = func() (t [256]bool) {
	for c := range ' ' {
		t[c] = true
	}
	t['"'], t['\\'] = true, true
	return t
}()

// string reads a string; RFC 8259 section 7.
func (p *scanner) string() (value, error) {
	p.i++ // "
	start, escaped := p.i, false
	for {
		rest := p.s[p.i:]
		n := 0
		for n < len(rest) && !special[rest[n]] {
			n++
		}
		p.i += n
		if n == len(rest) {
			return value{}, p.fail("string is not closed")
		}
		switch rest[n] {
		case '"':
			p.i++
			return value{kind: kindString, escaped: escaped, raw: p.s[start : p.i-1]}, nil
		case '\\':
			escaped = true
			if err := p.escape(); err != nil {
				return value{}, err
			}
			p.i++
		default:
			return value{}, p.fail("control character in a string")
		}
	}
}

// escape reads an escape sequence and stops at its last byte.
func (p *scanner) escape() error {
	p.i++ // backslash
	if c := p.peek(); c != 'u' {
		if c == 0 || !strings.ContainsRune(`"\/bfnrt`, rune(c)) {
			return p.fail("unknown escape")
		}
		return nil
	}
	r, ok := hex4(p.s[p.i+1:])
	if !ok {
		return p.fail("unknown escape")
	}
	p.i += 4
	if !utf16.IsSurrogate(r) {
		return nil
	}
	if rest := p.s[p.i+1:]; strings.HasPrefix(rest, `\u`) {
		if low, ok := hex4(rest[2:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
			p.i += 6
			return nil
		}
	}
	return p.fail("lone surrogate")
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape decodes the inside of a string that the scanner has accepted.
func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r, _ := hex4(s[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low, _ := hex4(s[i+3:])
				r = utf16.DecodeRune(r, low)
				i += 6
			}
			b = utf8.AppendRune(b, r)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// appendString appends s as a JSON string. s must be UTF-8.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for {
		n := 0
		for n < len(s) && !special[s[n]] {
			n++
		}
		b = append(b, s[:n]...)
		if n == len(s) {
			return append(b, '"')
		}
		if c := s[n]; c >= ' ' {
			b = append(b, '\\', c)
		} else {
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		s = s[n+1:]
	}
}
