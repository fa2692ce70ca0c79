package server

import (
	"net/http"
	"strings"
)

// nginx asks by auth_request: the request in X-Original-URL and X-Original-Method. It knows 2xx, 401 and 403 as
// answers and takes everything else for a fault, and never passes a body on. So every refusal is one of the two, and what helps goes into
// headers, from which the printed configuration makes the answer.
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

// plain leaves out what would end the string that nginx writes it into.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return -1
		}
		return c
	}, s)
}
