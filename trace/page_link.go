package trace

import (
	"strconv"
	"strings"
)

// link gives a link its number: the same for the same URL, 0 for what leads nowhere else.
func (r *htmlReader) link(href string) int {
	href = strings.TrimSpace(href)
	if href == "" || href[0] == '#' {
		return 0
	}
	to := r.resolve(href)
	if to == "" {
		return 0
	}
	if n, ok := r.links[to]; ok {
		return n
	}
	if len(r.p.Links) >= maxPageLinks {
		return 0
	}
	n := len(r.p.Links) + 1
	r.links[to] = n
	r.p.Links = append(r.p.Links, Link{N: n, URL: to})
	return n
}

// endLink writes the number of a link after its text.
func (r *htmlReader) endLink(e *element) {
	number, text := " ["+strconv.Itoa(e.link)+"]", oneLine(r.w.b.String()[e.from:])
	if text != "" {
		r.w.attach(number)
	} else {
		text = oneLine(e.label)
		r.w.words(" " + clip(text, maxPageTitle) + number)
	}
	if l := &r.p.Links[e.link-1]; l.Text == "" {
		l.Text = clip(text, maxPageTitle)
	}
}

// resolve makes a reference absolute. Of other schemes than those of the Web only those for people are kept.
func (r *htmlReader) resolve(href string) string {
	if scheme, _, ok := strings.Cut(strings.ToLower(href), ":"); ok && (scheme == "mailto" || scheme == "tel") {
		return clip(oneLine(href), maxPageTitle)
	}
	to, err := parseLocation(href, r.base)
	if err != nil {
		return ""
	}
	return to.String()
}

// setBase is the base element: the first that has a URL counts.
func (r *htmlReader) setBase(href string) {
	if href == "" || r.rebased {
		return
	}
	if to, err := parseLocation(href, r.base); err == nil {
		r.base, r.rebased = to, true
	}
}
