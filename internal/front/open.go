package front

import (
	"log/slog"
	"sync"
	"time"
)

// open is what is going on, by session. A short request is here too: nobody knows beforehand that it is one.
type open struct {
	mu       sync.Mutex
	sessions map[string]*group
	stopped  bool
}

// group is all that is open of one session.
type group struct {
	calls map[*call]struct{}
	limit time.Time // the session need not be looked at before; zero at first, since it may have ended while the request was admitted
}

func (o *open) add(c *call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	g := o.sessions[c.visitor.Session]
	if g == nil {
		g = &group{calls: map[*call]struct{}{}}
		if o.sessions == nil {
			o.sessions = map[string]*group{}
		}
		o.sessions[c.visitor.Session] = g
	}
	g.calls[c] = struct{}{}
}

func (o *open) remove(c *call) {
	o.mu.Lock()
	if g := o.sessions[c.visitor.Session]; g != nil {
		if delete(g.calls, c); len(g.calls) == 0 {
			delete(o.sessions, c.visitor.Session)
		}
	}
	o.mu.Unlock()
	c.done()
}

// due are the sessions that must be looked at, or all that have something open.
func (o *open) due(now time.Time, all bool) (sessions []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for s, g := range o.sessions {
		if s != "" && (all || now.After(g.limit)) {
			sessions = append(sessions, s)
		}
	}
	return sessions
}

// older are the requests that were admitted by another version of what is known. They are taken for asked about.
func (o *open) older(version uint64) (calls []*call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, g := range o.sessions {
		for c := range g.calls {
			if c.visitor.Version != version {
				c.visitor.Version = version
				calls = append(calls, c)
			}
		}
	}
	return calls
}

// until notes that a session need not be looked at before.
func (o *open) until(session string, limit time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if g := o.sessions[session]; g != nil {
		g.limit = limit
	}
}

// end ends all that is open of a session.
func (o *open) end(session string, log *slog.Logger) {
	o.mu.Lock()
	g := o.sessions[session]
	delete(o.sessions, session)
	o.mu.Unlock()
	if g == nil {
		return
	}
	for c := range g.calls {
		c.end(ErrEnded)
	}
	log.Info("front.ended", "session", session, "requests", len(g.calls))
}

func (o *open) stopping() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stopped
}

// stop ends what would never end by itself, from now on.
func (o *open) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stopped = true
	for _, g := range o.sessions {
		for c := range g.calls {
			c.stop()
		}
	}
}
