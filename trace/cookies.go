package trace

import "github.com/cloakroom/cloakroom/cookie/jar"

// context is what the jar is told about a hop. A person typed the first URL, so no page made the request, and that stays so
// over redirects to whatever site: each hop is same-site (draft-22 section 5.2). Earlier drafts let a chain over another site
// count as cross-site; browsers that tried broke too many sites, and the rule was taken out (httpwg/http-extensions#2750).
func (r *run) context(q *request) jar.Request {
	return jar.Request{URL: q.to.url(), Method: q.method}
}

// store hands the Set-Cookie lines of a response to the jar, of whatever status, as they stood on the wire. Those of interim
// responses are ignored (draft-22 section 3).
func (r *run) store(h *Hop, q *request) {
	if lines := h.Response.get("Set-Cookie"); len(lines) > 0 {
		h.SetCookies = append(h.SetCookies, r.jar.Set(r.context(q), lines...)...)
	}
}
