package jar

import (
	"slices"
	"sync"
	"time"
)

// Options may be nil. The zero value is safe.
type Options struct {
	// Profile says how a browser differs from the draft; nil is the draft itself.
	Profile *Profile
	// SecureLoopback: localhost and 127.0.0.0/8 and [::1] count as secure over http too, as in Chrome, Firefox and curl.
	// A profile of such a browser has it anyway.
	SecureLoopback bool
}

// A Jar is safe for concurrent use.
type Jar struct {
	profile  Profile
	loopback bool

	mu      sync.Mutex
	shelves map[shelfKey]*shelf
	queue   queue     // all cookies, by last use
	orders  uint64    // of creation, so far
	made    time.Time // when the last cookie was
	ending  time.Time // nothing in the jar ends earlier; zero if that is not known
	journal journal
}

// New returns an empty jar.
//
//go:noinline
func New(o *Options) *Jar {
	j := &Jar{profile: rfc, shelves: map[shelfKey]*shelf{}}
	if o != nil {
		if o.Profile != nil {
			j.profile = *o.Profile
		}
		j.loopback = o.SecureLoopback
	}
	j.loopback = j.loopback || j.profile.SecureLoopback
	return j
}

// Set stores what the Set-Cookie lines of one response say, in their order, and returns a verdict for each.
func (j *Jar) Set(r Request, lines ...string) []Verdict { return j.set(r, lines, r.when()) }

// Match returns the Cookie header for a request, "" for none, and a verdict for each cookie of the jar that belongs to the
// request's host or could be meant for it: sent ones first, in their order. Those of unrelated sites are left out.
func (j *Jar) Match(r Request) (header string, verdicts []Verdict) { return j.match(r, r.when(), true) }

// Peek is Match, but does not count as a use of the cookies.
func (j *Jar) Peek(r Request) (header string, verdicts []Verdict) { return j.match(r, r.when(), false) }

// Header is Match for those who only want the header: it is several times as fast.
func (j *Jar) Header(r Request) string { return j.header(r, r.when()) }

// All returns the cookies of the jar that have not expired, ordered by domain, path and name.
func (j *Jar) All() []Cookie { return j.all(time.Now()) }

func (j *Jar) all(now time.Time) []Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	live := make([]*entry, 0, len(j.queue))
	for _, e := range j.queue {
		if !e.expired(now) {
			live = append(live, e)
		}
	}
	slices.SortFunc(live, func(a, b *entry) int { return a.compare(&b.Cookie) })
	all := make([]Cookie, len(live))
	for i, e := range live {
		all[i] = e.Cookie
	}
	return all
}

// Close ends the browser: cookies without an expiry are gone (draft-22 section 5.7). The jar can be used on.
func (j *Jar) Close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.drop(func(e *entry) bool { return !e.Persistent })
}
