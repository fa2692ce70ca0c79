package trace

import (
	"cmp"
	"hash/fnv"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxOpen is how many elements may be open at once. Deeper ones are read as if they were not there: their text counts.
const maxOpen = 512

// An htmlReader reads HTML in one pass and in bounded memory: it keeps the elements that are open and never a tree, since a few
// megabytes of markup can make a tree of gigabytes.
type htmlReader struct {
	p    *Page
	base *location
	w    pageWriter

	open   []element
	count  map[atom.Atom]int // of open elements, by name
	hidden int               // how many of them are not to be seen
	pre    int               // how many keep their space
	forms  formReader

	links   map[string]int // numbers by URL
	titled  bool
	rebased bool
}

// An element is open.
type element struct {
	name   atom.Atom
	hides  bool
	pre    bool
	indent int    // what the element adds
	items  int    // of an ordered list, or a row: the number of the last item; -1 in others
	link   int    // the number that is written at its end
	from   int    // where the text of a link begins
	label  string // of a link without text
}

func readHTML(p *Page, base *location, doc string) {
	r := &htmlReader{p: p, base: base, count: map[atom.Atom]int{}, links: map[string]int{}}
	z := html.NewTokenizer(strings.NewReader(doc))
	for !r.w.full() {
		switch z.Next() {
		case html.ErrorToken:
			r.close(0)
			p.Text = r.w.b.String()
			return
		case html.TextToken:
			r.text(string(z.Text()))
		case html.StartTagToken:
			tag, more := z.TagName()
			name := nameOf(tag)
			if name == atom.Noscript {
				z.NextIsNotRawText() // no script runs here
			}
			r.start(name, attributes(z, more))
		case html.SelfClosingTagToken: // the slash counts in SVG alone
			tag, more := z.TagName()
			if name := nameOf(tag); name != atom.Svg && r.count[atom.Svg] == 0 {
				r.start(name, attributes(z, more))
			}
		case html.EndTagToken:
			tag, _ := z.TagName()
			r.end(nameOf(tag))
		}
	}
	p.Text = r.w.b.String()
}

// nameOf is the name of an element as a number. Those that HTML does not know have numbers that HTML does not use.
func nameOf(tag []byte) atom.Atom {
	if a := atom.Lookup(tag); a != 0 {
		return a
	}
	h := fnv.New32a()
	_, _ = h.Write(tag)
	return atom.Atom(h.Sum32() | 1<<31)
}

// attributes are those of the tag that the tokenizer stands at; of equals the first counts.
func attributes(z *html.Tokenizer, more bool) map[string]string {
	var all map[string]string
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		if all == nil {
			all = map[string]string{}
		}
		if _, twice := all[string(key)]; !twice && len(all) < 50 {
			all[string(key)] = string(value)
		}
	}
	return all
}

func (r *htmlReader) text(s string) {
	if r.top() == atom.Head && strings.TrimLeftFunc(s, isGap) != "" {
		r.endImplied(atom.Head)
	}
	switch {
	case r.top() == atom.Title:
		if !r.titled && r.hidden == r.hiding(atom.Title) {
			r.p.Title = clip(oneLine(s), maxPageTitle)
			r.titled = true
		}
	case r.forms.text(s):
	case r.hidden > 0:
	case r.pre > 0:
		r.w.verbatim(s)
	default:
		r.w.words(s)
	}
}

func (r *htmlReader) top() atom.Atom {
	if len(r.open) == 0 {
		return 0
	}
	return r.open[len(r.open)-1].name
}

// hiding is how many of the open elements hide because they are a head or a title themselves.
func (r *htmlReader) hiding(name atom.Atom) int { return r.count[name] + r.count[atom.Head] }

func (r *htmlReader) start(name atom.Atom, attr map[string]string) {
	for _, also := range endsBefore[name] {
		r.endImplied(also)
	}
	if kinds[name]&endsParagraph != 0 {
		r.endImplied(atom.P)
	}
	if !staysInHead(name) {
		r.endImplied(atom.Head)
	}
	switch name {
	case atom.Html:
		return
	case atom.Form:
		if r.forms.form != nil {
			return // forms in forms are none (HTML standard, section 13.2.6.4.7)
		}
	case atom.Base:
		r.setBase(attr["href"])
	}
	e := element{name: name, items: -1, hides: kinds[name]&hides != 0 || isHidden(name, attr)}
	if r.hidden == 0 && !e.hides {
		r.begin(&e, attr)
	}
	r.forms.start(r, name, attr)
	if kinds[name]&void != 0 || len(r.open) >= maxOpen {
		return
	}
	r.push(e)
}

// begin writes what stands at the beginning of an element.
func (r *htmlReader) begin(e *element, attr map[string]string) {
	r.w.end(r.breaksAround(e.name))
	if kinds[e.name]&heading != 0 {
		level, _ := strconv.Atoi(e.name.String()[1:])
		r.w.bullet = strings.Repeat("#", level) + " "
	}
	switch e.name {
	case atom.A:
		e.link, e.from = r.link(attr["href"]), r.w.b.Len()
		e.label = cmp.Or(attr["aria-label"], attr["title"])
	case atom.Img:
		if alt := clip(oneLine(attr["alt"]), maxPageTitle); alt != "" {
			r.w.words(" (image: " + alt + ") ")
		}
	case atom.Br:
		r.w.end(r.w.breaks + 1)
	case atom.Hr:
		r.w.words("---")
		r.w.end(2)
	case atom.Tr:
		e.items = 0
	case atom.Td, atom.Th:
		if row := r.inside(atom.Tr, atom.Table); row != nil {
			row.items++
			r.w.beginCell(row.items)
		}
	case atom.Ul, atom.Menu, atom.Ol:
		if e.name == atom.Ol {
			e.items, _ = strconv.Atoi(attr["start"])
			e.items = max(min(e.items, 1<<30)-1, 0)
		}
	case atom.Li:
		r.w.bullet, e.indent = "- ", 2
		if list := r.inside(atom.Ol, atom.Ul); list != nil {
			list.items++
			r.w.bullet = strconv.Itoa(list.items) + ". "
			e.indent = len(r.w.bullet)
		}
	case atom.Dd, atom.Blockquote:
		e.indent = 4
	case atom.Pre, atom.Listing, atom.Xmp:
		e.pre, e.indent = true, 4
	}
}
