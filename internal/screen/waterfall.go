package screen

import (
	"strings"

	"github.com/cloakroom/cloakroom/trace"
)

// The columns of the waterfall: name, bar, time, what happened.
const (
	barColumn  = 7
	barWidth   = 14
	timeColumn = barColumn + barWidth
	timeWidth  = 8
	factColumn = timeColumn + timeWidth + 2
)

// waterfall prints what a hop did, phase after phase, each at its place in time.
func (s *Screen) waterfall(h *trace.Hop) {
	s.url(h.Parts)
	whole := total(h)
	if t := h.TCP; t != nil && t.Reused {
		s.Row(2, Span{"conn", Strong}, barColumn, Span{Text: "the connection to " + t.Remote + " is used again"})
	}
	for i := range h.Phases {
		p := &h.Phases[i]
		if p.Name == trace.PhaseURL {
			continue
		}
		style := Calm
		if h.Failed != nil && h.Failed.Phase == p.Name {
			style = Bad
		}
		took := duration(p.Took)
		left := s.paint("  "+Pad(string(p.Name), barColumn-2), Strong) + s.bar(p, float64(whole), style) +
			strings.Repeat(" ", timeWidth-Columns(took)) + took
		taken := factColumn - 2
		for j, fact := range facts(h, p.Name) {
			if j > 0 {
				left, taken = "", 0
			}
			s.row(left, taken, factColumn, 2, []Span{fact})
			left = ""
		}
		if left != "" {
			s.put(left)
		}
	}
}

// bar is where a phase lies in the time of its hop. What is shorter than a column is thinner than one.
func (s *Screen) bar(p *trace.Phase, whole float64, style Style) string {
	if whole <= 0 {
		return strings.Repeat(" ", barWidth)
	}
	from := float64(p.Start) / whole * barWidth
	to := float64(p.Start+p.Took) / whole * barWidth
	first := min(int(from), barWidth-1)
	columns := min(int(to+0.5), barWidth) - first
	drawn := strings.Repeat("█", max(columns, 0))
	if to-from < 0.5 || columns < 1 {
		columns, drawn = 1, "▏"
	}
	return strings.Repeat(" ", first) + s.paint(drawn, style) + strings.Repeat(" ", barWidth-first-columns)
}
