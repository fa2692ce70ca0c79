package server

import (
	"net/http"
	"strings"

	"github.com/cloakroom/cloakroom/session"
)

// headerUnattended is set to 1 by the script of an app that asks by itself, by a timer and not for a person.
const headerUnattended = "X-Cloakroom-Unattended"

// unattended tells the requests of which their header says that no person caused them: they do not keep a session alive.
//
// Only what is said in so many words counts: the marker of an app's script, and that of a browser which fetches a page before anybody asks for it
// (Sec-Purpose of the Fetch Standard section 3.7 and, before it, Purpose). What else browsers say does not tell: Sec-Fetch-User: ?1 is sent only with
// navigations, and never with a fetch, whether somebody typed or a timer ran down; Sec-Fetch-Mode, -Dest and Accept: text/event-stream say how the answer is
// used, not who wanted it. Who took all of those for machines would sign people out while they type.
func unattended(h http.Header) bool {
	for _, mark := range h[headerUnattended] {
		if mark == "1" {
			return true
		}
	}
	return isAhead(h["Sec-Purpose"]) || isAhead(h["Purpose"])
}

// isAhead reads the purpose of a fetch ahead: prefetch, with parameters behind it as in "prefetch;prerender", or prerender.
func isAhead(purposes []string) bool {
	for _, p := range purposes {
		p, _, _ = strings.Cut(p, ";")
		p = strings.TrimSpace(p)
		if strings.EqualFold(p, "prefetch") || strings.EqualFold(p, "prerender") {
			return true
		}
	}
	return false
}

// asUnattended is the request with the mark that whoever loads its session heeds.
func asUnattended(r *http.Request) *http.Request {
	return r.WithContext(session.Unattended(r.Context()))
}
