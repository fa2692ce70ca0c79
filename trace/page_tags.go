package trace

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// A kind is what a reader must know of an element: how many line breaks stand around it, and what it ends.
type kind uint8

const (
	breaks        kind = 3      // 1: a line of its own; 2: an empty line around it
	block         kind = 1 << 2 // end tags of phrases don't reach out of it (HTML standard: "special")
	endsParagraph kind = 1 << 3 // its start tag ends an open p
	fence         kind = 1 << 4 // an end tag that is left out is not looked for outside of it
	hides         kind = 1 << 5 // what is in it is not for reading
	void          kind = 1 << 6 // has no content and no end tag
	heading       kind = 1 << 7
)

var kinds = map[atom.Atom]kind{
	atom.P:  2 | block | endsParagraph,
	atom.H1: 2 | block | endsParagraph | heading, atom.H2: 2 | block | endsParagraph | heading, atom.H3: 2 | block | endsParagraph | heading,
	atom.H4: 2 | block | endsParagraph | heading, atom.H5: 2 | block | endsParagraph | heading, atom.H6: 2 | block | endsParagraph | heading,
	atom.Pre: 2 | block | endsParagraph, atom.Listing: 2 | block | endsParagraph, atom.Xmp: 2 | block | endsParagraph,
	atom.Blockquote: 2 | block | endsParagraph, atom.Figure: 2 | block | endsParagraph, atom.Hr: 2 | block | endsParagraph | void,
	atom.Form: 2 | block | endsParagraph, atom.Fieldset: 2 | block | endsParagraph,
	atom.Ul: 2 | block | endsParagraph | fence, atom.Ol: 2 | block | endsParagraph | fence, atom.Menu: 2 | block | endsParagraph | fence,
	atom.Dl: 2 | block | endsParagraph | fence, atom.Table: 2 | block | endsParagraph | fence,

	atom.Div: 1 | block | endsParagraph, atom.Section: 1 | block | endsParagraph, atom.Article: 1 | block | endsParagraph,
	atom.Aside: 1 | block | endsParagraph, atom.Header: 1 | block | endsParagraph, atom.Footer: 1 | block | endsParagraph,
	atom.Main: 1 | block | endsParagraph, atom.Nav: 1 | block | endsParagraph, atom.Address: 1 | block | endsParagraph,
	atom.Details: 1 | block | endsParagraph, atom.Summary: 1 | block | endsParagraph, atom.Dialog: 1 | block | endsParagraph,
	atom.Figcaption: 1 | block | endsParagraph, atom.Center: 1 | block | endsParagraph, atom.Hgroup: 1 | block | endsParagraph,
	atom.Li: 1 | block | endsParagraph, atom.Dt: 1 | block | endsParagraph, atom.Dd: 1 | block | endsParagraph,
	atom.Legend: 1 | block, atom.Caption: 1 | block | fence, atom.Body: 1 | block,
	atom.Tr: 1 | block, atom.Thead: 1 | block, atom.Tbody: 1 | block, atom.Tfoot: 1 | block,
	atom.Td: block | fence, atom.Th: block | fence,
	atom.Button: block | fence,

	atom.Head: block | hides, atom.Title: block | hides, atom.Script: block | hides, atom.Style: block | hides,
	atom.Template: block | hides | fence, atom.Svg: block | hides | fence, atom.Canvas: hides, atom.Audio: hides, atom.Video: hides,
	atom.Object: block | hides | fence, atom.Iframe: block | hides, atom.Noembed: block | hides, atom.Noframes: block | hides,
	atom.Select: block | hides | fence, atom.Textarea: block | hides, atom.Option: hides, atom.Datalist: hides,

	atom.Area: block | void, atom.Base: block | void, atom.Br: block | void, atom.Col: block | void, atom.Embed: block | void,
	atom.Img: block | void, atom.Input: block | void, atom.Link: block | void, atom.Meta: block | void, atom.Param: block | void,
	atom.Source: block | void, atom.Track: block | void, atom.Wbr: block | void,
}

// endsBefore are elements whose end tag people leave out, by what comes instead; the inner ones first.
var endsBefore = map[atom.Atom][]atom.Atom{
	atom.Li: {atom.Li}, atom.Dt: {atom.Dt, atom.Dd}, atom.Dd: {atom.Dt, atom.Dd},
	atom.Option: {atom.Option}, atom.Optgroup: {atom.Option, atom.Optgroup},
	atom.Td: {atom.Td, atom.Th}, atom.Th: {atom.Td, atom.Th},
	atom.Tr:    {atom.Td, atom.Th, atom.Tr, atom.Caption},
	atom.Thead: {atom.Td, atom.Th, atom.Tr, atom.Thead, atom.Tbody, atom.Tfoot, atom.Caption},
	atom.Tbody: {atom.Td, atom.Th, atom.Tr, atom.Thead, atom.Tbody, atom.Tfoot, atom.Caption},
	atom.Tfoot: {atom.Td, atom.Th, atom.Tr, atom.Thead, atom.Tbody, atom.Tfoot, atom.Caption},
	atom.A:     {atom.A}, atom.Button: {atom.Button},
}

// staysInHead reports whether a start tag leaves an open head open.
func staysInHead(name atom.Atom) bool {
	switch name {
	case atom.Base, atom.Link, atom.Meta, atom.Title, atom.Style, atom.Script, atom.Noscript, atom.Template, atom.Noframes, atom.Head:
		return true
	}
	return false
}

// isHidden reports whether the page itself says that an element is not to be seen. Style sheets are not read.
func isHidden(name atom.Atom, attr map[string]string) bool {
	if _, hidden := attr["hidden"]; hidden {
		return true
	}
	if _, open := attr["open"]; name == atom.Dialog && !open {
		return true
	}
	style := strings.ToLower(strings.Join(strings.Fields(attr["style"]), ""))
	return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
}
