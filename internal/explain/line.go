package explain

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/cloakroom/cloakroom/cookie/jar"
)

// A line is a Set-Cookie line as it was written: package jar says what counts, this is for what stands there.
type line struct {
	text       string
	pair       string // name=value, with all that is around
	attributes []attribute
}

type attribute struct{ name, value, text string }

// maxAttributes that are looked into.
const maxAttributes = 100

func splitLine(text string) line {
	pair, rest, more := strings.Cut(text, ";")
	l := line{text: text, pair: pair}
	for more && len(l.attributes) < maxAttributes {
		var av string
		av, rest, more = strings.Cut(rest, ";")
		name, value, _ := strings.Cut(av, "=")
		a := attribute{strings.Trim(name, " \t"), strings.Trim(value, " \t"), strings.Trim(av, " \t")}
		if a.text != "" {
			l.attributes = append(l.attributes, a)
		}
	}
	return l
}

// get returns the last attribute of a name.
func (l *line) get(name string) (value string, ok bool) {
	for _, a := range l.attributes {
		if strings.EqualFold(a.name, name) {
			value, ok = a.value, true
		}
	}
	return value, ok
}

// judgeLine is about the line as a whole.
func judgeLine(f *findings, v *jar.Verdict, l line) {
	if n := len(splitJoined(l.text)); n > 1 {
		f.add(Problem, "joined-lines", "RFC 6265 section 3", "Send each cookie in a Set-Cookie line of its own.",
			"This looks like %d cookies joined with commas: a browser takes it for one cookie, and loses the others.", n)
	}
	if v.Name == "" && v.Cookie.Value != "" {
		f.add(Warning, "no-name", "6265bis section 5.6 step 3", "Give it a name: name=value.",
			"The cookie has no name; browsers keep it and send the value alone, which servers read each in their own way.")
	}
	if isAttribute(v.Name) {
		f.add(Problem, "attribute-as-name", "RFC 6265 section 4.1.1", "Put the cookie's name and value first, and attributes after them.",
			"The cookie is called %s: the first pair of a line is always name and value.", excerpt(v.Name))
	}
	if v.Outcome != jar.Rejected && !f.has("joined-lines") && !f.has("no-name") {
		judgeGrammar(f, l)
	}
}

// judgeGrammar says what a server that writes by the grammar would have refused, where browsers look through it.
func judgeGrammar(f *findings, l line) {
	_, err := cookie.ParseSet(l.text)
	e, ok := errors.AsType[*cookie.Error](err)
	if !ok || !errors.Is(err, cookie.ErrName) && !errors.Is(err, cookie.ErrValue) {
		return
	}
	what := "the name has characters"
	if errors.Is(err, cookie.ErrValue) {
		what = "the value has characters"
	}
	f.add(Warning, "grammar", "RFC 6265 section 4.1.1", "Use letters, digits and the signs !#$%&'*+-.^_|~ ; encode the rest, as base64url or percent-encoding.",
		"Browsers keep it, but %s that a server must not send%s: proxies and programs may drop or change it.", what, inParentheses(e.Got))
}

func inParentheses(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// splitJoined takes a line apart that commas join from several, as programs do that keep headers in a map: after an
// attribute, a comma and something like a name with a "=". A date has a comma, but no "=" behind it.
func splitJoined(text string) []string {
	var lines []string
	start, semicolon := 0, false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == ';':
			semicolon = true
		case text[i] == ',' && semicolon:
			rest := strings.TrimLeft(text[i+1:], " \t")
			name := rest[:len(rest)-len(strings.TrimLeft(rest, tokenChars))]
			if name != "" && strings.HasPrefix(rest[len(name):], "=") && !isAttribute(name) {
				lines = append(lines, text[start:i])
				start = len(text) - len(rest)
			}
		}
	}
	return append(lines, text[start:])
}

const tokenChars = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// meant are misspellings of attributes, and what was meant.
var meant = map[string]string{
	"http-only": "HttpOnly", "http_only": "HttpOnly", "http only": "HttpOnly", "httponly ": "HttpOnly", "httpsonly": "HttpOnly",
	"same-site": "SameSite", "same_site": "SameSite", "samesight": "SameSite", "same site": "SameSite",
	"expire": "Expires", "expiry": "Expires", "expiration": "Expires", "expires-at": "Expires",
	"maxage": "Max-Age", "max_age": "Max-Age", "max age": "Max-Age", "ttl": "Max-Age",
	"ssl": "Secure", "https": "Secure", "partition": "Partitioned", "domains": "Domain", "paths": "Path",
	"lax": "SameSite=Lax", "strict": "SameSite=Strict", "none": "SameSite=None",
}

// old are attributes of the past: they do no harm.
var old = map[string]bool{"version": true, "comment": true, "commenturl": true, "discard": true, "port": true}

// judgeAttributes is about what browsers ignore or read otherwise than it was meant.
func judgeAttributes(f *findings, l line) {
	seen := map[string]bool{}
	for _, a := range l.attributes {
		lower := strings.ToLower(a.name)
		if seen[lower] && isAttribute(a.name) && !f.has("doubled-attribute") {
			f.add(Warning, "doubled-attribute", "6265bis section 4.1.1", "Write each attribute once.", "%s is there twice: browsers take the last.", a.name)
		}
		seen[lower] = true
		judgeAttribute(f, a, lower)
	}
}

func judgeAttribute(f *findings, a attribute, lower string) {
	const ignored = "WarnIgnoredAttribute"
	if len(a.value) > cookie.MaxAttribute {
		f.add(Warning, "WarnAttributeValueExceedsMaxSize", "6265bis section 5.6", "Make it shorter.",
			"%s is %d octets long, %d at most: browsers ignore it.", excerpt(a.name), len(a.value), cookie.MaxAttribute)
		return
	}
	switch lower {
	case "secure", "httponly", "partitioned":
		if a.value != "" {
			level, fix := Note, "Write "+a.name+" alone."
			if isFalse(a.value) {
				level, fix = Warning, "Leave "+a.name+" out if it shall be off; otherwise write it alone."
			}
			f.add(level, "flag-with-value", "6265bis section 5.6.5", fix,
				"%s=%s turns %s on: only its name counts, whatever the value.", a.name, excerpt(a.value), a.name)
		}
	case "expires":
		judgeDate(f, a)
	case "max-age":
		if !isMaxAge(a.value) {
			f.add(Problem, ignored, "6265bis section 5.6.2", "Write whole seconds in digits: Max-Age=3600.",
				"Max-Age=%s is not a number of seconds: browsers ignore it.", excerpt(a.value))
		}
	case "path":
		if a.value != "" && a.value[0] != '/' {
			f.add(Problem, ignored, "6265bis section 5.6.4", "Begin it with a slash: Path=/.",
				"Path=%s does not begin with a slash: browsers take the path of the URL instead.", excerpt(a.value))
		}
	case "domain":
		if strings.ContainsAny(a.value, ":/") {
			f.add(Note, "domain-form", "6265bis section 5.6.3", "Write the host's name alone: Domain=example.com.",
				"Domain=%s has more in it than a host's name: no scheme, port or path belongs there.", excerpt(a.value))
		}
	case "samesite":
		if !strings.EqualFold(a.value, "lax") && !strings.EqualFold(a.value, "strict") && !strings.EqualFold(a.value, "none") {
			f.add(Problem, ignored, "6265bis section 5.6.7", "Write SameSite=Lax, Strict or None.",
				"SameSite=%s is none of Lax, Strict and None: browsers treat the cookie as if there were no SameSite.", excerpt(a.value))
		}
	case "priority":
		f.add(Note, "priority", "", "Leave it out, unless Chrome shall drop this cookie later than others.", "Priority is known to Chrome alone.")
	default:
		judgeUnknown(f, a, lower)
	}
}

func judgeUnknown(f *findings, a attribute, lower string) {
	switch right := meant[lower]; {
	case right != "":
		f.add(Problem, "misspelt-attribute", "6265bis section 5.6", "Write "+right+".",
			"There is no attribute %s: browsers ignore it.", excerpt(a.name))
	case old[lower]:
		f.add(Note, "old-attribute", "RFC 2965", "Leave it out.", "%s is an attribute of the past: browsers ignore it.", a.name)
	default:
		f.add(Warning, "WarnIgnoredAttribute", "6265bis section 5.6", "Leave it out; if it was meant as a cookie, send a Set-Cookie line of its own.",
			"No browser knows the attribute %s: it is ignored.", excerpt(a.name))
	}
}

func judgeDate(f *findings, a attribute) {
	at, ok := jar.ParseDate(a.value)
	switch {
	case !ok:
		f.add(Problem, "WarnIgnoredAttribute", "6265bis section 5.1.1", "Write it like Wed, 21 Oct 2026 07:28:00 GMT, or use Max-Age.",
			"Expires=%s is no date that browsers understand: they ignore it, and the cookie ends with the browser unless there is a Max-Age.", excerpt(a.value))
	case at.Format("Mon, 02 Jan 2006 15:04:05 GMT") != a.value:
		f.add(Note, "date-form", "RFC 9110 section 5.6.7", fmt.Sprintf("Write %q.", at.Format("Mon, 02 Jan 2006 15:04:05 GMT")),
			"Expires=%s is not the usual form of a date; browsers understand it, other programs may not.", excerpt(a.value))
	}
}

func isFalse(s string) bool {
	return s == "0" || strings.EqualFold(s, "false") || strings.EqualFold(s, "no") || strings.EqualFold(s, "off")
}

func isMaxAge(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}
