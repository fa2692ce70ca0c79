package trace

import (
	"fmt"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// soon is how many days before its end a certificate is worth a word.
const soon = 14

// find adds a finding about the hop that is under way.
//
//go:noinline
func (r *run) find(code, format string, args ...any) {
	r.trace.Findings = append(r.trace.Findings, Finding{Code: code, Detail: fmt.Sprintf(format, args...), Hop: len(r.trace.Hops) - 1})
}

// review finds what a person should know of a hop that is over.
func (r *run) review(h *Hop) {
	for _, v := range h.SetCookies {
		if v.Outcome == jar.Rejected {
			r.find("cookie-rejected", "the cookie %s is rejected: %s", excerpt(v.Name), v.Detail)
		}
	}
	if m := h.Response; m != nil && len(m.Malformed) == 1 {
		r.find("malformed", "the response breaks the rules of HTTP: %s", m.Malformed[0])
	} else if m != nil && len(m.Malformed) > 1 {
		r.find("malformed", "the response breaks the rules of HTTP in %d ways: %s; …", len(m.Malformed), m.Malformed[0])
	}
	if t := h.TLS; t != nil && h.Failed == nil && !h.TCP.Reused {
		if !t.Verified {
			r.find("certificate-ignored", "the certificate is not trusted, and you go on: %s", t.Problem)
		} else if left := t.Chain[0].DaysLeft; left < soon {
			r.find("certificate-expires", "the certificate expires in %d days", left)
		}
	}
}
