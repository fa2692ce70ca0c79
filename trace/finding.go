package trace

import "fmt"

// find adds a finding about the hop that is under way.
func (r *run) find(code, format string, args ...any) {
	r.trace.Findings = append(r.trace.Findings, Finding{Code: code, Detail: fmt.Sprintf(format, args...), Hop: len(r.trace.Hops) - 1})
}
