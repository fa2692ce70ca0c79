package server

import "net/http"

// traefik asks by its ForwardAuth middleware: a GET with the request in X-Forwarded-Method, -Proto, -Host and -Uri.
type traefik struct{ full }

func (traefik) original(r *http.Request) (original, error) { return originalForwarded(r.Header) }
