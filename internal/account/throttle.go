package account

import (
	"container/list"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Throttle limits failed sign-ins; those that succeed are never limited. The zero value is right for a server.
type Throttle struct {
	// Of one account, whatever address the attempts come from. After Free failures in a row (5) the next attempt waits a second, then two, then
	// four, up to MaxDelay (15 min). After Limit (100, NIST SP 800-63B section 3.2.2) no password is looked at any more, until an administrator
	// sets a new one or opens the account again. A success starts again at nothing. A browser on which the owner signed in
	// before has a count of its own, so that nobody can lock an owner out.
	Free     int
	MaxDelay time.Duration
	Limit    int

	Narrow Bucket // of one IPv4 address or one IPv6 /64; 60, then one in 4 s
	Wide   Bucket // of one IPv4 /24 or one IPv6 /48; 300, then one a second
	Global Bucket // of everybody together; 2000, then five a second
}

// Bucket allows Burst failures at once and Rate a second for good.
type Bucket struct {
	Burst int
	Rate  float64
}

// firstDelay is the pause after Free failures; each further one doubles it.
const firstDelay = time.Second

// ThrottleReason says which limit was met.
type ThrottleReason string

const (
	ThrottledAccount ThrottleReason = "account" // this account, for a while
	ThrottledLocked  ThrottleReason = "locked"  // this account, until somebody does something about it
	ThrottledAddress ThrottleReason = "address" // this network address or its neighbourhood
	ThrottledGlobal  ThrottleReason = "global"  // all together
)

// ThrottledError says that the password was not even looked at: the caller answers 429 with Retry-After.
type ThrottledError struct {
	RetryAfter time.Duration // at least a second; with ThrottledLocked waiting does not help
	Reason     ThrottleReason
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("account: too many failed sign-ins (%s): try again in %v", e.Reason, e.RetryAfter)
}

func (t Throttle) withDefaults() Throttle {
	def := func(b *Bucket, burst int, each float64) {
		if *b == (Bucket{}) {
			*b = Bucket{burst, each}
		}
	}
	if t.Free <= 0 {
		t.Free = 5
	}
	if t.MaxDelay <= 0 {
		t.MaxDelay = 15 * time.Minute
	}
	if t.Limit <= 0 {
		t.Limit = 100
	}
	def(&t.Narrow, 60, 0.25)
	def(&t.Wide, 300, 1)
	def(&t.Global, 2000, 5)
	return t
}

// delay is the pause after n failures in a row.
func (t Throttle) delay(n int) time.Duration {
	over := n - t.Free
	if over < 0 {
		return 0
	}
	if over >= 32 {
		return t.MaxDelay
	}
	return min(firstDelay<<over, t.MaxDelay)
}

// tally is what the database counts against one account.
type tally struct {
	failures int
	last     time.Time
}

// maxPrefixes bounds the memory of the address limits: about 300 bytes each. An entry is made by a failure, which costs its
// author a hash, so nobody pushes others out cheaply.
const maxPrefixes = 65_536

// throttle holds what is not worth a database: failures by address, and attempts under way.
type throttle struct {
	Throttle
	global *rate.Limiter

	mu       sync.Mutex
	underway map[string]int // by account bucket: in the gate and not yet counted
	prefixes map[netip.Prefix]*list.Element
	recent   list.List // of *prefixLimit, latest failure first
}

type prefixLimit struct {
	prefix netip.Prefix
	*rate.Limiter
}

func newThrottle(t Throttle) *throttle {
	t = t.withDefaults()
	return &throttle{
		Throttle: t,
		global:   rate.NewLimiter(rate.Limit(t.Global.Rate), t.Global.Burst),
		underway: map[string]int{},
		prefixes: map[netip.Prefix]*list.Element{},
	}
}

// account judges one more attempt against an account: refused while its pause lasts and once the limit is met. Attempts
// under way count as failures: a thousand at once are not a thousand guesses.
func (t *throttle) account(n tally, underway int, now time.Time) error {
	if n.failures+underway >= t.Limit {
		if n.failures < t.Limit {
			return throttled(ThrottledAccount, firstDelay)
		}
		return throttled(ThrottledLocked, t.MaxDelay)
	}
	if n.failures == 0 || n.failures+underway < t.Free {
		return nil
	}
	last := n.last
	if last.After(now) {
		last = now // the clock was set back
	}
	if wait := last.Add(t.delay(n.failures)).Sub(now); wait > 0 {
		return throttled(ThrottledAccount, wait)
	}
	if underway > 0 {
		return throttled(ThrottledAccount, firstDelay)
	}
	return nil
}

// enter notes that an attempt is under way until end is called, and says how many others are. Whoever enters first and then reads the tally
// misses nobody: a failure is in the tally before its attempt ends.
func (t *throttle) enter(bucket string) (others int, end func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	others = t.underway[bucket]
	t.underway[bucket]++
	return others, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.underway[bucket]--; t.underway[bucket] == 0 {
			delete(t.underway, bucket)
		}
	}
}

// address judges one more attempt from an address, and all attempts together.
func (t *throttle) address(addr netip.Addr, now time.Time) error {
	if wait := waitFor(t.global, now); wait > 0 {
		return throttled(ThrottledGlobal, wait)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range prefixesOf(addr) {
		if e, ok := t.prefixes[p]; ok {
			if wait := waitFor(e.Value.(*prefixLimit).Limiter, now); wait > 0 {
				return throttled(ThrottledAddress, wait)
			}
		}
	}
	return nil
}

// failed counts a failure against an address and against all.
func (t *throttle) failed(addr netip.Addr, now time.Time) {
	t.global.ReserveN(now, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, p := range prefixesOf(addr) {
		limit := []Bucket{t.Narrow, t.Wide}[i]
		e, ok := t.prefixes[p]
		if !ok {
			if len(t.prefixes) >= maxPrefixes {
				oldest := t.recent.Back()
				delete(t.prefixes, t.recent.Remove(oldest).(*prefixLimit).prefix)
			}
			e = t.recent.PushFront(&prefixLimit{p, rate.NewLimiter(rate.Limit(limit.Rate), limit.Burst)})
			t.prefixes[p] = e
		}
		t.recent.MoveToFront(e)
		e.Value.(*prefixLimit).ReserveN(now, 1)
	}
}

// prefixesOf are the narrow and the wide neighbourhood of an address; none of an address that is not known.
func prefixesOf(addr netip.Addr) []netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := [2]int{64, 48}
	switch {
	case !addr.IsValid():
		return nil
	case addr.Is4():
		bits = [2]int{32, 24}
	}
	return []netip.Prefix{netip.PrefixFrom(addr, bits[0]).Masked(), netip.PrefixFrom(addr, bits[1]).Masked()}
}

// waitFor is how long it takes until l has a whole token.
func waitFor(l *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(l.Limit()) * float64(time.Second))
}

func throttled(why ThrottleReason, wait time.Duration) error {
	return &ThrottledError{RetryAfter: max(wait, time.Second), Reason: why}
}
