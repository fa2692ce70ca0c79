package jar

import (
	"net/url"
	"time"
)

// A Request is what a browser knows when it stores or sends cookies. The zero value of all but URL is the common case: a
// person follows a link of the same site.
type Request struct {
	URL    *url.URL
	Method string // "" is GET

	// Site is the page that made the request, nil if it is of the same site. Sites are compared with their scheme.
	Site *url.URL
	// Embedded: a subresource, a fetch or an iframe inside a page of Site, and not a navigation of the whole tab.
	Embedded bool
	// Script: document.cookie asks, not HTTP.
	Script bool

	// Now is when it happens, for those who tell a story over again. Zero is the time of the call.
	Now time.Time
}

func (r *Request) when() time.Time {
	if r.Now.IsZero() {
		return time.Now()
	}
	return r.Now
}
