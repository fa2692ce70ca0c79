package trace

import (
	"errors"
	"net/http"
	"slices"
)

// leadsOn reports whether a status is a redirect that browsers follow (Fetch: "redirect status").
func leadsOn(status int) bool {
	return slices.Contains([]int{301, 302, 303, 307, 308}, status)
}

// location reads where a response leads: nil if nowhere.
func (r *run) leadsTo(h *Hop, from *location) *location {
	values := h.Response.get("Location")
	if !leadsOn(h.Status) || len(values) == 0 {
		return nil
	}
	for _, v := range values[1:] {
		if v != values[0] {
			r.find("location-conflict", "Location is there twice and leads to different places: browsers follow neither")
			return nil
		}
	}
	to, err := parseLocation(values[0], from)
	if f, ok := errors.AsType[*Failure](err); ok {
		code := "redirect-url"
		if f.Reason == "scheme" {
			code = "redirect-scheme"
		}
		r.find(code, "the redirect to %s is not followed: %s", excerpt(values[0]), f.Detail)
		return nil
	}
	if to.fragment == "" {
		to.fragment = from.fragment // RFC 9110 section 10.2.2
	}
	if to.user != "" || to.password != "" {
		r.find("redirect-credentials", "the redirect names a user and a password of its own: they are not used")
		to.user, to.password = "", ""
	}
	return to
}

// follow makes the request of the next hop (Fetch section 4.4, "HTTP-redirect fetch").
func (r *run) follow(q *request, status int, to *location) *request {
	next := &request{method: q.method, to: to, header: q.header.Clone(), body: q.body}
	if (status == 301 || status == 302) && q.method == http.MethodPost || status == 303 && q.method != http.MethodGet && q.method != http.MethodHead {
		next.method, next.body = http.MethodGet, nil
		for _, name := range bodyFields {
			next.header.Del(name)
		}
	}
	if to.origin() == q.to.origin() {
		to.user, to.password = q.to.user, q.to.password
	} else {
		// What was said to one origin is never said to another, nor again to the first when the chain comes back to it: each
		// request is made from the one before.
		for _, name := range secretFields {
			next.header.Del(name)
		}
	}
	if q.to.scheme == "https" && to.scheme == "http" {
		r.find("downgrade", "the redirect leaves https for http: from there on everybody on the way can read and change everything")
	}
	return next
}
