package access

import (
	"slices"
	"strings"
)

// Covering returns the rules whose paths cover a target as far as every app reads it alike, the longest first, whatever their methods are. It is for
// people who ask why: of a request that is decided, the rule that decides is among them.
func (p *Policy) Covering(host, target string) []*Rule {
	at := p.site(host)
	r, why := read(target)
	if at == nil || why != "" {
		return nil
	}
	var all []*Rule
	n, rest := &at.root, r.path[1:r.sure]
	for n != nil {
		for _, rule := range n.rules {
			if !rule.exact() || rest == "" {
				all = append(all, rule)
			}
		}
		var segment string
		if segment, rest, _ = strings.Cut(rest, "/"); segment == "" {
			break
		}
		n = n.child(segment)
	}
	slices.Reverse(all)
	return all
}

// For reports whether the rule is for requests with a method.
func (r *Rule) For(method string) bool { return len(r.Methods) == 0 || r.names(method) }
