package session

import (
	"encoding/binary"
	"math"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// entry is a stored session in memory. It never changes; a new version is a new entry. There may be very many, so it holds a
// Record in a third of the room, and leaves the garbage collector little to look at: what is asked for at each request is here, once for
// all what most sessions have in common, and the rest in one text. What the store knew of Seen is left out: act knows better.
type entry struct {
	act     *activity // whose key is the session's
	traits  *traits
	data    *[]byte // nil: none
	text    string  // see pack
	expires nanos
}

// activity is when a session was last used. All versions of the session share it.
type activity struct {
	session Key
	seen    atomic.Int64  // unix nanoseconds; only grows
	agent   atomic.Uint32 // hash of the last User-Agent header; 0 is none yet
	state   atomic.Uint32
}

// The bits of activity.state.
const (
	queued  uint32 = 1 << iota // waits to be written
	evicted                    // left the cache meanwhile: write soon
	used                       // since the hand of the cache came by; under the lock of the stripe
)

func (a *activity) key() *Key          { return &a.session }
func (a *activity) is(bit uint32) bool { return a.state.Load()&bit != 0 }
func (a *activity) clear(bit uint32)   { a.state.And(^bit) }

// set tells whether the bit was clear before. Where it is set already, as for most requests, it only reads.
func (a *activity) set(bit uint32) bool { return !a.is(bit) && a.state.Or(bit)&bit == 0 }

func newActivity(rec *Record) *activity {
	a := &activity{session: rec.Key}
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
	e := &entry{act: act, traits: m.commons.of(rec), expires: toNanos(rec.Expires)}
	return e.pack(rec.Version, toNanos(rec.Created), toNanos(rec.AuthTime), rec.Handle, rec.Subject, rec.Data)
}

// next is the version that follows when new data was stored.
func (e *entry) next(data []byte) *entry {
	u, n := e.unpack(), &entry{act: e.act, traits: e.traits, expires: e.expires}
	return n.pack(u.version+1, u.created, u.authTime, u.handle, u.subject, data)
}

// How a text says when the person last proved who they are.
const (
	authNever = iota
	authAtCreation
	authLater // followed by the time
)

// pack sets text and data:
//
//	text = version created auth length-of-handle handle subject
//
// where version and the length are unsigned LEB128, times are 8 bytes, little end first, and auth is a byte, and a time if it is authLater.
func (e *entry) pack(version uint64, created, auth nanos, handle, subject string, data []byte) *entry {
	var room [128]byte
	b := binary.AppendUvarint(room[:0], version)
	b = binary.LittleEndian.AppendUint64(b, uint64(created))
	switch auth {
	case zeroTime:
		b = append(b, authNever)
	case created:
		b = append(b, authAtCreation)
	default:
		b = append(b, authLater)
		b = binary.LittleEndian.AppendUint64(b, uint64(auth))
	}
	b = binary.AppendUvarint(b, uint64(len(handle)))
	b = append(b, handle...)
	b = append(b, subject...)
	e.text = string(b)
	if data != nil {
		kept := data // and not the argument, which would then be on the heap each time
		e.data = &kept
	}
	return e
}

type unpacked struct {
	version           uint64
	created, authTime nanos
	handle, subject   string // parts of the text
}

func (e *entry) unpack() (u unpacked) {
	text := e.text
	u.version, text = cutUvarint(text)
	u.created, text = cutNanos(text)
	auth := text[0]
	switch text = text[1:]; auth {
	case authNever:
		u.authTime = zeroTime
	case authAtCreation:
		u.authTime = u.created
	default:
		u.authTime, text = cutNanos(text)
	}
	n, text := cutUvarint(text)
	u.handle, u.subject = text[:n], text[n:]
	return u
}

func cutUvarint(text string) (n uint64, rest string) {
	for i := 0; ; i++ {
		n |= uint64(text[i]&0x7f) << (7 * i)
		if text[i] < 0x80 {
			return n, text[i+1:]
		}
	}
}

func cutNanos(text string) (t nanos, rest string) {
	_ = text[7]
	for i := range 8 {
		t |= nanos(text[i]) << (8 * i)
	}
	return t, text[8:]
}

func (e *entry) key() *Key { return &e.act.session }

func (e *entry) version() uint64 {
	v, _ := cutUvarint(e.text)
	return v
}

func (e *entry) content() []byte {
	if e.data == nil {
		return nil
	}
	return *e.data
}

// record returns the record with the true last-seen time.
func (e *entry) record() Record {
	t, u := e.traits, e.unpack()
	return Record{
		Key: e.act.session, Handle: u.handle, Subject: u.subject, Version: u.version,
		Created: u.created.time(), AuthTime: u.authTime.time(), Seen: time.Unix(0, e.act.seen.Load()).UTC(), Idle: t.idle, Expires: e.expires.time(),
		Remember: t.remember, Kind: t.kind, AMR: t.amr, Device: t.device, Data: e.content(),
	}
}

// overhead is what an entry costs beside its texts: itself, its activity, its traits (as if it had them for itself), and the places in the table of
// its stripe and in that of the last-seen times that wait.
const overhead = int(unsafe.Sizeof(entry{})+unsafe.Sizeof(activity{})+unsafe.Sizeof(traits{})) + 2*slotBytes

func (e *entry) size() int {
	n := overhead + allocated(len(e.text)) + len(e.traits.device)
	if e.data != nil {
		n += int(unsafe.Sizeof(*e.data)) + allocated(len(*e.data))
	}
	for _, m := range e.traits.amr {
		n += int(unsafe.Sizeof(m)) + len(m)
	}
	return n
}

// allocated is what so many bytes take: Go rounds up, to multiples of 16 where they are few.
func allocated(n int) int { return (n + 15) &^ 15 }

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
