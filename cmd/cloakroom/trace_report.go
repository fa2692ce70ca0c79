package main

import (
	"slices"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/trace"
)

// A traceReport is what --json prints: the hops of all URLs in one list.
type traceReport struct {
	*trace.Trace
	Contexts []*asContext `json:"contexts,omitempty"` // of --as
}

func (r *traceReport) add(t *trace.Trace, contexts []*asContext) {
	for _, f := range t.Findings {
		f.Hop += len(r.Hops)
		r.Findings = append(r.Findings, f)
	}
	r.Hops = append(r.Hops, t.Hops...)
	r.Contexts = append(r.Contexts, contexts...)
}

// loopback reports whether a Secure cookie was taken only because the server is this machine.
func (r *traceReport) loopback() bool {
	return slices.ContainsFunc(r.Hops, func(h *trace.Hop) bool {
		return slices.ContainsFunc(append(slices.Clone(h.SetCookies), h.Cookies...), func(v jar.Verdict) bool {
			return slices.Contains(v.Warnings, jar.WarnLoopback)
		})
	})
}
