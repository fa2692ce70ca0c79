package trace

import (
	"encoding/json"
	"math"
	"time"
)

// MarshalJSON writes milliseconds, to the microsecond.
func (p Phase) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name  PhaseName `json:"name"`
		Start float64   `json:"start_ms"`
		Took  float64   `json:"ms"`
	}{p.Name, millis(p.Start), millis(p.Took)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Phase) UnmarshalJSON(b []byte) error {
	var v struct {
		Name  PhaseName `json:"name"`
		Start float64   `json:"start_ms"`
		Took  float64   `json:"ms"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*p = Phase{v.Name, fromMillis(v.Start), fromMillis(v.Took)}
	return nil
}

// millis is a duration in milliseconds, rounded to the microsecond.
func millis(d time.Duration) float64 { return math.Round(float64(d)/float64(time.Microsecond)) / 1000 }

func fromMillis(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// A stopwatch measures the phases of one hop, one after the other, by the monotonic clock.
type stopwatch struct {
	start  time.Time // of the hop
	phases []Phase
	open   bool // the last phase still runs
}

func newStopwatch() *stopwatch { return &stopwatch{start: time.Now()} }

// begin ends the phase that runs and begins the next.
func (w *stopwatch) begin(name PhaseName) { w.beginAt(name, time.Now()) }

// beginAt is begin at a moment that has passed: that of the first octet, which was noticed later.
func (w *stopwatch) beginAt(name PhaseName, t time.Time) {
	w.endAt(t)
	w.phases = append(w.phases, Phase{Name: name, Start: t.Sub(w.start)})
	w.open = true
}

// end ends the phase that runs, if one does.
func (w *stopwatch) end() { w.endAt(time.Now()) }

func (w *stopwatch) endAt(t time.Time) {
	if !w.open {
		return
	}
	p := &w.phases[len(w.phases)-1]
	p.Took = max(t.Sub(w.start)-p.Start, 0)
	w.open = false
}

// restart forgets the phases from the first of that name on: a connection that had gone stale is dialled anew.
func (w *stopwatch) restart() { w.phases, w.open = w.phases[:1], false }
