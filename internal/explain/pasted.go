package explain

import (
	"net/url"
	"strings"
)

const (
	maxText  = 1 << 20 // octets of what is no HAR file
	maxItems = 1000    // Set-Cookie lines, Cookie headers and tokens in it
)

// pasted is what somebody copied from somewhere: the lines that matter, sorted.
type pasted struct {
	setCookies []string
	cookies    []string
	tokens     []string
	basic      bool // Authorization: Basic
	script     bool // document.cookie = "…"
	doubtful   string

	method, target, scheme, host string // of a request message, if there is one
}

// read sorts the lines of a text. With a kind every line is of that kind, whatever it looks like.
func (p *pasted) read(text string, kind Kind) {
	text = strings.TrimPrefix(text, "\ufeff")
	if joined, ok := brokenToken(text); ok && (kind == "" || kind == KindToken) {
		p.tokens = append(p.tokens, joined)
		return
	}
	pending := "" // developer tools put the name of a header on one line and its value on the next
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, "\r")
		if strings.Trim(line, " \t") == "" {
			continue
		}
		if strings.HasPrefix(line, "* ") || strings.HasPrefix(line, "{ [") || strings.HasPrefix(line, "} [") {
			continue // curl -v speaks of itself
		}
		line = strings.TrimPrefix(strings.TrimPrefix(line, "< "), "> ")
		if pending != "" {
			p.header(pending, strings.Trim(line, " \t"))
			pending = ""
			continue
		}
		if name := strings.ToLower(strings.TrimSuffix(strings.Trim(line, " \t"), ":")); pastedHeaders[name] {
			pending = name
			continue
		}
		p.line(line, kind)
	}
}

// pastedHeaders are those that are looked into.
var pastedHeaders = map[string]bool{
	"set-cookie": true, "cookie": true, "authorization": true, "proxy-authorization": true,
	"host": true, ":authority": true, ":scheme": true, ":path": true, ":method": true,
}

func (p *pasted) line(line string, kind Kind) {
	bare := strings.Trim(line, " \t")
	if name, value, ok := splitHeader(bare); ok {
		if pastedHeaders[name] || kind == "" || kind == KindHeaders {
			p.header(name, value)
			return
		}
	}
	if method, target, ok := requestLine(bare); ok {
		p.method, p.target = method, target
		return
	}
	if strings.HasPrefix(bare, "HTTP/") {
		return
	}
	if value, ok := scriptLine(bare); ok {
		p.script = true
		p.setCookies = append(p.setCookies, value)
		return
	}
	if kind == KindHeaders {
		kind = ""
	}
	if kind == "" {
		if scheme, credentials, ok := strings.Cut(bare, " "); ok && isScheme(scheme) {
			p.authorization(scheme, credentials)
			return
		}
		bare = unquote(bare)
		kind = bareKind(bare)
	}
	switch kind {
	case KindSetCookie:
		p.setCookies = append(p.setCookies, line)
	case KindCookie:
		p.cookies = append(p.cookies, bare)
	case KindToken:
		if scheme, credentials, ok := strings.Cut(bare, " "); ok && isScheme(scheme) {
			bare = credentials
		}
		p.tokens = append(p.tokens, unquote(bare))
	default:
		if p.doubtful == "" {
			p.doubtful = bare
		}
	}
}

// splitHeader finds the name of a header before a colon. A pseudo-header of HTTP/2 begins with one.
func splitHeader(line string) (name, value string, ok bool) {
	start := 0
	if strings.HasPrefix(line, ":") {
		start = 1
	}
	i := strings.IndexByte(line[start:], ':')
	if i <= 0 {
		return "", "", false
	}
	name = strings.ToLower(line[:start+i])
	if strings.Trim(name[start:], "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return "", "", false
	}
	return name, strings.Trim(line[start+i+1:], " \t"), true
}

func (p *pasted) header(name, value string) {
	switch name {
	case "set-cookie":
		p.setCookies = append(p.setCookies, value)
	case "cookie":
		p.cookies = append(p.cookies, value)
	case "authorization", "proxy-authorization":
		scheme, credentials, _ := strings.Cut(value, " ")
		p.authorization(scheme, credentials)
	case "host", ":authority":
		p.host = value
	case ":scheme":
		p.scheme = value
	case ":path":
		p.target = value
	case ":method":
		p.method = value
	}
}

func isScheme(s string) bool {
	for _, known := range []string{"bearer", "dpop", "basic", "token", "jwt"} {
		if strings.EqualFold(s, known) {
			return true
		}
	}
	return false
}

func (p *pasted) authorization(scheme, credentials string) {
	if strings.EqualFold(scheme, "basic") {
		p.basic = true
		return
	}
	p.tokens = append(p.tokens, unquote(strings.Trim(credentials, " \t")))
}

func requestLine(line string) (method, target string, ok bool) {
	f := strings.Fields(line)
	if len(f) != 3 || !strings.HasPrefix(f[2], "HTTP/") || strings.ToUpper(f[0]) != f[0] {
		return "", "", false
	}
	return f[0], f[1], true
}

// scriptLine is document.cookie = "a=1; path=/".
func scriptLine(line string) (string, bool) {
	rest, ok := strings.CutPrefix(line, "document.cookie")
	if !ok {
		return "", false
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, " \t"), "=")
	return unquote(strings.TrimRight(strings.Trim(rest, " \t"), ";")), ok
}

// unquote takes away the quotes and the comma that come along when a value is copied out of JSON or code.
func unquote(s string) string {
	t := strings.TrimSuffix(s, ",")
	for _, q := range []string{`"`, `'`, "`"} {
		if len(t) >= 2 && strings.HasPrefix(t, q) && strings.HasSuffix(t, q) {
			return t[1 : len(t)-1]
		}
	}
	return s
}

// brokenToken finds a token that a terminal or a mail program has broken into lines: no line of it is one alone. It is
// returned with its line ends, since they are wrong in it.
func brokenToken(text string) (string, bool) {
	text = strings.TrimSpace(text)
	fields := strings.Fields(text)
	if len(fields) < 2 || !isHeaderPart(strings.SplitN(fields[0], ".", 2)[0]) {
		return "", false
	}
	for _, f := range fields[1:] {
		if isHeaderPart(strings.SplitN(f, ".", 2)[0]) && looksLikeToken(f) {
			return "", false // several tokens
		}
	}
	joined := strings.Join(fields, "")
	n := strings.Count(joined, ".")
	return text, (n == 2 || n == 4) && looksLikeToken(joined)
}

// count is how many things there are to explain.
func (p *pasted) count() int { return len(p.setCookies) + len(p.cookies) + len(p.tokens) }

// kind is what all of it is.
func (p *pasted) kind() Kind {
	var kinds []Kind
	for kind, n := range map[Kind]int{KindSetCookie: len(p.setCookies), KindCookie: len(p.cookies), KindToken: len(p.tokens)} {
		if n > 0 {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 1 && !p.basic {
		return kinds[0]
	}
	return KindHeaders
}

// url is where a pasted request went, nil if that is not in it. Without a scheme it is taken for https.
func (p *pasted) url() *url.URL {
	if u, err := url.Parse(p.target); err == nil && u.IsAbs() && u.Host != "" {
		return u
	}
	if p.host == "" {
		return nil
	}
	scheme := "https"
	if p.scheme == "http" {
		scheme = "http"
	}
	u, err := url.Parse(scheme + "://" + p.host + "/" + strings.TrimPrefix(p.target, "/"))
	if err != nil || u.Host == "" {
		return nil
	}
	return u
}
