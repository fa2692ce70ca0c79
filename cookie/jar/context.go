package jar

import (
	"net/url"
	"time"
)

// A context is a [Request] as the rules need it, worked out once and not for each cookie.
type context struct {
	now time.Time

	problem string // why there can be no cookies here, "" if there can
	scheme  string
	host    string // canonical
	domain  string // the registrable domain of host
	path    string

	secure   bool // the connection is, or counts as it
	loopback bool // it counts because the host is this machine

	method    string
	script    bool
	safe      bool // GET, HEAD, OPTIONS or TRACE
	embedded  bool
	foreign   bool // embedded in a page of another site: a third party
	relation  relation
	partition string // the site of the tab
}

// A relation is how the site of a request and the site that made it are related (draft-22 section 5.2).
type relation int

const (
	sameSite    relation = iota
	otherScheme          // the same registrable domain, over http here and over https there
	crossSite
)

func (j *Jar) context(r Request, now time.Time) context {
	c := context{now: now.Round(0).UTC(), method: r.Method, script: r.Script, embedded: r.Embedded}
	switch r.Method {
	case "", "GET", "HEAD", "OPTIONS", "TRACE": // RFC 9110 section 9.2.1
		c.safe = true
	}
	if r.URL == nil {
		c.problem = "there is no URL"
		return c
	}
	var ok bool
	if c.host, ok = canonicalHost(r.URL.Hostname()); !ok {
		c.problem = "the URL has no host that can be"
		return c
	}
	c.domain = registrable(c.host)
	c.path = r.URL.EscapedPath()
	if c.path == "" || c.path[0] != '/' {
		c.path = "/"
	}
	switch c.scheme = webScheme(r.URL.Scheme); c.scheme {
	case "https":
		c.secure = true
	case "http":
		c.loopback = j.loopback && isLoopback(c.host)
		c.secure = c.loopback
	default:
		c.problem = "cookies are for http and https, and this is " + show(r.URL.Scheme)
		return c
	}
	c.partition = c.scheme + "://" + c.domain
	if r.Site != nil {
		c.relate(r.Site, j.profile.Schemeful)
	}
	return c
}

// relate is section 5.2: how the page that made the request is related to where it goes.
func (c *context) relate(site *url.URL, schemeful bool) {
	host, ok := canonicalHost(site.Hostname())
	scheme, domain := webScheme(site.Scheme), registrable(host)
	switch {
	case !ok || domain != c.domain: // a site without a host is an opaque origin: a sandbox, a file
		c.relation = crossSite
		c.foreign = c.embedded
	case schemeful && scheme != c.scheme:
		c.relation = otherScheme
		c.foreign = c.embedded
	}
	if c.embedded {
		c.partition = scheme + "://" + domain
	}
}

// Site returns the site of a URL, its scheme and registrable domain: "https://example.com" for
// https://www.example.com/a. It is "" if the URL has no host. Hosts that have no registrable domain (addresses, localhost,
// public suffixes) are a site of their own.
func Site(u *url.URL) string {
	if u == nil {
		return ""
	}
	host, ok := canonicalHost(u.Hostname())
	if !ok {
		return ""
	}
	return webScheme(u.Scheme) + "://" + registrable(host)
}

// webScheme: a web socket travels over the scheme that it was opened with.
func webScheme(s string) string {
	switch s = lower(s); s {
	case "ws":
		return "http"
	case "wss":
		return "https"
	}
	return s
}
