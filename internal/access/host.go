package access

import (
	"maps"
	"slices"
	"strings"
)

// maxHost is the length of the longest name (RFC 1035 section 2.3.4) with a dot and a port.
const maxHost = 253 + len(".:65535")

// splitHost takes the port off, with its colon; the colons of an IPv6 address stand in brackets.
func splitHost(host string) (name, port string) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || i < strings.LastIndexByte(host, ']') {
		return host, ""
	}
	return host[:i], host[i:]
}

// canonical writes a host as it is compared: lower case, no trailing dot, no default port. It appends the name to b. What is no host stays none.
func canonical(b []byte, host string) (name []byte, port string) {
	given, port := splitHost(host)
	given = strings.TrimSuffix(given, ".")
	for i := range len(given) {
		b = append(b, lower(given[i]))
	}
	if port == ":80" || port == ":443" { // the scheme is not the policy's affair: both are the app without a port
		port = ""
	}
	return b, port
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// bare is a canonical host without its port.
func bare(host string) string {
	name, _ := splitHost(host)
	return name
}

// checkHost accepts a name or an address as it stands in a URL, and returns it in canonical form.
func checkHost(source, host string) (string, error) {
	const hint = "write it like app.example.com or app.example.com:8443"
	b, port := canonical(nil, host)
	name, allowed := string(b), "abcdefghijklmnopqrstuvwxyz0123456789-_."
	if inner, ok := strings.CutPrefix(name, "["); ok && strings.HasSuffix(inner, "]") {
		name, allowed = inner[:len(inner)-1], "abcdef0123456789:."
	}
	switch {
	case strings.ContainsFunc(host, func(r rune) bool { return r > 0x7e }):
		return "", &Error{source, quoted(host) + " is not in ASCII", "write a name with other letters as browsers send it: xn--mnchen-3ya.example"}
	case strings.Contains(host, "/"):
		return "", &Error{source, quoted(host) + " is more than a host", "leave out the scheme and the path: app.example.com"}
	case name == "", len(host) > maxHost, strings.Trim(name, allowed) != "", strings.Contains(name, ".."), name[0] == '.':
		return "", &Error{source, quoted(host) + " is not a host", hint}
	case port == ":", len(port) > len(":65535"), port != "" && port[1] == '0', strings.Trim(port, ":0123456789") != "":
		return "", &Error{source, quoted(host) + " has no port that could be used", hint}
	}
	return string(b) + port, nil
}

// site returns what is configured for a host, nil if nothing is. What is configured for a name without a port is so for all of its ports, which are
// one host to cookies.
func (p *Policy) site(host string) *site {
	if p == nil || len(host) > maxHost {
		return nil
	}
	if at := p.sites[host]; at != nil { // proxies send what browsers send: the canonical form
		return at
	}
	var room [maxHost]byte
	name, port := canonical(room[:0], host)
	if at := p.sites[string(append(name, port...))]; at != nil {
		return at
	}
	if strings.Trim(port, ":0123456789") != "" || port == ":" {
		return nil
	}
	return p.sites[string(name)]
}

// Knows reports whether anything names the host.
func (p *Policy) Knows(host string) bool { return p.site(host) != nil }

// Hosts are the names of all that is configured, in canonical form and in order.
func (p *Policy) Hosts() []string {
	if p == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(p.sites))
}
