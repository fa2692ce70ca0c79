package session

import (
	"encoding/binary"
	"math"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// entry is a stored session in memory. It never changes, but for what belongs to the stripe; a new version is a new
// entry. There may be very many, so it holds a Record in half the room: texts in one piece, times in
// nanoseconds, and once for all what most sessions have in common. What the store knew of Seen is left
// out: act knows better.
type entry struct {
	act     *activity // whose key is the session's
	traits  *traits
	texts   string // handle and subject
	data    []byte
	version uint64

	created, authTime, expires nanos

	handle int32 // how long it is

	// The rest belongs to the stripe and its lock.
	slot int32
	used bool
}

// activity is when a session was last used. All versions of the session share it.
type activity struct {
	key     Key
	seen    atomic.Int64  // unix nanoseconds; only grows
	queued  atomic.Bool   // waits to be written
	evicted atomic.Bool   // left the cache meanwhile: write soon
	agent   atomic.Uint64 // hash of the last User-Agent header; 0 is none yet
	next    *activity     // while it waits: the list and its lock are of touches
}

func newActivity(rec *Record) *activity {
	a := &activity{key: rec.Key}
	a.seen.Store(rec.Seen.UnixNano())
	return a
}

func (a *activity) touch(now int64) {
	for {
		seen := a.seen.Load()
		if now <= seen || a.seen.CompareAndSwap(seen, now) {
			return
		}
	}
}

// newEntry makes an entry of a record, of whose last use act knows at least what the record does.
func (m *Manager) newEntry(rec *Record, act *activity) *entry {
	return &entry{
		act: act, traits: m.commons.of(rec), texts: rec.Handle + rec.Subject, data: rec.Data, version: rec.Version,
		created: toNanos(rec.Created), authTime: toNanos(rec.AuthTime), expires: toNanos(rec.Expires),
		handle: int32(len(rec.Handle)),
	}
}

// next is the version that follows when new data was stored.
func (e *entry) next(data []byte) *entry {
	return &entry{
		act: e.act, traits: e.traits, texts: e.texts, data: data, version: e.version + 1,
		created: e.created, authTime: e.authTime, expires: e.expires, handle: e.handle,
	}
}

func (e *entry) key() *Key           { return &e.act.key }
func (e *entry) handleText() string  { return e.texts[:e.handle] }
func (e *entry) subjectText() string { return e.texts[e.handle:] }

// record returns the record with the true last-seen time.
func (e *entry) record() Record {
	t := e.traits
	return Record{
		Key: e.act.key, Handle: e.handleText(), Subject: e.subjectText(), Version: e.version,
		Created: e.created.time(), AuthTime: e.authTime.time(), Seen: time.Unix(0, e.act.seen.Load()).UTC(), Idle: t.idle, Expires: e.expires.time(),
		Remember: t.remember, Kind: t.kind, AMR: t.amr, Device: t.device, Data: e.data,
	}
}

// overhead is what an entry costs beside its texts: itself, its activity, its traits (as if it had them for itself), its slot in the
// ring and its place in the map (at the average load of Go's maps).
const overhead = int(unsafe.Sizeof(entry{})+unsafe.Sizeof(activity{})+unsafe.Sizeof(traits{})) + 8 + 28

func (e *entry) size() int {
	n := overhead + len(e.texts) + len(e.traits.device) + len(e.data)
	for _, m := range e.traits.amr {
		n += int(unsafe.Sizeof(m)) + len(m)
	}
	return n
}

// nanos is a time in a third of the room of time.Time: unix nanoseconds. A zero time stays one.
type nanos int64

const zeroTime nanos = math.MinInt64

func toNanos(t time.Time) nanos {
	if t.IsZero() {
		return zeroTime
	}
	return nanos(t.UnixNano())
}

func (n nanos) time() time.Time {
	if n == zeroTime {
		return time.Time{}
	}
	return time.Unix(0, int64(n)).UTC()
}

// traits are what many sessions have in common. They are shared, and never change.
type traits struct {
	amr      []string
	device   string
	idle     time.Duration
	remember bool
	kind     Kind
}

// commons keeps traits, so that the sessions of ten thousand people with the same browser hold them once.
type commons struct {
	mu    sync.Mutex
	known map[traitsKey]*traits
}

type traitsKey struct {
	amr, device string
	idle        time.Duration
	remember    bool
	kind        Kind
}

// maxCommons bounds what is kept of devices that nobody uses any more. When it is full it begins anew.
const maxCommons = 1024

func (c *commons) of(rec *Record) *traits {
	var amr []byte
	for _, method := range rec.AMR {
		amr = append(binary.AppendUvarint(amr, uint64(len(method))), method...)
	}
	key := traitsKey{string(amr), rec.Device, rec.Idle, rec.Remember, rec.Kind}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.known[key]
	if t == nil {
		t = &traits{amr: rec.AMR[:len(rec.AMR):len(rec.AMR)], device: rec.Device, idle: rec.Idle, remember: rec.Remember, kind: rec.Kind}
		if c.known == nil || len(c.known) >= maxCommons {
			c.known = make(map[traitsKey]*traits)
		}
		c.known[key] = t
	}
	return t
}
