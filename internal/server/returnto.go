package server

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/cloakroom/cloakroom/internal/server/page"
)

// returnTo says where to go after signing in: a path of this site, or a URL of an app that is known here. It is
// "" for everything else, above all for what a browser would read as another site (AU-33): browsers take `\` for `/`,
// drop tabs and line ends, and see a host after two slashes.
func (s *Server) returnTo(target string) string {
	if target == "" || len(target) > 2048 || strings.Contains(target, `\`) || strings.ContainsFunc(target, unprintable) {
		return ""
	}
	u, err := url.Parse(target)
	if err != nil || u.User != nil || u.Opaque != "" || u.String() != target {
		return ""
	}
	if u.Scheme == "" && u.Host == "" {
		if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
			return ""
		}
		return target
	}
	if s.sites.of(u) == nil || u.Path != "" && !strings.HasPrefix(u.Path, "/") {
		return ""
	}
	return target
}

// unprintable is what never stands in a URL as it is sent.
func unprintable(c rune) bool { return c <= ' ' || c >= 0x7f }

// destination is the origin of the app that a target leads to, by way of the handover or at once; "" for this site. The
// Content-Security-Policy of a form must allow it: the form's answer leads there.
func (s *Server) destination(target string) string {
	u, err := url.Parse(target)
	switch {
	case err != nil:
		return ""
	case u.Host != "":
		return u.Scheme + "://" + u.Host
	case u.Path == pathHandover:
		_, origin := s.appNamed(u.Query().Get(fieldApp))
		return origin
	}
	return ""
}

// toward names the app that a person is on the way to, and lets the page's form lead there.
func (s *Server) toward(w http.ResponseWriter, target string) (host string) {
	origin := s.destination(target)
	if origin == "" {
		return ""
	}
	w.Header().Set("Content-Security-Policy", page.Policy(origin))
	_, host, _ = strings.Cut(origin, "://")
	return host
}

func returnQuery(target string) string { return url.Values{page.FieldReturnTo: {target}}.Encode() }
