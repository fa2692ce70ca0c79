package jwt

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may nest in headers, payloads and
// keys. Real claims stay under five; the scanner is recursive, so there must be an end.
const maxDepth = 32

// A syntaxError says where JSON stops being acceptable.
type syntaxError struct {
	text   string
	offset int
}

func (e *syntaxError) Error() string { return e.text + " at byte " + strconv.Itoa(e.offset) }

// A value is one JSON value, checked but not decoded. For a string raw is what stands
// between the quotes, for all others the whole text.
type value struct {
	kind    kind
	escaped bool // a string with a backslash in it
	raw     string
}

type kind uint8

const (
	kindString kind = iota
	kindNumber
	kindObject
	kindArray
	kindBool
	kindNull
)

func (k kind) String() string {
	return [...]string{"string", "number", "object", "array", "boolean", "null"}[k]
}

// text decodes a string value.
func (v value) text() string {
	if !v.escaped {
		return v.raw
	}
	return unescape(v.raw)
}

// A scanner reads JSON (RFC 8259) by the rules of I-JSON (RFC 7493): UTF-8
// only, no member name twice in one object at any depth, no lone surrogates. It works on
// the text itself and allocates only for what has escapes or very many members.
type scanner struct {
	s     string
	i     int
	depth int
	first bool // in an object that was just entered
	named int  // where the last member name began
	fold  bool // names that differ only in case are the same
}

func (p *scanner) fail(text string) error { return &syntaxError{text, p.i} }

// checkJSON reports whether s is exactly one acceptable JSON value.
func checkJSON(s string) (value, error) {
	p := scanner{s: s}
	if !utf8.ValidString(s) {
		return value{}, p.fail("not UTF-8")
	}
	v, err := p.value()
	if err != nil {
		return value{}, err
	}
	return v, p.end()
}

// eachMember calls visit for each member of the object that s must be.
func eachMember(s string, visit func(name string, v value) error) error {
	p := scanner{s: s}
	if err := p.object(); err != nil {
		return err
	}
	if err := p.members(visit); err != nil {
		return err
	}
	return p.end()
}

// object goes to the brace of the object that the text must be.
func (p *scanner) object() error {
	if !utf8.ValidString(p.s) {
		return p.fail("not UTF-8")
	}
	if p.space(); p.peek() != '{' {
		return p.fail("not an object")
	}
	return nil
}

// checkFoldedNames refuses two names in one object that encoding/json would
// put into one field of a struct.
func checkFoldedNames(s string) error {
	p := scanner{s: s, fold: true}
	_, err := p.value()
	return err
}

// foldName maps names that are equal under simple case folding to one of them, as
// encoding/json does.
func foldName(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, name)
}

// eachElement calls visit for each element of an array that was checked before.
func eachElement(array value, visit func(v value) error) error {
	p := scanner{s: array.raw}
	return p.elements(visit)
}

func (p *scanner) end() error {
	if p.space(); p.i != len(p.s) {
		return p.fail("data after the end")
	}
	return nil
}

func (p *scanner) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

// space skips white space, of which tokens have none.
func (p *scanner) space() {
	if p.i < len(p.s) && p.s[p.i] <= ' ' {
		p.blanks()
	}
}

func (p *scanner) blanks() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *scanner) value() (value, error) {
	p.space()
	if p.peek() == '"' {
		return p.string()
	}
	start := p.i
	var k kind
	var err error
	switch c := p.peek(); {
	case c == '{':
		k, err = kindObject, p.members(nil)
	case c == '[':
		k, err = kindArray, p.elements(nil)
	case c == '-' || '0' <= c && c <= '9':
		k, err = kindNumber, p.number()
	case c == 't':
		k, err = kindBool, p.word("true")
	case c == 'f':
		k, err = kindBool, p.word("false")
	case c == 'n':
		k, err = kindNull, p.word("null")
	default:
		err = p.fail("no JSON value")
	}
	if err != nil {
		return value{}, err
	}
	return value{kind: k, raw: p.s[start:p.i]}, nil
}

func (p *scanner) members(visit func(name string, v value) error) error {
	var seen names
	err := p.open()
	for err == nil {
		n, more, err := p.name()
		if err != nil || !more {
			return err
		}
		name := n.text()
		if p.fold {
			name = foldName(name)
		}
		if !seen.add(name) {
			return p.twice(name)
		}
		v, err := p.value()
		if err != nil {
			return err
		}
		if visit != nil {
			if err := visit(name, v); err != nil {
				return err
			}
		}
	}
	return err
}

// open enters an object, at its brace. The caller then takes names and values in turn.
func (p *scanner) open() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(gotLimit("nested too deep", p.depth, maxDepth))
	}
	p.i++ // {
	p.first = true
	return nil
}

// name reads on to the next value of an object, or leaves the object and says that there are no more.
func (p *scanner) name() (name value, more bool, err error) {
	first := p.first
	p.first = false
	p.space()
	switch c := p.peek(); {
	case c == '}':
		p.i++
		p.depth--
		return value{}, false, nil
	case c == ',' && !first:
		p.i++
		p.space()
	case !first:
		return value{}, false, p.fail("object is not closed")
	}
	if p.peek() != '"' {
		return value{}, false, p.fail("no member name")
	}
	p.named = p.i
	if name, err = p.string(); err != nil {
		return value{}, false, err
	}
	if p.space(); p.peek() != ':' {
		return value{}, false, p.fail("no colon after a member name")
	}
	p.i++
	return name, true, nil
}

func (p *scanner) twice(name string) error {
	return &syntaxError{"member " + quote(name) + " occurs twice", p.named}
}

func (p *scanner) elements(visit func(v value) error) error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(gotLimit("nested too deep", p.depth, maxDepth))
	}
	p.i++ // [
	if p.space(); p.peek() != ']' {
		for {
			v, err := p.value()
			if err != nil {
				return err
			}
			if visit != nil {
				if err := visit(v); err != nil {
					return err
				}
			}
			if p.space(); p.peek() != ',' {
				break
			}
			p.i++
		}
	}
	if p.peek() != ']' {
		return p.fail("array is not closed")
	}
	p.i++
	p.depth--
	return nil
}

// number reads a number; RFC 8259 section 6.
func (p *scanner) number() error {
	if p.peek() == '-' {
		p.i++
	}
	if p.peek() == '0' {
		p.i++
	} else if p.digits() == 0 {
		return p.fail("no digit")
	}
	if p.peek() == '.' {
		p.i++
		if p.digits() == 0 {
			return p.fail("no digit")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.i++
		if c := p.peek(); c == '+' || c == '-' {
			p.i++
		}
		if p.digits() == 0 {
			return p.fail("no digit")
		}
	}
	return nil
}

func (p *scanner) digits() (n int) {
	rest := p.s[p.i:]
	for n < len(rest) && rest[n]-'0' <= 9 {
		n++
	}
	p.i += n
	return n
}

func (p *scanner) word(w string) error {
	if !strings.HasPrefix(p.s[p.i:], w) {
		return p.fail("no JSON value")
	}
	p.i += len(w)
	return nil
}

// names remembers the member names of one object: a handful in place, more in a map,
// so that neither the usual case nor a hostile one is expensive.
type names struct {
	few  [12]string
	n    int
	many map[string]struct{}
}

func (t *names) add(name string) bool {
	if t.many != nil {
		if _, found := t.many[name]; found {
			return false
		}
		t.many[name] = struct{}{}
		return true
	}
	for _, have := range t.few[:t.n] {
		if have == name {
			return false
		}
	}
	if t.n < len(t.few) {
		t.few[t.n] = name
		t.n++
		return true
	}
	t.many = make(map[string]struct{}, 2*len(t.few))
	for _, have := range t.few {
		t.many[have] = struct{}{}
	}
	t.many[name] = struct{}{}
	return true
}
