package egress

import (
	"net/netip"
	"slices"
)

// special are address blocks that are no host of the public Internet (RFC 6890 and its registry), beyond those that
// netip knows by name. Those that carry an IPv4 address inside are here too: it could be any.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // shared by the customers of a provider, RFC 6598
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"), // NAT64, RFC 6052
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), // Teredo is in it
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4, RFC 3056
	netip.MustParsePrefix("fec0::/10"),
}

// allowed reports whether a connection may go to a. It is asked with the address that is dialled, after the name was
// resolved: what a name led to a moment ago proves nothing.
func allowed(a netip.Addr, loopbackURL, allowPrivate bool) bool {
	a = a.Unmap().WithZone("")
	switch {
	case loopbackURL:
		return a.IsLoopback()
	case a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast():
		return false
	case allowPrivate:
		return true
	case a.IsLoopback() || a.IsPrivate():
		return false
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}
