package egress

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// URLError says what is wrong with a URL. It never repeats a password.
type URLError struct {
	URL    string // as it may be shown
	Detail string // "" if it cannot be read at all
}

func (e *URLError) Error() string {
	if e.Detail == "" {
		return e.URL
	}
	return e.URL + ": " + e.Detail
}

// ParseURL accepts https, and http for loopback only.
func ParseURL(raw string) (*url.URL, *URLError) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, &URLError{URL: "(unreadable)"}
	}
	invalid := func(detail string) (*url.URL, *URLError) { return nil, &URLError{u.Redacted(), detail} }
	switch {
	case u.Hostname() == "":
		return invalid("no host")
	case u.User != nil:
		return invalid("it has a user name")
	case u.Fragment != "":
		return invalid("it has a fragment")
	case u.Scheme == "https":
	case u.Scheme == "http" && IsLoopbackHost(u.Hostname()):
	default:
		return invalid("got scheme " + strconv.QuoteToASCII(u.Scheme) + ", want https (http for localhost only)")
	}
	return u, nil
}

// IsLoopbackHost reports whether host is this machine by its very name.
func IsLoopbackHost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") // RFC 6761 section 6.3
}
