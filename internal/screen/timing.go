package screen

import (
	"strconv"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/trace"
)

// Moments are when the steps of a hop were over, counted from its beginning, with the names that curl gives them.
type Moments struct {
	NameLookup, Connect, AppConnect, PreTransfer, StartTransfer, Total time.Duration
}

// MomentsOf returns the moments of a hop. Of steps that there were not they are zero, as curl has it.
func MomentsOf(h *trace.Hop) (m Moments) {
	for _, p := range h.Phases {
		end := p.Start + p.Took
		switch p.Name {
		case trace.PhaseDNS:
			m.NameLookup = end
		case trace.PhaseTCP:
			m.Connect = end
		case trace.PhaseTLS:
			m.AppConnect = end
		case trace.PhaseSend:
			m.PreTransfer = p.Start
		case trace.PhaseWait:
			m.StartTransfer = end
		}
		m.Total = end
	}
	return m
}

func (m Moments) plus(o Moments) Moments {
	return Moments{
		m.NameLookup + o.NameLookup, m.Connect + o.Connect, m.AppConnect + o.AppConnect,
		m.PreTransfer + o.PreTransfer, m.StartTransfer + o.StartTransfer, m.Total + o.Total,
	}
}

// Times prints the moments of each hop, a line each.
func (s *Screen) Times(t *trace.Trace, n int) {
	heads := []string{"namelookup", "connect", "appconnect", "pretransfer", "starttransfer", "total"}
	line := "  "
	for _, head := range heads {
		line += padLeft(head, len(head)+3)
	}
	s.put(s.paint(line, Strong))
	for i, h := range t.Hops {
		m := MomentsOf(h)
		line := Pad(strconv.Itoa(n+i), 2)
		for j, d := range []time.Duration{m.NameLookup, m.Connect, m.AppConnect, m.PreTransfer, m.StartTransfer, m.Total} {
			says := "-"
			if d > 0 {
				says = duration(d)
			}
			line += padLeft(says, len(heads[j])+3)
		}
		s.put(line)
	}
	s.Gap()
}

func padLeft(s string, n int) string { return strings.Repeat(" ", max(n-Columns(s), 0)) + s }
