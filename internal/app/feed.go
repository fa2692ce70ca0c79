package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/jwt"
)

const (
	// feedEvery is how often the position is read from the database while somebody follows: what other processes do is told after this time.
	feedEvery = 200 * time.Millisecond
	// feedClients is how often it is looked whether those who follow are still registered.
	feedClients = 500 * time.Millisecond
	// feedSure is how long that position may be claimed to be the newest. After it streams end: no heartbeat says what is not known.
	feedSure = time.Second
	// feedBehind is how far back a reader can go on. Who is further behind gets a snapshot, which costs less. So many messages are kept.
	feedBehind = 1024
	// feedPart is how many entries a part of a snapshot has, at most.
	feedPart = 1000
	// feedBeat is when heartbeats are sent: every reader's at the same moments, so that one signature serves them all.
	feedBeat = 5 * time.Second

	// MaxFeedReaders is how many streams and waiting polls there may be in all, MaxFeedReadersEach how many of one client.
	MaxFeedReaders, MaxFeedReadersEach = 256, 64
)

// hub hands the feed to its readers. Each message is signed once, and kept while a reader may still ask for it; a reader is a position, however slow it
// is. While nobody reads, nothing runs and nothing is kept.
type hub struct {
	app *App
	scribe

	mu        sync.Mutex
	head      int64         // the last number, as the database had it
	confirmed time.Time     // when the database said so
	lost      error         // the database did not say so for too long
	moved     chan struct{} // closed when head, lost or the state of a reader changes
	readers   map[*FeedReader]struct{}
	stopping  bool
	halt      func()        // ends the pulse; nil while nobody reads
	poke      chan struct{} // has the pulse look at once
	polls     map[grant.Client]*polled

	signing sync.Mutex    // held longer: one signs, the others find it done
	key     *jwt.Key      // that signed what is kept
	kept    []FeedMessage // the newest, each at its number modulo feedBehind; nil if there are none
	beat    FeedMessage
	beatAt  time.Time // when the position in it was confirmed
}

func newHub(a *App) *hub {
	return &hub{
		app: a, scribe: scribe{a.Issuer()}, moved: make(chan struct{}), poke: make(chan struct{}, 1),
		readers: map[*FeedReader]struct{}{}, polls: map[grant.Client]*polled{},
	}
}

var errFeedStopping = &Error{Reason: guard.Busy, Detail: "The server is stopping.", RetryAfter: time.Second}

// join takes a reader in, if there is room, after reading the position from the database.
func (h *hub) join(ctx context.Context, r *FeedReader) error {
	if err := h.confirm(ctx); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	own := 0
	for other := range h.readers {
		if other.client == r.client {
			own++
		}
	}
	switch {
	case h.stopping:
		return errFeedStopping
	case len(h.readers) >= MaxFeedReaders:
		return &Error{Reason: guard.Busy, Detail: "As many programs follow the feed as it takes.", RetryAfter: feedRetry}
	case own >= MaxFeedReadersEach:
		return &Error{Reason: guard.Busy, Detail: "This client follows the feed as often as one client may.", RetryAfter: feedRetry}
	}
	h.readers[r] = struct{}{}
	if h.halt == nil {
		h.halt = h.start()
	}
	return nil
}

const feedRetry = 5 * time.Second

// leave lets a reader go. With the last one the pulse ends and what was kept is forgotten.
func (h *hub) leave(r *FeedReader) {
	h.mu.Lock()
	delete(h.readers, r)
	halt := h.halt
	if len(h.readers) > 0 || halt == nil {
		h.mu.Unlock()
		return
	}
	h.halt = nil
	h.mu.Unlock()
	halt()

	h.signing.Lock()
	defer h.signing.Unlock()
	h.forgetKept(nil)
}

// stop ends all streams and polls, and lets nobody in any more.
func (h *hub) stop() {
	h.mu.Lock()
	h.stopping = true
	for r := range h.readers {
		r.end()
	}
	h.broadcast()
	halt := h.halt
	h.halt = nil
	h.mu.Unlock()
	if halt != nil {
		halt()
	}
}

// end interrupts a reader that is busy; mu is held.
func (r *FeedReader) end() {
	if r.cut != nil {
		r.cut()
	}
}

// broadcast wakes all readers; mu is held.
func (h *hub) broadcast() {
	close(h.moved)
	h.moved = make(chan struct{})
}

// nudge is called after each change that this process has committed.
func (h *hub) nudge() {
	select {
	case h.poke <- struct{}{}:
	default:
	}
}

// start begins the pulse: the position is read each feedEvery, and whether the clients are still registered each feedClients.
func (h *hub) start() (halt func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick, clients := time.NewTicker(feedEvery), time.NewTicker(feedClients)
		defer tick.Stop()
		defer clients.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-clients.C:
				h.dropRemoved(ctx)
			case <-h.poke:
				h.pulse(ctx)
			case <-tick.C:
				h.pulse(ctx)
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (h *hub) pulse(ctx context.Context) {
	err := h.confirm(ctx)
	if err == nil || ctx.Err() != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lost == nil && time.Since(h.confirmed) >= feedSure {
		h.lost = err
		h.broadcast()
		h.app.log.Error("feed.lost", "error", err)
	}
}

// confirm reads the position from the database: from the very file that is at its path.
func (h *hub) confirm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, feedSure)
	defer cancel()
	at := time.Now()
	err := h.app.db.Ping(ctx)
	var head int64
	if err == nil {
		head, err = h.app.feed.Head(ctx, h.app.db.View())
	}
	if err == nil && h.behind(head) {
		// Another process may have retired a key: whoever is told so must not be given a token of it by this one afterwards, nor the old key set.
		_, err = h.app.reloadKeys(ctx)
	}
	if err != nil {
		return &Error{Reason: guard.StoreUnavailable, Err: err}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if at.After(h.confirmed) {
		h.confirmed = at
	}
	if head > h.head || h.lost != nil {
		h.head, h.lost = max(h.head, head), nil
		h.broadcast()
	}
	return nil
}

func (h *hub) behind(head int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.head < head
}

// state is what a reader must know before it waits.
func (h *hub) state(r *FeedReader) (head int64, moved <-chan struct{}, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.stopping:
		return 0, nil, errFeedStopping
	case r.removed:
		return 0, nil, errClientRemoved
	case h.lost != nil:
		return 0, nil, h.lost
	}
	return h.head, h.moved, nil
}

// count is how many readers there are.
func (h *hub) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.readers)
}

// dropRemoved ends the readers of clients that are not registered any more; a new one of the same name is another.
func (h *hub) dropRemoved(ctx context.Context) {
	h.mu.Lock()
	clients := map[grant.Client]bool{}
	for r := range h.readers {
		clients[r.client] = true
	}
	h.mu.Unlock()
	for client := range clients {
		now, err := h.app.clients.Find(ctx, h.app.db.View(), client.ID)
		if now == client || err != nil && !errors.Is(err, grant.ErrNoClient) {
			continue // that nothing can be read is for the pulse to say
		}
		h.mu.Lock()
		for r := range h.readers {
			if r.client == client {
				r.removed = true
				r.end()
			}
		}
		delete(h.polls, client)
		h.broadcast()
		h.mu.Unlock()
	}
}

var errClientRemoved = &Error{Reason: guard.InvalidClient, Detail: "The client was removed."}

// EndFeeds ends all streams and waiting polls, so that a server that stops does not wait for them.
func (a *App) EndFeeds() { a.hub.stop() }
