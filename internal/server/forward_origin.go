package server

import (
	"net/http"
	"strings"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/app"
)

// fromPage fills in which page sends a request, where that makes a difference. To a browser, hosts below one domain are one site: it sends an app's cookie
// along with the form of another app's page, and with its WebSocket, which no CORS protects. Whoever shows a token is no browser that was led astray.
func fromPage(q *access.Query, h http.Header, orig *original, who *guard.Principal) {
	if isSafe(orig.method) && !opensSocket(h) || who != nil && who.Via != guard.ViaSession {
		return
	}
	q.Origin = otherOrigin(h, orig)
	if orig.method == http.MethodOptions {
		q.Asks = h.Get("Access-Control-Request-Method")
	}
}

// opensSocket tells the handshake of a WebSocket, by the one field of it that every browser sends and that is for more than one hop (RFC 6455 section 4.1).
func opensSocket(h http.Header) bool { return len(h["Sec-Websocket-Key"]) > 0 }

// otherOrigin is the origin of the page that sends a request, if it is not the app's, as the browser tells it; "null" if it does not tell. What says nothing
// of a page comes from no browser.
func otherOrigin(h http.Header, orig *original) string {
	sites, origins := h["Sec-Fetch-Site"], h["Origin"]
	switch {
	case len(sites) == 1 && (sites[0] == "same-origin" || sites[0] == "none"): // by Fetch Metadata section 2.3: of what the browser itself has before it
		return ""
	case len(sites) == 0 && len(origins) == 0:
		return ""
	case len(origins) != 1 || origins[0] == "":
		return "null"
	case origins[0] == originOf(&orig.url):
		return ""
	}
	return origins[0]
}

// crossOrigin is what is said to the page, and to the operator who looks for the reason.
func crossOrigin(q *access.Query) error {
	return &app.Error{Reason: guard.CrossOrigin, Detail: "A page of " + describeOrigin(q.Origin) + " has sent this, and may not."}
}

// describeOrigin writes what a client has sent as an origin, within bounds.
func describeOrigin(origin string) string {
	if origin == "null" || len(origin) > 300 || strings.ContainsFunc(origin, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '"' || c == '\\' }) {
		return "another origin"
	}
	return origin
}
