package app

import (
	"context"
	"maps"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

// followEvery is how often the database is asked whether another process wrote to it. An ending made
// there holds here within this time and the time of one read.
const followEvery = 200 * time.Millisecond

// follower learns of every ending, made here or in another process. Those that are in the feed, since an access token may still live, it
// remembers until the last of these has expired: so a token is refused at once on this node without a look-up for each request.
type follower struct {
	app  *App
	pos  int64 // last ending read, by its position in the store
	told int64 // last entry of the feed read
	lost atomic.Bool

	mu    sync.RWMutex
	ended map[string]grant.Entry // by the session's handle
}

func newFollower(a *App) *follower {
	return &follower{app: a, ended: map[string]grant.Entry{}}
}

// begin finds the position from which on to follow, and learns from the feed what a living token can concern, however long tokens lived when it was
// issued.
func (f *follower) begin(ctx context.Context) (err error) {
	if f.pos, err = f.app.store.LastEnding(ctx); err != nil {
		return err
	}
	return f.readFeed(ctx)
}

// readFeed reads the feed since the last position.
func (f *follower) readFeed(ctx context.Context) error {
	const page = 1000
	for {
		es, err := f.app.feed.Living(ctx, f.app.db.View(), f.told, math.MaxInt64, page, time.Now())
		if err != nil {
			return err
		}
		f.remember(es)
		if len(es) > 0 {
			f.told = es[len(es)-1].Seq
		}
		if len(es) < page {
			return nil
		}
	}
}

// remember makes entries of the feed hold for access tokens on this node.
func (f *follower) remember(es []grant.Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range es {
		if e.Kind == grant.SessionEntry {
			f.ended[e.Session] = e
		}
	}
}

// catchUp reads the endings since the last position.
func (f *follower) catchUp(ctx context.Context) error {
	const page = 1000
	if err := f.readFeed(ctx); err != nil {
		return err
	}
	for {
		es, err := f.app.store.Endings(ctx, f.pos, page)
		if err != nil {
			return err
		}
		f.app.sessions.Observe(es...)
		f.app.tellEnding(es)
		if len(es) > 0 {
			f.pos = es[len(es)-1].Seq
		}
		if len(es) < page {
			return nil
		}
	}
}

// forget drops what no living token can concern any more.
func (f *follower) forget(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.ended, func(_ string, e grant.Entry) bool { return !now.Before(e.Until) })
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

// changed is called after another process wrote: whatever is remembered of accounts and keys may be old. The feed is told last: who
// hears of it there may ask here at once.
func (f *follower) changed(ctx context.Context) error {
	defer f.app.hub.nudge()
	if err := f.catchUp(ctx); err != nil {
		return err
	}
	f.app.accounts.Forget()
	if f.app.keys == nil {
		return nil
	}
	_, err := f.app.reloadKeys(ctx)
	return err
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
		if err := a.keysLive(ctx); err != nil {
			return err
		}
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
		return &session.EndedError{Ending: session.Ending{Handle: e.Session, Subject: e.Subject, At: e.At, Reason: e.Reason}}
	}
	return nil
}

// update runs one transaction. The sessions that it says to have ended take their refresh tokens with them and are told by the feed, in that same
// transaction: no use case can forget it. Once it is committed, the endings hold on this node before the caller can answer.
func (a *App) update(ctx context.Context, do func(tx *db.Conn) ([]session.Ending, error)) error {
	var (
		ended []session.Ending
		told  []grant.Entry
	)
	err := a.db.Update(ctx, func(tx *db.Conn) (err error) {
		if ended, err = do(tx); err != nil {
			return err
		}
		for _, e := range ended {
			if _, err := a.families.EndSession(ctx, tx, e.Handle, string(e.Reason)); err != nil {
				return err
			}
		}
		told, err = a.feed.SessionsEnded(ctx, tx, ended)
		return err
	})
	if err != nil {
		return translate(err)
	}
	a.follower.remember(told)
	a.hub.nudge()
	if len(ended) > 0 {
		a.sessions.Observe(ended...)
		a.tellEnding(ended)
	}
	return nil
}

func (a *App) sweep(ctx context.Context) {
	a.follower.forget(time.Now())
	if _, err := a.sessions.Sweep(ctx); err != nil && ctx.Err() == nil {
		a.log.Error("sweep.sessions", "error", err)
	}
	a.sweepRoom(ctx, "sweep.families", func(tx *db.Conn) (int, error) { return a.families.Sweep(ctx, tx, time.Now()) })
	a.sweepRoom(ctx, "sweep.apps", func(tx *db.Conn) (int, error) { return a.apps.Sweep(ctx, tx, time.Now()) })
	a.sweepRoom(ctx, "sweep.feed", func(tx *db.Conn) (int, error) { return a.feed.Sweep(ctx, tx, time.Now()) })
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
