package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// nginx asks by auth_request: the request in X-Original-URL and X-Original-Method. It knows 2xx, 401 and 403 as
// answers and takes everything else for a fault, so every refusal is one of the two; the sign-in page goes into
// Location, which the printed configuration turns into a 302.
type nginx struct{}

func (nginx) original(h http.Header) (original, error) {
	link, err := one(h, "X-Original-Url")
	if err != nil {
		return original{}, err
	}
	method, err := one(h, "X-Original-Method")
	if err != nil {
		return original{}, err
	}
	u, err := parseOriginal(link)
	return original{method, u}, err
}

func (nginx) refuse(w http.ResponseWriter, p problem, signIn string) {
	h := w.Header()
	h.Set("X-Cloakroom-Reason", string(p.Reason))
	if signIn != "" {
		h.Set("Location", signIn)
	}
	code := http.StatusUnauthorized
	switch {
	case p.Status == http.StatusForbidden:
		code = http.StatusForbidden
	case p.Status >= 500:
		code = p.Status // nginx answers 500: nobody gets in, and nobody is told to sign in for nothing
	}
	w.WriteHeader(code)
}

// one reads a header that must come exactly once: of two, the proxy and we could each believe another.
func one(h http.Header, name string) (string, error) {
	switch v := h[name]; {
	case len(v) == 1 && v[0] != "":
		return v[0], nil
	case len(v) > 1:
		return "", fmt.Errorf("server: %s comes %d times", name, len(v))
	}
	return "", fmt.Errorf("server: %s is missing", name)
}

var errOriginal = errors.New("server: the original URL is not an absolute http or https URL")

// parseOriginal reads the URL that a proxy puts together from scheme, Host and request line. The last two are the
// client's, so anything that a browser would not send is refused (GHSA-68wm-pfjf-wqp6).
func parseOriginal(s string) (*url.URL, error) {
	if strings.ContainsAny(s, "\\#") || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return nil, errOriginal
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Opaque != "" || !strings.HasPrefix(u.EscapedPath(), "/") {
		return nil, errOriginal
	}
	return u, nil
}
