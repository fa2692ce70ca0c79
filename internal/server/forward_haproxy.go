package server

import "net/http"

// haproxy asks by the Lua file that proxy-config prints: the request in X-Original-URL and X-Original-Method, as nginx does. It passes our
// whole answer on, as nginx does not.
type haproxy struct{ full }

func (haproxy) original(r *http.Request) (original, error) { return originalURL(r.Header) }
