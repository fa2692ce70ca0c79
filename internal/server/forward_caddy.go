package server

import "net/http"

// caddy asks by forward_auth: a GET with the request in X-Forwarded-Method, -Proto, -Host and -Uri.
type caddy struct{ full }

func (caddy) original(r *http.Request) (original, error) { return originalForwarded(r.Header) }

// allow also says that no cookie is left: where a header is missing in our answer, Caddy 2.6 writes the name of its variable instead.
func (d caddy) allow(h http.Header, r *http.Request) {
	d.full.allow(h, r)
	if h["Cookie"] == nil {
		h["Cookie"] = []string{""}
	}
}
