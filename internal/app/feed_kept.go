package app

import (
	"context"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/jwt"
)

// since returns messages from behind a position up to head, a bounded number of them. It is not whole if something between is not there any more.
func (h *hub) since(ctx context.Context, after, head int64) (ms []FeedMessage, whole bool, err error) {
	const batch = 64
	if head-after > feedBehind {
		return nil, false, nil
	}
	head = min(head, after+batch)
	ctx, cancel := context.WithTimeout(ctx, feedSure) // the others wait
	defer cancel()
	h.signing.Lock()
	defer h.signing.Unlock()
	key := h.signer()
	for seq := after + 1; seq <= head; seq++ {
		m, ok := h.find(seq)
		if !ok {
			break
		}
		ms = append(ms, m)
	}
	after += int64(len(ms))
	if after == head {
		return ms, true, nil
	}
	es, err := h.app.feed.Entries(ctx, h.app.db.View(), after, head, batch)
	if err != nil {
		return nil, false, &Error{Reason: guard.StoreUnavailable, Err: err}
	}
	for _, e := range es {
		if after++; e.Seq != after {
			return nil, false, nil
		}
		m, err := h.keep(key, e)
		if err != nil {
			return nil, false, err
		}
		ms = append(ms, m)
	}
	return ms, after == head, nil
}

// signed returns the message of an entry that was read from the feed.
func (h *hub) signed(e grant.Entry) (FeedMessage, error) {
	h.signing.Lock()
	defer h.signing.Unlock()
	key := h.signer()
	if m, ok := h.find(e.Seq); ok {
		return m, nil
	}
	return h.keep(key, e)
}

// keep signs an entry, and keeps the message if it is among the newest; signing is held.
func (h *hub) keep(key *jwt.Key, e grant.Entry) (FeedMessage, error) {
	m, err := h.entry(key, e, time.Now())
	if err != nil {
		return m, err
	}
	if h.kept == nil {
		h.kept = make([]FeedMessage, feedBehind)
	}
	if place := &h.kept[e.Seq%feedBehind]; e.Seq > place.Seq {
		*place = m
	}
	return m, nil
}

// find returns a message that is kept; signing is held.
func (h *hub) find(seq int64) (FeedMessage, bool) {
	if h.kept == nil || h.kept[seq%feedBehind].Seq != seq {
		return FeedMessage{}, false
	}
	return h.kept[seq%feedBehind], true
}

// signer is the feed key. What an earlier one signed is forgotten; signing is held.
func (h *hub) signer() *jwt.Key {
	key := h.app.keys.FeedSigner()
	if key != h.key {
		h.forgetKept(key)
	}
	return key
}

func (h *hub) forgetKept(key *jwt.Key) {
	h.key, h.kept, h.beat = key, nil, FeedMessage{}
}

// heartbeat is signed once for all readers that ask for it within a moment. What it says was so when the database was asked.
func (h *hub) heartbeat(ctx context.Context) (FeedMessage, error) {
	h.signing.Lock()
	defer h.signing.Unlock()
	key := h.signer()
	h.mu.Lock()
	head, confirmed := h.head, h.confirmed
	h.mu.Unlock()
	if time.Since(confirmed) >= feedSure {
		if err := h.confirm(ctx); err != nil {
			return FeedMessage{}, err
		}
		h.mu.Lock()
		head, confirmed = h.head, h.confirmed
		h.mu.Unlock()
	}
	if h.beat.Set != "" && h.beat.Seq == head && confirmed.Sub(h.beatAt) < feedSure {
		return h.beat, nil
	}
	m, err := h.scribe.heartbeat(key, head, confirmed)
	if err == nil {
		h.beat, h.beatAt = m, confirmed
	}
	return m, err
}

// part is a part of the snapshot at a position: the living entries behind after. It also says behind which entry the next part begins.
func (h *hub) part(ctx context.Context, seq, after int64, n int) (m FeedMessage, next int64, err error) {
	es, err := h.app.feed.Living(ctx, h.app.db.View(), after, seq, feedPart+1, time.Now())
	if err != nil {
		return m, 0, &Error{Reason: guard.StoreUnavailable, Err: err}
	}
	last := len(es) <= feedPart
	if !last {
		es = es[:feedPart]
		next = es[feedPart-1].Seq
	}
	m, err = h.snapshot(h.app.keys.FeedSigner(), seq, n, last, es, time.Now())
	return m, next, err
}
