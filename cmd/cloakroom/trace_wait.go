package main

import (
	"sync"
	"time"

	"github.com/cloakroom/cloakroom/internal/screen"
	"github.com/cloakroom/cloakroom/trace"
)

// patience is how long a step may take before a person is told what it is.
const patience = 300 * time.Millisecond

// waiting tells on a terminal what is being waited for, if it takes long.
func (t *terminal) waiting() (begin func(hop int, phase trace.PhaseName, about string), done func()) {
	say, wipe := t.progress()
	if say == nil {
		return nil, wipe
	}
	w := &wait{say: say, wipe: wipe}
	return w.begin, w.done
}

// A wait is what is going on.
type wait struct {
	say  func(string)
	wipe func()

	mu    sync.Mutex
	timer *time.Timer
	shown bool
	over  bool
}

func (w *wait) begin(_ int, phase trace.PhaseName, about string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop()
	var timer *time.Timer
	timer = time.AfterFunc(patience, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.timer == timer && !w.over {
			w.say(screen.Fit(doing[phase]+" "+about, 76)) // a line that is wiped must be one line
			w.shown = true
		}
	})
	w.timer = timer
}

// stop ends the step before.
func (w *wait) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
	if w.timer = nil; w.shown {
		w.wipe()
		w.shown = false
	}
}

func (w *wait) done() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop()
	w.over = true
}

var doing = map[trace.PhaseName]string{
	trace.PhaseDNS: "looking for", trace.PhaseTCP: "connecting to", trace.PhaseTLS: "agreeing on keys with",
	trace.PhaseSend: "sending to", trace.PhaseWait: "waiting for", trace.PhaseRead: "reading from",
}
