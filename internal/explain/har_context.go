package explain

import (
	"net/url"
	"strings"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// target is where the request went, nil if it is nothing that has cookies.
func (e *harEntry) target() *url.URL {
	if len(e.url) > maxString {
		return nil
	}
	u, err := url.Parse(e.url)
	if err != nil || u.Host == "" {
		return nil
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	case "http", "https":
	default:
		return nil
	}
	u.Fragment, u.RawFragment = "", ""
	return u
}

// elsewhere stands for a page of another site of which no more is known.
var elsewhere = &url.URL{Scheme: "https", Host: "elsewhere.invalid", Path: "/"}

// A surrounding is how the browser came to make a request: what decides about SameSite.
type surrounding struct {
	site     *url.URL
	embedded bool
	says     string
}

// surroundings finds it out. Browsers of today say it in Sec-Fetch headers (W3C Fetch Metadata); for the others the kind of
// the resource, the page that it belongs to, Origin and Referer have to do.
func (e *harEntry) surroundings(u *url.URL, p *harPage) surrounding {
	fetchSite := e.requestHeaders.Get("Sec-Fetch-Site")
	initiator := e.initiator()
	if e.isNavigation(p) {
		s := surrounding{says: "navigation"}
		switch {
		case fetchSite == "cross-site":
			s.site = firstURL(otherSite(initiator, u), elsewhere)
		case fetchSite == "":
			s.site = initiator
		}
		if s.site != nil && jar.Site(s.site) != jar.Site(u) {
			s.says += " from " + jar.Site(s.site)
		}
		return s
	}
	s := surrounding{embedded: true}
	if p != nil {
		s.site = p.document
	}
	if s.site == nil {
		s.site = initiator
	}
	if fetchSite == "cross-site" && (s.site == nil || jar.Site(s.site) == jar.Site(u)) {
		s.site = firstURL(otherSite(initiator, u), elsewhere) // a frame between the page and the request
	}
	switch {
	case s.site == nil && fetchSite == "":
		s.says = "part of an unknown page, taken for one of this site"
	case s.site == nil || jar.Site(s.site) == jar.Site(u):
		s.says = "part of a page of this site"
	case s.site == elsewhere:
		s.says = "part of a page of another site"
	default:
		s.says = "part of a page of " + jar.Site(s.site)
	}
	return s
}

// A harPage is what a tab shows.
type harPage struct {
	document *url.URL
	next     string // where its document redirects to
}

// isNavigation: the whole tab goes there.
func (e *harEntry) isNavigation(p *harPage) bool {
	mode, dest := e.requestHeaders.Get("Sec-Fetch-Mode"), e.requestHeaders.Get("Sec-Fetch-Dest")
	if mode != "" {
		return mode == "navigate" && (dest == "document" || dest == "")
	}
	return (e.kind == "document" || e.kind == "") && (p == nil || p.next != "" && p.next == e.url)
}

// follows is where the response redirects to, "" if it does not.
func (e *harEntry) follows() string {
	base, err := url.Parse(e.url)
	if err != nil || e.redirect == "" || len(e.redirect) > maxString {
		return ""
	}
	to, err := base.Parse(e.redirect)
	if err != nil {
		return ""
	}
	return to.String()
}

// initiator is who made the request, as far as its headers say.
func (e *harEntry) initiator() *url.URL {
	for _, name := range []string{"Origin", "Referer"} {
		if u, err := url.Parse(e.requestHeaders.Get(name)); err == nil && u.Host != "" {
			return u
		}
	}
	return nil
}

// otherSite is u if it is of another site than target.
func otherSite(u, target *url.URL) *url.URL {
	if u == nil || jar.Site(u) == jar.Site(target) {
		return nil
	}
	return u
}

func firstURL(a, b *url.URL) *url.URL {
	if a != nil {
		return a
	}
	return b
}

// withoutCredentials: a fetch to another origin carries cookies only if script asks for it and the server allows it.
func (e *harEntry) withoutCredentials(u *url.URL) bool {
	if e.requestHeaders.Get("Sec-Fetch-Mode") != "cors" || e.requestHeaders.Get("Sec-Fetch-Site") == "same-origin" || e.sendsCookies() {
		return false
	}
	origin, err := url.Parse(e.requestHeaders.Get("Origin"))
	if err != nil || origin.Host == "" || origin.Scheme == u.Scheme && origin.Host == u.Host {
		return false
	}
	return !strings.EqualFold(e.responseHeaders.Get("Access-Control-Allow-Credentials"), "true")
}

func (e *harEntry) sendsCookies() bool {
	return len(e.requestHeaders["Cookie"]) > 0 || len(e.requestCookies) > 0
}
