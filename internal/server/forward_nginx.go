package server

import (
	"net/http"
	"strings"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
)

// nginx asks by auth_request: the request in X-Original-URL and X-Original-Method. It knows 2xx, 401 and 403 as
// answers and takes everything else for a fault, and never passes a body on. So every refusal is one of the two. The printed configuration sends on whom Location
// helps, and asks [Server.nginxRefused] for the answer to everybody else; X-Cloakroom-Detail and -Sign-In are for configurations that make one themselves.
type nginx struct{ s *Server }

func (nginx) original(r *http.Request) (original, error) { return originalURL(r.Header) }

// allow has nothing to add: the printed configuration takes our cookies out itself.
func (nginx) allow(http.Header, *http.Request) {}

func (d nginx) refuse(w http.ResponseWriter, no refusal) {
	h := w.Header()
	h.Set("X-Cloakroom-Reason", string(no.Reason))
	if no.signIn != "" {
		h.Set("Location", no.signIn)
	} else {
		detail, at := d.s.helped(no)
		h.Set("X-Cloakroom-Detail", plain(detail))
		h.Set("X-Cloakroom-Sign-In", at)
		d.s.letRead(h, no.question.Header)
	}
	code := http.StatusUnauthorized
	switch {
	case no.signIn != "":
	case no.Status == http.StatusForbidden:
		code = http.StatusForbidden
	case no.Status >= 500:
		code = no.Status // nginx answers 500: nobody gets in, and nobody is told to sign in for nothing
	}
	w.WriteHeader(code)
}

// nginxRefused answers for nginx a request that it was told to refuse: what it gets here it passes on as it is. Nothing is let through, also if it would be by now.
func (s *Server) nginxRefused(w http.ResponseWriter, r *http.Request) error {
	w.Header()["Cache-Control"] = noStore
	if !s.peers.trusts(r.RemoteAddr) {
		return errUntrusted
	}
	orig, err := originalURL(r.Header)
	if err != nil {
		err = &app.Error{Reason: guard.MalformedRequest, Err: err}
	} else if _, err = s.admit(asUnattended(r), orig); err == nil {
		err = &app.Error{Reason: guard.StoreUnavailable, Detail: "This was refused, and would not be a moment later. Try again."}
	}
	full{s}.refuse(w, s.refusal(w, r, orig, err))
	return nil
}

// plain leaves out what would end the string that nginx writes it into.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return -1
		}
		return c
	}, s)
}
