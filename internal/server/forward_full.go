package server

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/cloakroom/cloakroom/internal/front"
	"github.com/cloakroom/cloakroom/internal/server/page"
)

var ourCookies = []string{sessionCookie, visitName}

// full is for proxies that pass our whole answer on to the client, and copy headers of a yes into the request.
type full struct{ s *Server }

// allow gives the proxy the Cookie header that the app shall see: without ours, and none at all if nothing is left.
func (full) allow(h http.Header, r *http.Request) {
	kept := http.Header{"Cookie": r.Header["Cookie"]}
	front.KeepCookies(kept, ourCookies)
	if lines := kept["Cookie"]; len(lines) > 0 {
		h["Cookie"] = []string{strings.Join(lines, "; ")}
	}
}

// refuse sends a person who follows a link to sign in, shows one who sent a form that it did not arrive, and tells a script.
func (d full) refuse(w http.ResponseWriter, no refusal) {
	h := w.Header()
	h["X-Content-Type-Options"] = nosniff
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Cloakroom-Reason", string(no.Reason))
	if no.signIn != "" {
		h.Set("Location", no.signIn)
		w.WriteHeader(http.StatusFound)
		return
	}
	if isNavigation(no.question.Header) {
		h.Set("Content-Security-Policy", page.RefusedPolicy())
		d.s.render(w, no.question, no.Status, page.Refused{Status: no.Status, Sentence: no.Detail, Unsent: no.unsent(), SignIn: d.s.signInFrom(no)})
		return
	}
	told := struct {
		problem
		SignIn string `json:"sign_in,omitempty"`
	}{problem: no.problem}
	told.Detail, told.SignIn = d.s.helped(no)
	d.s.letRead(h, no.question.Header)
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(no.Status)
	d.s.encode(w, told)
}

// unsent tells that the request would have changed something.
func (no refusal) unsent() bool { return no.method != "" && !isSafe(no.method) }

// helped is what a script is told: what was refused and what became of it, and where its person signs in.
func (s *Server) helped(no refusal) (detail, signIn string) {
	detail, signIn = no.Detail, s.signInFrom(no)
	switch {
	case no.unsent() && signIn != "":
		detail += " This " + no.method + " was not carried out: sign in, then send it again."
	case no.unsent():
		detail += " This " + no.method + " was not carried out."
	}
	return detail, signIn
}

// signInFrom is where a person signs in to come back to the page that they are on, since what its script or form asked for is no page. It is
// "" where signing in does not help.
func (s *Server) signInFrom(no refusal) string {
	if no.signInAt == "" {
		return ""
	}
	at := &url.URL{Scheme: no.url.Scheme, Host: no.url.Host, Path: "/"}
	if from, err := url.Parse(no.question.Header.Get("Referer")); err == nil && from.Host != "" && s.sites.of(from) != nil {
		from.Fragment, from.User = "", nil
		at = from
	}
	return s.signInFor(at)
}

// letRead lets a script of an app's page read why it was refused, also where that app is another one (Fetch Standard section 3.3).
func (s *Server) letRead(h, of http.Header) {
	h.Add("Vary", "Origin")
	origin, err := one(of, "Origin")
	if err != nil {
		return
	}
	u, err := url.Parse(origin)
	if err != nil || u.Path != "" || s.sites.of(u) == nil || originOf(u) != origin {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
}
