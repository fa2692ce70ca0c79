package trace

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// A location is a URL of the Web, taken apart as browsers do it: the URL standard for its "special" schemes http and https.
// net/url refuses what browsers take (a stray %, a backslash, a space) and takes what they refuse.
type location struct {
	scheme         string
	user, password string
	host           string // ASCII, lower case; an IPv6 address in brackets
	port           string // never ""
	path           string // begins with "/"
	query          string // with its "?", or ""
	fragment       string // without "#"
}

// parseLocation reads what a person typed (base is nil: a scheme may be missing), or what a server wrote and is resolved
// against base. The error is a *Failure.
func parseLocation(raw string, base *location) (*location, error) {
	if len(raw) > maxURL {
		return nil, failf(PhaseURL, "url-too-long", "shorten it", "the URL has %d octets, and the limit is %d", len(raw), maxURL)
	}
	raw = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' }))
	if raw == "" && base == nil {
		return nil, failf(PhaseURL, "no-url", "give one, like https://example.com/", "the URL is empty")
	}
	rest, fragment, hasFragment := strings.Cut(raw, "#")
	rest, query, hasQuery := strings.Cut(rest, "?")
	l := &location{fragment: escape(fragment, fragmentSet)}
	if hasQuery {
		l.query = "?" + escape(query, querySet)
	}
	var err error
	if l.scheme, rest, err = cutScheme(rest, base); err != nil {
		return nil, err
	}
	rest = strings.ReplaceAll(rest, `\`, "/")
	if base != nil && l.scheme == "" {
		if !strings.HasPrefix(rest, "//") {
			return l.resolve(base, rest, hasFragment), nil
		}
		l.scheme = base.scheme
	}
	authority, path, _ := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	l.path = cleanPath("/" + escape(path, pathSet))
	if err := l.setAuthority(authority); err != nil {
		return nil, err
	}
	return l, nil
}

// resolve makes a reference without authority absolute. A fragment is inherited by who resolves a redirect, not here.
func (l *location) resolve(base *location, path string, hasFragment bool) *location {
	to := *base
	to.fragment = l.fragment
	switch {
	case strings.HasPrefix(path, "/"):
		to.path, to.query = cleanPath(escape(path, pathSet)), l.query
	case path != "":
		dir := base.path[:strings.LastIndexByte(base.path, '/')+1]
		to.path, to.query = cleanPath(dir+escape(path, pathSet)), l.query
	case l.query != "":
		to.query = l.query
	}
	return &to
}

// cutScheme returns the scheme, "" for a relative reference, and what follows its colon.
func cutScheme(s string, base *location) (scheme, rest string, err error) {
	name, after, found := strings.Cut(s, ":")
	if found && isScheme(name) {
		switch lower := strings.ToLower(name); {
		case lower == "http" || lower == "https":
			if base != nil && base.scheme == lower && !strings.HasPrefix(after, "/") {
				return "", after, nil // "https:page" inside https is relative
			}
			return lower, after, nil
		case base == nil && !strings.HasPrefix(after, "//") && (isPort(after) || strings.Contains(after, "@")):
			// "localhost:8080", "user:password@host"
		default:
			return "", "", failf(PhaseURL, "scheme", "only http:// and https:// lead to a page here", "%s: is not a scheme of the Web", excerpt(lower))
		}
	}
	if base != nil {
		return "", s, nil
	}
	scheme = "https"
	if isLoopbackName(hostOf(strings.TrimLeft(s, `/\`))) {
		scheme = "http"
	}
	return scheme, s, nil
}

func isScheme(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || !('0' <= c && c <= '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// isPort reports whether s is digits up to the path.
func isPort(s string) bool {
	s, _, _ = strings.Cut(s, "/")
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// hostOf returns the host of a bare "user@host:port/path".
func hostOf(s string) string {
	s, _, _ = strings.Cut(s, "/")
	s = s[strings.LastIndexByte(s, '@')+1:]
	if end := strings.IndexByte(s, ']'); strings.HasPrefix(s, "[") && end > 0 {
		return s[:end+1]
	}
	s, _, _ = strings.Cut(s, ":")
	return s
}

// isLoopbackName reports whether a host is this machine: localhost (RFC 6761 section 6.3) or a loopback address.
func isLoopbackName(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback()
}

// setAuthority reads [user[:password]@]host[:port].
func (l *location) setAuthority(s string) error {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		user, password, _ := strings.Cut(s[:i], ":")
		l.user, l.password = unescape(user), unescape(password)
		s = s[i+1:]
	}
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.Contains(s[i:], "]") {
		host, port = s[:i], s[i+1:]
	}
	var err error
	if l.host, err = parseHost(host); err != nil {
		return err
	}
	if port == "" {
		port = defaultPort(l.scheme)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return failf(PhaseURL, "port", "ports are numbers from 1 to 65535", "the port is %s", excerpt(port))
	}
	l.port = strconv.FormatUint(n, 10)
	return nil
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// idnaProfile is UTS #46 without transitional processing, as browsers have it: underscores are allowed, and an A-label that
// no U-label makes is not.
var idnaProfile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule())

// parseHost is the URL standard's host parser (section 3.5).
func parseHost(s string) (string, error) {
	if s == "" {
		return "", failf(PhaseURL, "no-host", "give one, like https://example.com/", "the URL names no host")
	}
	if len(s) > maxHost {
		return "", failf(PhaseURL, "host", "a name has at most 253 octets", "the host has %d octets", len(s))
	}
	if strings.HasPrefix(s, "[") {
		a, err := netip.ParseAddr(strings.TrimSuffix(s[1:], "]"))
		if err != nil || !a.Is6() || a.Zone() != "" || !strings.HasSuffix(s, "]") {
			return "", failf(PhaseURL, "host", "an IPv6 address is written like [2001:db8::1], without a zone", "the host %s is not an IPv6 address", excerpt(s))
		}
		return "[" + a.String() + "]", nil
	}
	ascii := strings.ToLower(unescape(s))
	if !isASCII(ascii) || strings.Contains(ascii, "xn--") {
		if !utf8.ValidString(ascii) {
			return "", failf(PhaseURL, "host", "write it in UTF-8", "the host %s is not UTF-8", excerpt(s))
		}
		var err error
		if ascii, err = idnaProfile.ToASCII(ascii); err == nil { // no name has two spellings in A-labels
			ascii, err = idnaProfile.ToASCII(ascii)
		}
		if err != nil {
			return "", failf(PhaseURL, "host", "check how the name is spelled", "the host %s is not an international domain name: %v", excerpt(s), err)
		}
	}
	if i := strings.IndexFunc(ascii, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`#/:<>?@[\]^|%`, r) }); i >= 0 {
		return "", failf(PhaseURL, "host", "a host is letters, digits, hyphens and dots", "the host %s holds %s", excerpt(s), excerpt(ascii[i:i+1]))
	}
	if endsInNumber(ascii) {
		a, ok := parseIPv4(ascii)
		if !ok {
			return "", failf(PhaseURL, "host", "an IPv4 address is four numbers up to 255", "the host %s ends in a number and is not an IPv4 address", excerpt(s))
		}
		return a.String(), nil
	}
	bare := strings.TrimSuffix(ascii, ".")
	if len(bare) > 253 {
		return "", failf(PhaseURL, "host", "a name has at most 253 octets", "the host has %d octets", len(bare))
	}
	for label := range strings.SplitSeq(bare, ".") {
		if label == "" || len(label) > 63 {
			return "", failf(PhaseURL, "host", "the parts between dots have 1 to 63 octets", "the host %s has a part of %d octets", excerpt(s), len(label))
		}
	}
	return ascii, nil
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// hostname is the host without the brackets and without a dot at the end: what is looked up and certified.
func (l *location) hostname() string { return strings.TrimSuffix(strings.Trim(l.host, "[]"), ".") }

// authority is the value of the Host field: without the scheme's own port.
func (l *location) authority() string {
	if l.port == defaultPort(l.scheme) {
		return l.host
	}
	return l.host + ":" + l.port
}

func (l *location) origin() string { return l.scheme + "://" + l.authority() }

// target is the request-target in origin form (RFC 9112 section 3.2.1).
func (l *location) target() string { return l.path + l.query }

// String is the URL without user and password.
func (l *location) String() string {
	s := l.origin() + l.target()
	if l.fragment != "" {
		s += "#" + l.fragment
	}
	return s
}

// url is the URL for package jar.
func (l *location) url() *url.URL {
	return &url.URL{Scheme: l.scheme, Host: l.authority(), Path: unescape(l.path), RawPath: l.path, RawQuery: strings.TrimPrefix(l.query, "?")}
}

// parts is the URL for people.
func (l *location) parts() *Parts {
	p := &Parts{
		Scheme: l.scheme, User: l.user, Host: l.host, Port: l.port,
		Path: l.path, Query: strings.TrimPrefix(l.query, "?"), Fragment: l.fragment,
	}
	if strings.Contains(l.host, "xn--") {
		if u, err := idnaProfile.ToUnicode(l.host); err == nil {
			p.Unicode = u
		}
	}
	name := l.hostname()
	if _, err := netip.ParseAddr(name); err != nil && strings.Contains(name, ".") {
		p.Suffix, _ = publicsuffix.PublicSuffix(name)
		p.Site, _ = publicsuffix.EffectiveTLDPlusOne(name)
	}
	return p
}

// withoutUser takes user and password out of what could not be read as a URL.
func withoutUser(raw string) string {
	at := strings.LastIndexByte(raw, '@')
	if at < 0 {
		return raw
	}
	scheme, _, found := strings.Cut(raw[:at], "//")
	if !found {
		return raw[at+1:]
	}
	return scheme + "//" + raw[at+1:]
}
