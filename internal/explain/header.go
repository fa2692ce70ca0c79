package explain

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/cookie"
)

// A Header is a Cookie header.
type Header struct {
	Bytes int     `json:"bytes"`
	Pairs []*Pair `json:"pairs"` // in order; never nil
	About string  `json:"about"`
}

// A Pair is one cookie of a Cookie header.
type Pair struct {
	Name    string `json:"name"`
	Value   Value  `json:"value"`
	Purpose string `json:"purpose,omitempty"`
	Server  string `json:"server"` // what cookie.Get of this name answers: "the value", or why it refuses
	Token   *Token `json:"token,omitempty"`
	About   string `json:"about"`
}

// explainCookie takes a Cookie header apart as a server does.
func (e *explainer) explainCookie(i int, text string) {
	h := &Header{Bytes: len("Cookie: ") + len(text), Pairs: []*Pair{}, About: "Cookie"}
	if i > 0 {
		h.About += " " + count(i+1, "header")
	}
	e.report.Cookies = append(e.report.Cookies, h)
	f := findings{about: h.About}
	e.judgeHeader(&f, h, text)
	header := http.Header{"Cookie": {text}}
	parsed, err := cookie.Parse(header)
	if err != nil {
		f.add(Problem, "header-refused", "RFC 6585 section 5", "Delete cookies of this site, or send fewer.", "A server with package cookie answers 431: %s.", rule(err))
		e.report.Findings = append(e.report.Findings, f.list...)
		return
	}
	judgeSeparators(&f, text, parsed)
	e.report.Findings = append(e.report.Findings, f.list...)
	tokens := 0
	for _, c := range parsed {
		p := &Pair{Name: c.Name, Value: classify(c.Value), About: "Cookie " + nameOr(c.Name)}
		h.Pairs = append(h.Pairs, p)
		if e.seen(h, p) {
			p.Server = "refused: more than one cookie of this name"
			continue
		}
		e.judgePair(header, p)
		if (p.Value.Kind == "token" || p.Value.Kind == "encrypted-token") && tokens < maxTokens {
			tokens++
			p.Token = e.explainToken(p.About+": token", strings.Trim(p.Value.decoded, `"`), 0)
		}
	}
}

const maxTokens = 20 // that are explained in one header

// seen reports whether a pair of this name came before.
func (e *explainer) seen(h *Header, p *Pair) bool {
	return slices.ContainsFunc(h.Pairs[:len(h.Pairs)-1], func(before *Pair) bool { return before.Name == p.Name && p.Name != "" })
}

func (e *explainer) judgeHeader(f *findings, h *Header, text string) {
	if h.Bytes > headerOfServers {
		f.add(Problem, "header-too-large", "", "Keep data on the server, delete what is not needed, and set cookies for the paths and hosts that use them.",
			"The header has %d octets: nginx, Apache and Tomcat take 8,192 as they come, and answer 400 or 431.", h.Bytes)
	} else if h.Bytes > headerOfServers/2 {
		f.add(Note, "header-large", "", "Keep data on the server.", "The header has %d octets, and goes with each request; many servers take 8,192.", h.Bytes)
	}
	if i := strings.IndexFunc(text, func(c rune) bool { return c < 0x20 && c != '\t' || c == 0x7f }); i >= 0 {
		f.add(Problem, "control-character", "RFC 9110 section 5.5", "Look for the program that sent it: no browser does.", "There is a control character at octet %d.", i+1)
	}
}

// judgeSeparators is about what stands between the pairs.
func judgeSeparators(f *findings, text string, parsed []*http.Cookie) {
	if strings.Contains(text, ";;") || strings.Contains(text, "; ;") || strings.HasSuffix(strings.TrimSpace(text), ";") {
		f.add(Note, "empty-pair", "6265bis section 4.2.1", "Join the pairs with \"; \" and end without one.", "There is an empty place between semicolons, or a semicolon at the end: servers skip it.")
	}
	attributes, oldest := "", false
	for _, c := range parsed {
		name := strings.Trim(c.Name, " \t")
		if name == "" {
			name = strings.Trim(c.Value, " \t")
		}
		if isAttribute(name) && attributes == "" {
			attributes = name
		}
		oldest = oldest || strings.HasPrefix(name, "$")
	}
	if attributes != "" {
		f.add(Warning, "attribute-in-cookie", "6265bis section 4.2.2", "If this is a Set-Cookie line, put Set-Cookie: in front; if a request, send names and values alone.",
			"%s looks like an attribute of a Set-Cookie line: in a Cookie header it is just another cookie.", attributes)
	}
	if oldest {
		f.add(Warning, "dollar-name", "RFC 6265 section 4.2.2", "Leave out names that begin with $, and turn the old reading off in the server.",
			"Names that begin with $ are of RFC 2109 and 2965: no browser sends them, and old servers change how they read the whole header, quotes and all.")
	}
}

// judgePair says what our server would say about a cookie of this name, and what is odd about it.
func (e *explainer) judgePair(header http.Header, p *Pair) {
	f := findings{about: p.About}
	is, says := purposeOf(p.Name, p.Value)
	p.Purpose, p.Server = says, "the value"
	_, err := cookie.Get(header, p.Name)
	switch {
	case err == nil:
	case errors.Is(err, cookie.ErrDuplicate):
		p.Server = "refused: " + rule(err)
		f.add(Problem, "duplicate-cookie", "6265bis section 4.2.2", "Find who set the second one (another Path, or another host with a Domain), and delete it; a __Host- name cannot be doubled.",
			"The name is there more than once, and nothing says which one is right: a server that takes either can be given somebody else's.")
	case errors.Is(err, cookie.ErrCaseVariant):
		p.Server = "refused: " + rule(err)
		f.add(Problem, "case-variant", "6265bis section 5.4", "Delete the one that is spelt otherwise; no browser of today stores it without the prefix's conditions.",
			"Another cookie has this name in other upper and lower case: somebody may try to get around the prefix.")
	case errors.Is(err, cookie.ErrName):
		p.Server = "refused: " + rule(err)
		judgeOddName(&f, p)
	}
	if q := cookie.PrefixOf(p.Name); q != nil && !strings.HasPrefix(p.Name, q.Text) {
		f.add(Problem, "prefix-case", "6265bis section 4.1.3", "Spell it "+q.Text+", and do not believe another spelling.",
			"The prefix is spelt %s: what %s promises does not hold for it in older browsers.", excerpt(p.Name[:len(q.Text)]), q.Text)
	}
	if n := len(p.Name) + p.Value.Bytes; n > cookie.MaxPair {
		f.add(Warning, "pair-too-large", "6265bis section 5.6 step 5", "Look for the program that sent it.", "Name and value have %d octets, %d at most: no browser stored this.", n, cookie.MaxPair)
	}
	judgeOddValue(&f, p)
	judgeValue(&f, p.Value, is)
	e.report.Findings = append(e.report.Findings, f.list...)
}

func judgeOddName(f *findings, p *Pair) {
	switch trimmed := strings.Trim(p.Name, " \t"); {
	case p.Name == "":
		f.add(Warning, "no-name", "6265bis section 5.8.3", "Give the cookie a name where it is set.", "There is no name: servers read such a pair each in their own way.")
	case trimmed != p.Name:
		f.add(Problem, "space-around", "6265bis section 4.2.1", "Write name=value; with one space after the semicolon.",
			"There is white space around the name %s: a server that trims it can be given a cookie under a name that browsers would not let it have.", excerpt(p.Name))
	default:
		f.add(Warning, "odd-name", "RFC 6265 section 4.1.1", "Set cookies with names of letters, digits, - and _.", "The name %s has characters that no server may set.", excerpt(p.Name))
	}
}

func judgeOddValue(f *findings, p *Pair) {
	v := p.Value.Text
	if strings.Trim(v, " \t") != v {
		f.add(Warning, "space-around", "6265bis section 4.2.1", "Send the value without it.", "There is white space around the value: browsers took it off when they stored the cookie.")
	}
	if i := strings.IndexFunc(v, func(c rune) bool { return c >= 0x80 }); i >= 0 {
		f.add(Warning, "odd-value", "RFC 6265 section 4.1.1", "Encode the value: base64url or percent-encoding.", "The value has characters outside ASCII: servers read them each in their own way.")
	}
	if strings.ContainsAny(strings.Trim(v, `"`), `",\`) && p.Value.Kind != "json" {
		f.add(Note, "odd-value", "RFC 6265 section 4.1.1", "Encode the value.", "The value has a quote, comma or backslash, where some servers end it.")
	}
}

// rule is what an error of package cookie is about, without the name and the numbers.
func rule(err error) string {
	if e, ok := errors.AsType[*cookie.Error](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
