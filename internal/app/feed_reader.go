package app

import (
	"context"
	"time"

	"github.com/cloakroom/cloakroom/internal/grant"
)

// FeedReader reads the feed from a position on. It belongs to one goroutine.
type FeedReader struct {
	hub     *hub
	client  grant.Client
	removed bool   // under hub.mu
	cut     func() // called once the reader must end although it may be busy; may be nil

	pos   int64         // read up to here
	ready []FeedMessage // what comes next, if it was fetched already
	fresh bool          // a snapshot comes first
	snap  *snapshotCursor
	beat  time.Time // when the next heartbeat is due
}

// snapshotCursor is how far a snapshot was read.
type snapshotCursor struct {
	seq   int64 // its position
	after int64 // the next part begins behind this entry
	parts int
}

// FollowFeed opens a stream for a client that has proved who it is. It begins behind the number after, or with a snapshot: if fresh is set, if something
// that happened since is not there any more, or if after is ahead of the feed. Close it. How many there may be is limited: see [MaxFeedReaders].
//
// cut is called, and must not wait, when the stream has to end at once: whoever is busy with sending a message hears of it so.
func (a *App) FollowFeed(ctx context.Context, client grant.Client, after int64, fresh bool, cut func()) (*FeedReader, error) {
	r := &FeedReader{hub: a.hub, client: client, cut: cut, pos: after, fresh: fresh, beat: time.Now()}
	if err := a.hub.join(ctx, r); err != nil {
		return nil, err
	}
	return r, nil
}

// Close lets the reader go.
func (r *FeedReader) Close() { r.hub.leave(r) }

// Ended tells that Next would return an error now, other than that of its context.
func (r *FeedReader) Ended() bool {
	_, _, err := r.hub.state(r)
	return err != nil
}

// Next returns what comes next, and waits for it: a part of a snapshot, what happened, or a heartbeat, which comes every five seconds. After an error the
// stream has ended.
func (r *FeedReader) Next(ctx context.Context) (FeedMessage, error) {
	for {
		head, moved, err := r.hub.state(r)
		if err != nil {
			return FeedMessage{}, err
		}
		switch {
		case len(r.ready) > 0:
			m := r.ready[0]
			r.ready, r.pos = r.ready[1:], m.Seq
			return m, nil
		case r.snap != nil:
			return r.nextPart(ctx)
		case r.fresh || r.pos > head:
			r.snap = &snapshotCursor{seq: head}
			return r.nextPart(ctx)
		case r.pos < head:
			ms, whole, err := r.hub.since(ctx, r.pos, head)
			if err != nil {
				return FeedMessage{}, err
			}
			r.ready, r.fresh = ms, !whole
			continue
		}
		if !time.Now().Before(r.beat) {
			m, err := r.hub.heartbeat(ctx)
			if err == nil && m.Seq != r.pos {
				continue // something happened, which comes first
			}
			r.beat = time.Now().Truncate(feedBeat).Add(feedBeat)
			return m, err
		}
		if err := r.wait(ctx, moved); err != nil {
			return FeedMessage{}, err
		}
	}
}

func (r *FeedReader) nextPart(ctx context.Context) (FeedMessage, error) {
	s := r.snap
	s.parts++
	m, next, err := r.hub.part(ctx, s.seq, s.after, s.parts)
	if s.after = next; err == nil && m.Resume {
		r.pos, r.fresh, r.snap = s.seq, false, nil
	}
	return m, err
}

// wait returns when something moved or a heartbeat is due.
func (r *FeedReader) wait(ctx context.Context, moved <-chan struct{}) error {
	due := time.NewTimer(time.Until(r.beat))
	defer due.Stop()
	select {
	case <-moved:
	case <-due.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
