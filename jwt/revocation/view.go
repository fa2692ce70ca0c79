package revocation

import (
	"sync/atomic"
	"time"
)

// mostSkew is how far the clock of the issuer may be from ours before its messages prove nothing: as much as the most leeway of a verifier.
const mostSkew = 60 * time.Second

// view is how new what is known is: it was whole when the message that renewed it was received. It is renewed by the goroutine that reads the feed.
type view struct {
	asOf   atomic.Pointer[time.Time] // nil: never
	lapsed atomic.Pointer[time.Time] // the one that was seen to be too old
	issued time.Time                 // of the message that renewed it

	part  time.Time    // when the snapshot that is being read began to come
	first time.Time    // and when its first part was signed
	heard atomic.Int64 // the newest time of the issuer, in seconds
}

// hear notes what the clock of the issuer says.
func (v *view) hear(m *message, now time.Time) {
	if m.kind == snapshot && m.part == 1 {
		v.part, v.first = now, m.issued
	}
	if skew := now.Sub(m.issued); skew.Abs() <= mostSkew && m.issued.Unix() > v.heard.Load() {
		v.heard.Store(m.issued.Unix())
	}
}

// renew is called with a heartbeat or a snapshot after which everything is known that the issuer knew when it signed it. A message that was signed no later than
// what renewed the view before is one that comes again, and proves nothing; so does one that is too old. The error is [ErrClock].
//
// A snapshot is as new as its first part.
func (v *view) renew(m *message, now time.Time) (renewed bool, err error) {
	received, issued := now, m.issued
	if m.kind == snapshot {
		received, issued = v.part, v.first
	}
	if skew := received.Sub(issued); skew.Abs() > mostSkew {
		return false, refuse(ErrClock, "it is "+skew.Round(time.Second).String()+" from when a message was signed to when it came")
	}
	if !issued.After(v.issued) {
		return false, nil
	}
	v.issued = issued
	v.asOf.Store(&received)
	return true, nil
}

// age is how long ago the view was whole, by the clock of the machine and by the one on the wall: the first stands still while a machine sleeps, the
// second can be set back. The longer one counts. It is not known if there never was a view.
func (v *view) age(now time.Time) (age time.Duration, known bool) {
	asOf := v.asOf.Load()
	if asOf == nil {
		return 0, false
	}
	return ageOf(*asOf, now), true
}

func ageOf(asOf, now time.Time) time.Duration {
	return max(0, now.Sub(asOf), now.Round(0).Sub(asOf.Round(0)))
}

// isOver reports whether the view is too old, by a glance at one clock; lapse has looked at both.
func (v *view) isOver(limit time.Duration) bool {
	asOf := v.asOf.Load()
	return asOf == nil || asOf == v.lapsed.Load() || time.Since(*asOf) >= limit
}

// lapse is called now and then. A view that is too old stays so, whatever the clocks say later.
func (v *view) lapse(limit time.Duration, now time.Time) {
	if asOf := v.asOf.Load(); asOf != nil && ageOf(*asOf, now) >= limit {
		v.lapsed.Store(asOf)
	}
}

// forgetBefore is until when, in seconds, tokens must have expired for a revocation of them to be forgotten: by the clock of the issuer and by our own,
// and with the leeway that a verifier may have at most.
func (v *view) forgetBefore(now time.Time) int64 {
	return min(now.Unix(), v.heard.Load()) - int64(mostSkew/time.Second)
}
