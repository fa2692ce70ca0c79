package session

import (
	"context"
	"sync"
	"time"
)

// touches collects last-seen times and writes them in batches. Between two batches
// there is only a timer, and that only while something waits: no goroutine of its own,
// nothing to start.
type touches struct {
	write func(context.Context, []Touch) error
	every time.Duration

	mu      sync.Mutex
	waiting table[*activity]
	timer   *time.Timer
	due     time.Time // when the timer fires; zero if it is not set
	full    time.Time // when the next whole batch is due; zero if nothing waits for it
	closed  bool

	writing sync.Mutex // one batch at a time
}

// batchSize bounds one write, so that a store is not held up for long.
const batchSize = 500

// touch notes that the session was used. Only the first time since the last batch takes a lock.
func (t *touches) touch(a *activity, now int64) {
	a.touch(now)
	if !a.set(queued) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	w := t.waiting.get(a.key())
	if w != nil && w != a {
		// Two requests read the session from the store at once. One of
		// their activities waits already; it shall know of both.
		w.touch(now)
		a.clear(queued)
		return
	}
	if w == nil {
		t.waiting.add(a)
	}
	t.next()
}

// of returns the activity that waits to be written for the key, or nil.
func (t *touches) of(key Key) *activity {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting.get(&key)
}

// drop forgets the activity of a session that ended.
func (t *touches) drop(key Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a := t.waiting.remove(&key); a != nil {
		a.clear(queued)
	}
}

// soon has the activity of an evicted entry written now, so that what
// waits does not grow where the cache is bounded.
func (t *touches) soon(a *activity) {
	if !a.is(queued) {
		return
	}
	a.set(evicted)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.arm(0)
}

// arm sees to it that the timer fires within d. The caller holds mu.
func (t *touches) arm(d time.Duration) {
	if t.closed {
		return
	}
	due := time.Now().Add(d)
	if !t.due.IsZero() && !due.Before(t.due) {
		return
	}
	t.due = due
	if t.timer == nil {
		t.timer = time.AfterFunc(d, t.tick)
	} else {
		t.timer.Reset(d)
	}
}

// tick is called by the timer, in a goroutine that ends with it. An error is
// reported by write; what could not be written waits for the next tick.
func (t *touches) tick() {
	t.mu.Lock()
	t.due = time.Time{}
	all := !t.full.IsZero() && !time.Now().Before(t.full)
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	_ = t.flush(ctx, all, true)
}

// writeTimeout bounds a write that no request waits for.
const writeTimeout = 10 * time.Second

// flush writes what waits: all of it, or only what left the cache. A tick that close has
// overtaken writes nothing more.
func (t *touches) flush(ctx context.Context, all, tick bool) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	t.mu.Lock()
	if tick && t.closed {
		t.mu.Unlock()
		return nil
	}
	list := make([]*activity, 0, t.waiting.n)
	for _, a := range t.waiting.slots {
		if a != nil && (all || a.is(evicted)) {
			list = append(list, a)
		}
	}
	if all {
		t.full = time.Time{}
	}
	t.mu.Unlock()

	var err error
	for len(list) > 0 && err == nil {
		n := min(len(list), batchSize)
		err = t.flushBatch(ctx, list[:n])
		list = list[n:]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting.n > 0 {
		t.next()
	}
	return err
}

// next sees to the next whole batch. The caller holds mu.
func (t *touches) next() {
	now := time.Now()
	if t.full.IsZero() {
		t.full = now.Add(t.every)
	}
	t.arm(t.full.Sub(now))
}

func (t *touches) flushBatch(ctx context.Context, list []*activity) error {
	batch := make([]Touch, len(list))
	for i, a := range list {
		batch[i] = Touch{a.session, time.Unix(0, a.seen.Load()).UTC()}
	}
	if err := t.write(ctx, batch); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, a := range list {
		// First open the queue, then look: whoever touches in between
		// either finds it open, or is seen here and goes on waiting.
		a.clear(queued)
		if a.seen.Load() == batch[i].Seen.UnixNano() && t.waiting.get(a.key()) == a {
			t.waiting.remove(a.key())
			a.clear(evicted)
		}
	}
	if t.waiting.n == 0 {
		t.waiting = table[*activity]{} // which may have been of all that are alive
	}
	return nil
}

// close stops the timer and writes what waits.
func (t *touches) close(ctx context.Context) error {
	t.mu.Lock()
	t.closed = true
	if t.timer != nil {
		t.timer.Stop()
	}
	t.mu.Unlock()
	return t.flush(ctx, true, false)
}
