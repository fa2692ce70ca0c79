package trace

import (
	"net/url"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// context is what the jar is told about a hop. A person typed the first URL, so it is same-site. A chain of redirects that has
// touched another site is cross-site from then on, also when it comes back (draft-22 section 5.2); Chrome does not enforce
// that part for compatibility, so it sends SameSite=Strict cookies where the draft withholds them.
func (r *run) context(q *request) jar.Request {
	var elsewhere *url.URL
	for _, l := range r.chain {
		if l.site() != q.to.site() {
			elsewhere = l.url()
		}
	}
	return jar.Request{URL: q.to.url(), Method: q.method, Site: elsewhere}
}

// store hands the Set-Cookie lines of a response to the jar, of whatever status, as they stood on the wire. Those of interim
// responses are ignored (draft-22 section 3).
func (r *run) store(h *Hop, q *request) {
	if lines := h.Response.get("Set-Cookie"); len(lines) > 0 {
		h.SetCookies = append(h.SetCookies, r.jar.Set(r.context(q), lines...)...)
	}
}
