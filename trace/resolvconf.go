package trace

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// A resolvConf is what resolv.conf(5) says, as far as it matters here.
type resolvConf struct {
	servers []string // "address:53", at most three, as the system takes
	search  []string
	ndots   int
}

func readResolvConf(path string) resolvConf {
	c := resolvConf{ndots: 1}
	eachLine(path, "#;", func(words []string) {
		switch words[0] {
		case "nameserver":
			if a, err := netip.ParseAddr(words[1]); err == nil && len(c.servers) < 3 {
				c.servers = append(c.servers, net.JoinHostPort(a.String(), "53"))
			}
		case "domain":
			c.search = words[1:2]
		case "search":
			c.search = words[1:min(len(words), 7)]
		case "options":
			for _, o := range words[1:] {
				if n, ok := strings.CutPrefix(o, "ndots:"); ok {
					if v, err := strconv.Atoi(n); err == nil {
						c.ndots = min(max(v, 0), 15)
					}
				}
			}
		}
	})
	return c
}

// candidates are the names to ask for, in order: as it is, and with the domains of the search list, which come first for a
// name with fewer than ndots dots. A dot at the end means: as it is.
func (c *resolvConf) candidates(host string) []string {
	if name, rooted := strings.CutSuffix(host, "."); rooted {
		return []string{name}
	}
	var searched []string
	for _, domain := range c.search {
		if domain = strings.Trim(domain, "."); domain != "" {
			searched = append(searched, host+"."+domain)
		}
	}
	if strings.Count(host, ".") >= c.ndots {
		return append([]string{host}, searched...)
	}
	return append(searched, host)
}
