package server

import (
	"net/url"
	"strings"

	"github.com/cloakroom/cloakroom/internal/server/page"
)

// returnTo says where to go after signing in: a path of this site, or a URL of an app that was allowed by --app. It is
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
	for _, app := range s.app.Config.AppOrigins() {
		if u.Scheme == app.Scheme && strings.EqualFold(u.Host, app.Host) && (u.Path == "" || strings.HasPrefix(u.Path, "/")) {
			return target
		}
	}
	return ""
}

// unprintable is what never stands in a URL as it is sent.
func unprintable(c rune) bool { return c <= ' ' || c >= 0x7f }

// returnHost is the app that a target leads to, "" for this site.
func returnHost(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	return u.Host
}

// returnOrigin is what the Content-Security-Policy must allow a form to be redirected to.
func returnOrigin(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func returnQuery(target string) string { return url.Values{page.FieldReturnTo: {target}}.Encode() }
