package app

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
)

// followEvery is how often the database is asked whether another process wrote to it. An ending made
// there holds here within this time and the time of one read.
const followEvery = 200 * time.Millisecond

// follower learns of every ending, made here or in another process, and remembers the handles of the
// sessions that ended for as long as an access token of theirs could still be alive. So a token is
// refused at once on this node without a look-up for each request.
type follower struct {
	app  *App
	pos  int64 // last ending read, by its position in the store
	lost atomic.Bool

	mu    sync.RWMutex
	ended map[string]session.Ending
}

func newFollower(a *App) *follower {
	return &follower{app: a, ended: map[string]session.Ending{}}
}

// begin learns the past: the endings that a living token can concern, and the position from which on to follow.
func (f *follower) begin(ctx context.Context) (err error) {
	if f.pos, err = f.app.store.LastEnding(ctx); err != nil {
		return err
	}
	es, err := f.app.store.EndingsSince(ctx, f.horizon(time.Now()))
	f.observe(es...)
	return err
}

// horizon is the time before which no ending concerns a living token any more.
func (f *follower) horizon(now time.Time) time.Time {
	return now.Add(-f.app.Config.TokenLifetime - time.Minute)
}

// catchUp reads the endings since the last position.
func (f *follower) catchUp(ctx context.Context) error {
	const page = 1000
	for {
		es, err := f.app.store.Endings(ctx, f.pos, page)
		if err != nil {
			return err
		}
		f.observe(es...)
		if len(es) > 0 {
			f.pos = es[len(es)-1].Seq
		}
		if len(es) < page {
			return nil
		}
	}
}

// observe makes endings hold on this node. It must have returned before the ending is answered.
func (f *follower) observe(es ...session.Ending) {
	if len(es) == 0 {
		return
	}
	f.mu.Lock()
	for _, e := range es {
		f.ended[e.Handle] = e
	}
	f.mu.Unlock()
	f.app.sessions.Observe(es...)
}

// forget drops the endings that no living token can concern any more.
func (f *follower) forget(now time.Time) {
	limit := f.horizon(now)
	f.mu.Lock()
	defer f.mu.Unlock()
	for h, e := range f.ended {
		if e.At.Before(limit) {
			delete(f.ended, h)
		}
	}
}

func (f *follower) start(ctx context.Context) {
	changed := func() {
		if err := f.changed(ctx); err != nil {
			f.loseSight(err)
			return
		}
		if f.lost.Swap(false) {
			f.app.log.Info("watch.recovered")
		}
		f.app.sessions.SetStale(false)
	}
	go f.app.db.Watch(ctx, followEvery, changed, f.loseSight)
}

// changed is called after another process wrote: whatever is remembered of accounts and keys may be old.
func (f *follower) changed(ctx context.Context) error {
	if err := f.catchUp(ctx); err != nil {
		return err
	}
	f.app.accounts.Forget()
	if f.app.keys == nil {
		return nil
	}
	return f.app.keys.Reload(ctx, f.app.db.View())
}

// loseSight makes every read go to the store until the watch is back: slower, and never wrong.
func (f *follower) loseSight(err error) {
	f.app.sessions.SetStale(true)
	f.app.accounts.Forget()
	if !f.lost.Swap(true) {
		f.app.log.Error("watch.lost", "error", err)
	}
}

// tokenLive is nil while the session of an access token lives.
func (a *App) tokenLive(ctx context.Context, p *guard.Principal) error {
	f := a.follower
	if f.lost.Load() {
		_, ending, err := a.store.Find(ctx, p.Session)
		if err == nil && ending != nil {
			err = &session.EndedError{Ending: *ending}
		}
		return err
	}
	f.mu.RLock()
	e, ended := f.ended[p.Session]
	f.mu.RUnlock()
	if ended {
		return &session.EndedError{Ending: e}
	}
	return nil
}

// update runs one transaction and, once it is committed, makes the endings that it caused hold on this
// node before the caller can answer.
func (a *App) update(ctx context.Context, do func(tx *db.Conn) ([]session.Ending, error)) error {
	var ended []session.Ending
	err := a.db.Update(ctx, func(tx *db.Conn) (err error) {
		ended, err = do(tx)
		return err
	})
	if err != nil {
		return translate(err)
	}
	a.follower.observe(ended...)
	return nil
}

func (a *App) sweep(ctx context.Context) {
	a.follower.forget(time.Now())
	if _, err := a.sessions.Sweep(ctx); err != nil && ctx.Err() == nil {
		a.log.Error("sweep.sessions", "error", err)
	}
	a.sweepRoom(ctx, "sweep.families", func(tx *db.Conn) (int, error) { return a.families.Sweep(ctx, tx, time.Now()) })
	a.sweepRoom(ctx, "sweep.accounts", func(tx *db.Conn) (int, error) { return a.accounts.Sweep(ctx, tx) })
}

// sweepRoom calls a sweep, each time in a transaction of its own, until nothing is left or a minute's share is done: what a room
// does at a time is bounded, so that nobody waits long for the one writer.
func (a *App) sweepRoom(ctx context.Context, name string, sweep func(tx *db.Conn) (int, error)) {
	const share = 100
	for range share {
		var n int
		err := a.db.Update(ctx, func(tx *db.Conn) (err error) {
			n, err = sweep(tx)
			return err
		})
		if err != nil && ctx.Err() == nil {
			a.log.Error(name, "error", err)
		}
		if err != nil || n == 0 {
			return
		}
	}
}
