package jwks

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// Source is the key set at a URL. It is a [jwt.KeySource], and may be used by many goroutines.
// Make it with [New]; the zero value has no keys and gets none.
type Source struct {
	fetcher *fetcher
	view    atomic.Pointer[view]

	mu      sync.Mutex
	tried   time.Time     // when the last fetch began
	running chan struct{} // closed when the fetch that is under way has ended; nil if there is none
}

// view is what is known of the set. It never changes; each fetch makes a new one.
type view struct {
	set   *jwt.KeySet   // nil if there was never one
	asked time.Time     // when the fetch that brought it began
	fresh time.Duration // from then
	err   error         // why the last fetch failed, or nil
}

// New makes a source for the key set at url: https, or http for localhost. It does not fetch yet. To find out at the
// start of a program whether the URL works, call [Source.Refresh]. A URL or an option that cannot be is refused with
// [ErrOption].
func New(url string, opts *Options) (*Source, error) {
	u, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	o, err := opts.resolve(u.String())
	if err != nil {
		return nil, err
	}
	return &Source{fetcher: newFetcher(u, o)}, nil
}

// Key returns the key with exactly this ID, and fetches the set if it must. The error wraps [jwt.ErrUnknownKey] if the issuer
// has no such key, or [ErrUnavailable] if that cannot be found out.
//
// It waits for a fetch, at most [Options.Timeout], only if it has no answer without: a key that is known is returned at once while
// an issuer that did not answer last time is asked again.
func (s *Source) Key(kid string) (*jwt.Key, error) {
	return s.key(time.Now(), func(set *jwt.KeySet) (*jwt.Key, error) { return set.Key(kid) })
}

// OnlyKey returns the key for tokens that name none; see [jwt.KeySet.OnlyKey].
func (s *Source) OnlyKey(alg jwt.Algorithm) (*jwt.Key, error) {
	return s.key(time.Now(), func(set *jwt.KeySet) (*jwt.Key, error) { return set.OnlyKey(alg) })
}

func (s *Source) key(now time.Time, find func(*jwt.KeySet) (*jwt.Key, error)) (*jwt.Key, error) {
	v := s.view.Load()
	k, err := v.find(find)
	if err == nil && v.isFresh(now) {
		return k, nil
	}
	retry := err == nil && v.err != nil && s.isUsable(v, now)
	if done := s.start(now); done != nil && !retry {
		<-done
	}
	v = s.view.Load() // also if there was nothing to wait for: a fetch may have ended since
	k, err = v.find(find)
	if !s.isUsable(v, now) || err != nil && v.err != nil {
		return nil, s.unavailable(v)
	}
	return k, err
}

func (v *view) find(find func(*jwt.KeySet) (*jwt.Key, error)) (*jwt.Key, error) {
	if v == nil || v.set == nil {
		return nil, jwt.ErrUnknownKey
	}
	return find(v.set)
}

func (v *view) isFresh(now time.Time) bool {
	return v != nil && v.set != nil && age(v.asked, now) < v.fresh
}

func (s *Source) isUsable(v *view, now time.Time) bool {
	return v != nil && v.set != nil && age(v.asked, now) < v.fresh+s.fetcher.opts.MaxStale
}

func (s *Source) unavailable(v *view) error {
	if s.fetcher == nil {
		return &Error{Rule: ErrUnavailable, Detail: "the source was not made by New"}
	}
	e := &Error{Rule: ErrUnavailable, URL: s.fetcher.url.String()}
	if v != nil {
		e.Err = v.err
	}
	return e
}

// start begins a fetch, unless one began less than [Pause] ago. It returns what to wait for, or nil.
func (s *Source) start(now time.Time) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.running != nil:
		return s.running
	case s.fetcher == nil, !s.tried.IsZero() && age(s.tried, now) < Pause:
		return nil
	}
	s.tried = now
	done := make(chan struct{})
	s.running = done
	// It is nobody's own: a caller who leaves does not end it for the others. It ends by its time limit.
	go func() {
		set, fresh, err := s.fetcher.fetch(context.Background())
		s.mu.Lock()
		defer s.mu.Unlock()
		s.view.Store(s.view.Load().after(set, now, fresh, err))
		s.running = nil
		close(done)
	}()
	return done
}

// after is the view when a fetch that began at asked has ended. After an error it has the keys it had.
func (v *view) after(set *jwt.KeySet, asked time.Time, fresh time.Duration, err error) *view {
	var next view
	if v != nil {
		next = *v
	}
	next.err = err
	if err != nil {
		return &next
	}
	// Keys that did not change stay the same in memory too, for verifiers that keep what they verified.
	if next.set == nil || !slices.EqualFunc(next.set.Keys(), set.Keys(), (*jwt.Key).Equal) {
		next.set = set
	}
	next.asked, next.fresh = asked, fresh
	return &next
}

// Refresh fetches the set now, or waits for the fetch that is under way, and returns its error. If the last one began less
// than [Pause] ago it does not fetch, and returns the error of that one. It returns earlier if ctx ends; the fetch goes on.
func (s *Source) Refresh(ctx context.Context) error {
	if done := s.start(time.Now()); done != nil {
		select {
		case <-done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	v := s.view.Load()
	if v == nil {
		return s.unavailable(v)
	}
	return v.err
}

// Status is how a [Source] is doing, for a health check, a log or a metric.
type Status struct {
	Keys   *jwt.KeySet   // the set in use, or nil: there never was one, or it is too old
	Age    time.Duration // of the last good answer; 0 if there never was one
	Fresh  bool          // whether it need not be replaced yet
	Usable time.Duration // how long it can still be used if no fetch succeeds; 0 if it cannot
	Err    error         // why the last fetch failed, or nil
}

// Status does not fetch and does not wait.
func (s *Source) Status() Status { return s.status(time.Now()) }

func (s *Source) status(now time.Time) Status {
	v := s.view.Load()
	if v == nil {
		return Status{}
	}
	st := Status{Err: v.err}
	if v.set == nil {
		return st
	}
	st.Age = age(v.asked, now)
	st.Fresh = v.isFresh(now)
	if s.isUsable(v, now) {
		st.Keys = v.set
		st.Usable = v.fresh + s.fetcher.opts.MaxStale - st.Age
	}
	return st
}

// age is how long ago then was, by the clock of the machine and by the one on the wall: the first stands still while a
// machine sleeps, the second can be set back. The longer one counts.
func age(then, now time.Time) time.Duration {
	return max(0, now.Sub(then), now.Round(0).Sub(then.Round(0)))
}

var _ jwt.KeySource = (*Source)(nil)
