package app

import (
	"context"
	"maps"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/grant"
)

const (
	// feedPollWait is how long a poll waits for something to happen.
	feedPollWait = 30 * time.Second
	// MaxFeedPoll is how many messages a poll gets at most, and DefaultFeedPoll how many if it does not say.
	MaxFeedPoll, DefaultFeedPoll = 1000, 100
	// feedAhead bounds the acknowledgements that are remembered out of order: what is acknowledged beyond comes again.
	feedAhead = 10_000
	// feedPollers bounds the clients whose acknowledgements are remembered.
	feedPollers = 1024
)

// FeedPoll is what a client asks for (RFC 8936 section 2.2).
type FeedPoll struct {
	Max   int      // up to MaxFeedPoll; 0 only acknowledges
	Wait  bool     // until something happens, for 30 seconds at most
	Acked []string // the jti of what need not come again
}

// polled is what a client has acknowledged. It lives in memory: after a restart everything that is of use comes once more.
type polled struct {
	from  int64              // everything up to here,
	ahead map[int64]struct{} // and these
}

// PollFeed acknowledges, and returns what was not acknowledged yet, oldest first; more says that there is more.
func (a *App) PollFeed(ctx context.Context, client grant.Client, p FeedPoll) (ms []FeedMessage, more bool, err error) {
	r := &FeedReader{hub: a.hub, client: client}
	if err := a.hub.join(ctx, r); err != nil {
		return nil, false, err
	}
	defer r.Close()
	a.hub.acknowledge(client, p.Acked)
	wait, cancel := context.WithTimeout(ctx, feedPollWait)
	defer cancel()
	for {
		head, moved, err := a.hub.state(r)
		if err == errFeedStopping {
			return nil, false, nil
		}
		if err != nil || p.Max == 0 {
			return nil, false, err
		}
		if ms, more, err = a.hub.waiting(ctx, client, head, p.Max); err != nil || len(ms) > 0 || !p.Wait {
			return ms, more, err
		}
		select {
		case <-moved:
		case <-wait.Done():
			return nil, false, ctx.Err()
		}
	}
}

// acknowledge remembers what need not come again. What is no number of the feed is passed over: it came from nowhere.
func (h *hub) acknowledge(client grant.Client, ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.polled(client)
	for _, id := range ids {
		seq, ok := ParseSetID(id)
		if ok && seq > p.from && seq <= h.head && len(p.ahead) < feedAhead {
			p.ahead[seq] = struct{}{}
		}
	}
}

// polled is what a client has acknowledged; mu is held.
func (h *hub) polled(client grant.Client) *polled {
	p := h.polls[client]
	if p == nil {
		if len(h.polls) >= feedPollers {
			clear(h.polls)
		}
		p = &polled{ahead: map[int64]struct{}{}}
		h.polls[client] = p
	}
	return p
}

// waiting returns up to limit messages of living entries that the client has not acknowledged, and moves up to the first of them what counts as
// acknowledged.
func (h *hub) waiting(ctx context.Context, client grant.Client, head int64, limit int) (ms []FeedMessage, more bool, err error) {
	h.mu.Lock()
	after := h.polled(client).from
	h.mu.Unlock()
	for {
		es, err := h.app.feed.Living(ctx, h.app.db.View(), after, head, feedPart, time.Now())
		if err != nil {
			return nil, false, &Error{Reason: guard.StoreUnavailable, Err: err}
		}
		upTo, last := head, len(es) < feedPart
		if !last {
			upTo = es[feedPart-1].Seq
		}
		after = upTo
		open := h.open(client, es)
		if len(open) > 0 {
			upTo = open[0].Seq - 1
		}
		if len(ms) == 0 {
			h.settle(client, upTo)
		}
		for _, e := range open {
			if len(ms) == limit {
				return ms, true, nil
			}
			m, err := h.signed(e)
			if err != nil {
				return nil, false, err
			}
			ms = append(ms, m)
		}
		if last {
			return ms, false, nil
		}
	}
}

// open leaves out what the client has acknowledged.
func (h *hub) open(client grant.Client, es []grant.Entry) (open []grant.Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.polled(client)
	for _, e := range es {
		if _, acked := p.ahead[e.Seq]; !acked && e.Seq > p.from {
			open = append(open, e)
		}
	}
	return open
}

// settle notes that nothing up to a number need come again.
func (h *hub) settle(client grant.Client, upTo int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.polled(client); upTo > p.from {
		p.from = upTo
		maps.DeleteFunc(p.ahead, func(seq int64, _ struct{}) bool { return seq <= upTo })
	}
}
