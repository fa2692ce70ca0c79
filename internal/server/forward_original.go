package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// originalURL reads the request as nginx and HAProxy are configured to tell it.
func originalURL(h http.Header) (original, error) {
	link, err := one(h, "X-Original-Url")
	if err != nil {
		return original{}, err
	}
	method, err := one(h, "X-Original-Method")
	if err != nil {
		return original{}, err
	}
	return parseOriginal(method, link)
}

// originalForwarded reads the request as Caddy and Traefik tell it.
func originalForwarded(h http.Header) (original, error) {
	method, err := one(h, "X-Forwarded-Method")
	if err != nil {
		return original{}, err
	}
	host, err := one(h, "X-Forwarded-Host")
	if err != nil {
		return original{}, err
	}
	uri, err := one(h, "X-Forwarded-Uri")
	if err != nil {
		return original{}, err
	}
	return originalParts(h, method, host, uri)
}

// originalParts puts a URL together. Each part must be one: a Host with a path in it would move the line between the two.
func originalParts(h http.Header, method, host, uri string) (original, error) {
	proto, err := one(h, "X-Forwarded-Proto")
	if err != nil {
		return original{}, err
	}
	scheme, ok := map[string]string{"http": "http", "https": "https", "ws": "http", "wss": "https"}[proto]
	if !ok || host == "" || strings.ContainsAny(host, `/?#@,\`) || !strings.HasPrefix(uri, "/") {
		return original{}, errOriginal
	}
	return parseOriginal(method, scheme+"://"+host+uri)
}

// one reads a header that must come exactly once: of two, the proxy and we could each believe another.
func one(h http.Header, name string) (string, error) {
	switch v := h[name]; {
	case len(v) == 1 && v[0] != "":
		return v[0], nil
	case len(v) > 1:
		return "", fmt.Errorf("server: %s comes %d times", name, len(v))
	}
	return "", fmt.Errorf("%w: %s is missing", errUntold, name)
}

var (
	errUntold         = errors.New("server: the proxy does not say what was asked for")
	errOriginal       = errors.New("server: the original URL is not an absolute http or https URL")
	errOriginalMethod = errors.New("server: the original method is not a token (RFC 9110 section 9.1)")
)

// parseOriginal reads the URL that a proxy puts together from scheme, Host and request line. The last two are the
// client's, so anything that a browser would not send is refused (GHSA-68wm-pfjf-wqp6).
func parseOriginal(method, link string) (original, error) {
	if method != http.MethodGet && !isToken(method) {
		return original{}, errOriginalMethod
	}
	if u, ok := plainURL(link); ok {
		return original{method, u, link[len(u.Scheme)+len("://")+len(u.Host):]}, nil
	}
	if strings.ContainsAny(link, "\\#") || strings.ContainsFunc(link, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return original{}, errOriginal
	}
	u, err := url.Parse(link)
	if err != nil || !isPort(u.Port()) || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.Contains(u.Host, ",") || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(u.EscapedPath(), "/") {
		return original{}, errOriginal
	}
	_, rest, _ := strings.Cut(link, "://")
	return original{method, *u, rest[strings.IndexByte(rest, '/'):]}, nil
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil
}

// isToken reports whether s can be a method (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c) })
}
