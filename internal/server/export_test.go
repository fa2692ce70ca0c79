package server

import (
	"net/http"
	"strings"
	"time"
)

// Route is a row of the table of routes, for tests that ask something of each.
type Route struct{ Zone, Method, Path string }

// Routes lists the addresses at which something stands.
func (s *Server) Routes() []Route {
	var all []Route
	for _, r := range s.table() {
		if method, path, ok := strings.Cut(r.pattern, " "); ok {
			all = append(all, Route{r.zone.name, method, strings.ReplaceAll(path, "{$}", "")})
		}
	}
	return all
}

// Through serves a handler as if it stood among the pages, the API or the OAuth endpoints.
func (s *Server) Through(zone string, h func(http.ResponseWriter, *http.Request) error) http.Handler {
	z := map[string]func() *zoneT{"page": s.pageZone, "api": s.apiZone, "oauth": s.oauthZone, "forward-auth": s.forwardZone}[zone]()
	return s.observe(z.wrap(h))
}

type zoneT = zone

// ReturnTo is what a target becomes, "" if it is refused.
func (s *Server) ReturnTo(target string) string { return s.returnTo(target) }

// MintFormToken makes a form token for an owner, as a page would hold it.
func (s *Server) MintFormToken(owner string) string { return s.forms.mint(owner) }

// SetFeedStall changes how long a reader of the feed may take for one message.
func (s *Server) SetFeedStall(d time.Duration) { s.feedStall = d }
