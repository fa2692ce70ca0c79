package server

import (
	"errors"
	"net/http"
	"strings"
)

// envoyPrefix is the path_prefix of Envoy's ext_authz filter, to which it appends the path of the request.
const envoyPrefix = "/forward-auth/envoy"

// envoy asks by the HTTP service of ext_authz: method, Host and path of the question are those of the request, and the scheme comes in
// X-Forwarded-Proto. A question for the bare prefix has the request in X-Forwarded-Method, -Proto, -Host and -Uri, as Traefik asks.
type envoy struct{ full }

var errEnvoy = errors.New("server: the question and its headers name different requests")

func (envoy) original(r *http.Request) (original, error) {
	uri := strings.TrimPrefix(r.RequestURI, envoyPrefix)
	if uri == "" && r.Method == http.MethodGet {
		return originalForwarded(r.Header)
	}
	// Envoy does not set these by itself. Where a client's got through, they must not be a second opinion.
	for name, said := range map[string]string{"X-Forwarded-Method": r.Method, "X-Forwarded-Host": r.Host, "X-Forwarded-Uri": uri} {
		if v := r.Header[name]; len(v) > 1 || len(v) == 1 && v[0] != said {
			return original{}, errEnvoy
		}
	}
	return originalParts(r.Header, r.Method, r.Host, uri)
}

// allow also names what Envoy shall take out of the request: what it does not find in our answer it would leave as it was.
func (d envoy) allow(h http.Header, r *http.Request) {
	d.full.allow(h, r)
	out := "remote_user,remote_email,remote_name,remote_groups"
	if h["Cookie"] == nil {
		out += ",cookie"
	}
	h.Set("X-Envoy-Auth-Headers-To-Remove", out)
}
