package access

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// site is what is configured for a host: its rules, as a tree of the segments of their paths.
type site struct {
	root node
}

// node is a path that a rule has, or that leads to one.
type node struct {
	segment string // as the rule writes it; ASCII
	rules   []*Rule
	below   []*node // ordered by their segments in lower case, which differ
}

// find returns the rule that decides for a path, nil if none does. It goes down the tree, segment by segment, as far as every app reads the path alike. A
// why says that apps could read it in a way for which another rule is meant; then the rule is of no use.
func (s *site) find(r reading, method string) (decides *Rule, why string) {
	at, rest, more := &s.root, r.path[1:r.sure], true
	partly, otherCase := r.sure < len(r.path), false
	if decides = at.pick(method, rest == ""); partly && rest == "" && decides != at.pick(method, false) {
		return nil, r.why // it may be the front page, or something below it
	}
	for more && len(at.below) > 0 {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		switch {
		case partly && !more && at.leadsBeyond(segment):
			return nil, r.why
		case partly && !more:
			return decides, at.nearMiss(segment, method, true)
		case segment == "": // behind the slash at the end
			return decides, ""
		}
		next := at.child(segment)
		if next == nil {
			return decides, at.nearMiss(segment, method, rest == "")
		}
		otherCase = otherCase || next.segment != segment
		rule := next.pick(method, rest == "")
		switch {
		case partly && rest == "" && rule != next.pick(method, false):
			return nil, r.why // it may be this very path, or something below it
		case rule != nil && otherCase:
			return nil, whyCase
		case rule != nil:
			decides = rule
		default:
			if why := at.nearMiss(segment, method, rest == ""); why != "" {
				return nil, why
			}
		}
		at = next
	}
	return decides, ""
}

// pick returns the rule of this very path that is for a method: one that names it before one that names none.
func (n *node) pick(method string, whole bool) (rule *Rule) {
	for _, r := range n.rules {
		if r.exact() && !whole {
			continue
		}
		if r.names(method) {
			return r
		}
		if len(r.Methods) == 0 {
			rule = r
		}
	}
	return rule
}

// child finds the segment below, in whatever case.
func (n *node) child(segment string) *node {
	if i, found := n.place(segment); found {
		return n.below[i]
	}
	return nil
}

// place is where a segment stands below, or would stand.
func (n *node) place(segment string) (i int, found bool) {
	low, high := 0, len(n.below)
	for low < high {
		middle := (low + high) / 2
		switch c := compareFold(n.below[middle].segment, segment); {
		case c == 0:
			return middle, true
		case c < 0:
			low = middle + 1
		default:
			high = middle
		}
	}
	return low, false
}

// leadsBeyond reports whether a rule's path could go on from here with a segment that begins so.
func (n *node) leadsBeyond(begin string) bool {
	return slices.ContainsFunc(n.below, func(c *node) bool { _, ok := cutAlike(c.segment, begin); return ok })
}

// nearMiss says why an app could take a segment, which is that of no rule here, for one that is. At the end of a path apps also drop endings: what
// serves /admin serves /admin.json.
func (n *node) nearMiss(segment, method string, last bool) (why string) {
	if n.alike(segment) != nil {
		return whyAccent
	}
	if !last || strings.IndexByte(segment, '.') < 0 {
		return ""
	}
	for i := 1; i < len(segment); i++ {
		if segment[i] != '.' {
			continue
		}
		c := n.child(segment[:i])
		if c == nil {
			c = n.alike(segment[:i])
		}
		if c == nil {
			continue
		}
		if rule := c.pick(method, true); rule != nil && !rule.Public {
			return whySuffix
		}
	}
	return ""
}

// alike finds the segment below that another one is without its accents; nil for one that has none.
func (n *node) alike(segment string) *node {
	if isASCII(segment) {
		return nil
	}
	i := slices.IndexFunc(n.below, func(c *node) bool { rest, ok := cutAlike(c.segment, segment); return ok && rest == "" })
	if i < 0 {
		return nil
	}
	return n.below[i]
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cutAlike takes the beginning of a rule's segment away that a system which leaves out accents and capitals could read in text.
func cutAlike(rule, text string) (rest string, ok bool) {
	for _, r := range text {
		if rule == "" || !mayBeLatin(r) && (r >= utf8.RuneSelf || lower(rule[0]) != lower(byte(r))) {
			return "", false
		}
		rule = rule[1:]
	}
	return rule, true
}

// compareFold orders by bytes, capital letters of ASCII as small ones.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

// add puts a rule at its place. It returns a rule that is there already for the same requests.
func (s *site) add(r *Rule) (same *Rule, why string) {
	at := &s.root
	for segment := range strings.SplitSeq(strings.Trim(r.Path, "/"), "/") {
		if segment == "" {
			break
		}
		i, found := at.place(segment)
		if !found {
			at.below = slices.Insert(at.below, i, &node{segment: segment})
		}
		at = at.below[i]
		if at.segment != segment {
			return at.some(), "their paths differ in capital letters only"
		}
	}
	for _, other := range at.rules {
		if r.overlaps(other) {
			return other, "they are for the same requests"
		}
	}
	at.rules = append(at.rules, r)
	return nil, ""
}

// some returns a rule from here on: there is one, or the node would not be.
func (n *node) some() *Rule {
	for len(n.rules) == 0 {
		n = n.below[0]
	}
	return n.rules[0]
}
