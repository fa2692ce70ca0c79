package jar

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// maxHost is what DNS allows, with a dot at the end and the brackets of an address to spare.
const maxHost = 256

// hosts maps names as the URL standard does: underscores and hyphens are allowed anywhere, joiners and right-to-left
// labels are checked.
var hosts = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckJoiners(true),
	idna.StrictDomainName(false), idna.CheckHyphens(false), idna.VerifyDNSLength(false))

// canonicalHost is section 5.1.2: lower case, A-labels, an IPv6 address in brackets and in its shortest form. It reports
// false for what is no host, such as one with a label that only looks like an A-label: "xn--example-" stands for "example".
func canonicalHost(h string) (string, bool) {
	if h == "" || len(h) > 4*maxHost || !utf8.ValidString(h) {
		return "", false
	}
	if strings.IndexByte(h, ':') >= 0 {
		addr, err := netip.ParseAddr(strings.Trim(h, "[]"))
		if err != nil || !addr.Is6() {
			return "", false
		}
		return "[" + addr.WithZone("").String() + "]", true
	}
	h = lower(h)
	if !isPlainHost(h) {
		ascii, err := hosts.ToASCII(h)
		if err != nil || !hasPlainLabels(ascii) {
			return "", false
		}
		h = ascii
	}
	return h, len(h) <= maxHost && hasNoEmptyLabel(h)
}

// isPlainHost reports whether a lower-case name needs no mapping: ASCII, and no A-label in it.
func isPlainHost(h string) bool {
	for i := range len(h) {
		switch c := h[i]; {
		case c >= 0x7F, c <= ' ', strings.IndexByte(`"#%/:<>?@[\]^|`+"`", c) >= 0, 'A' <= c && c <= 'Z':
			return false
		case c == '-' && i >= 3 && h[i-3:i] == "xn-" && (i == 3 || h[i-4] == '.'):
			return false
		}
	}
	return true
}

// hasPlainLabels reports whether the labels of a mapped name that are no A-labels are plain: what looks like a letter may
// have become a slash.
func hasPlainLabels(ascii string) bool {
	for label := range strings.SplitSeq(ascii, ".") {
		if !strings.HasPrefix(label, "xn--") && !isPlainHost(label) {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// hasNoEmptyLabel allows one dot at the end: "example.com." is a host of its own.
func hasNoEmptyLabel(h string) bool {
	return h != "" && h[0] != '.' && !strings.Contains(h, "..")
}

// domainMatch is section 5.1.3. Both are canonical.
func domainMatch(host, domain string) bool {
	return host == domain || isSubdomain(host, domain) && !isAddress(host)
}

func isSubdomain(host, domain string) bool {
	n := len(host) - len(domain)
	return n > 0 && domain != "" && host[n-1] == '.' && host[n:] == domain
}

// isAddress reports whether a host is an IP address or would become one: in the URL standard a host whose last label is a
// number is an IPv4 address or nothing.
func isAddress(host string) bool {
	if host == "" || host[0] == '[' {
		return true
	}
	last := strings.TrimSuffix(host, ".")
	last = last[strings.LastIndexByte(last, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// isPublicSuffix reports whether others can register names under this one. The list has public registries and private
// ones, as browsers use it; a top level that it does not know is a suffix too.
func isPublicSuffix(domain string) bool {
	if isAddress(domain) {
		return false
	}
	domain = strings.TrimSuffix(domain, ".")
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}

// registrable is the registrable domain of a host: the public suffix and one label more. Hosts without one (an address, a
// suffix itself, localhost) are on their own.
func registrable(host string) string {
	if isAddress(host) {
		return host
	}
	bare := strings.TrimSuffix(host, ".")
	suffix, _ := publicsuffix.PublicSuffix(bare)
	rest := len(bare) - len(suffix) - 1
	if rest <= 0 {
		return host
	}
	return host[strings.LastIndexByte(bare[:rest], '.')+1:]
}

// isLoopback reports whether a host can only be this machine (draft-ietf-dnsop-let-localhost-be-localhost).
func isLoopback(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "[::1]" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
