package revocation

import (
	"context"
	"log/slog"
	"time"
)

// Status is how a [Feed] is doing, for a health check, a log or a metric.
type Status struct {
	Connected bool  // a stream is open, and goes on as it should
	Position  int64 // the number of what happened last; 0 if it is not known
	Entries   int   // how many revocations are kept
	Unknown   int64 // how many events came that this package does not know

	Age        time.Duration // of the view: how long ago everything was known; 0 if there never was a view
	StaleSince time.Time     // zero while the feed is followed; else when it was found to be lost, or when [Follow] was called
	Refusing   bool          // every token is refused with [ErrStale]
	Err        error         // why the feed is lost, or was last; nil once it goes on
}

// Status does not wait for anything.
func (f *Feed) Status() Status { return f.status(time.Now()) }

func (f *Feed) status(now time.Time) Status {
	if f.entries == nil {
		return Status{Refusing: true}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := Status{Connected: f.connected, Entries: int(f.entries.count.Load()), Unknown: f.unknown, Err: f.err}
	if f.place.known {
		s.Position = f.place.seq
	}
	age, known := f.view.age(now)
	s.Age = age
	switch {
	case !known:
		s.StaleSince = f.begun
	case age >= f.limits.silence:
		s.StaleSince = now.Add(f.limits.silence - age)
	}
	s.Refusing = !f.opts.AcceptWhenLost && (!known || age >= f.opts.RefuseAfter || f.view.isOver(f.opts.RefuseAfter))
	return s
}

// watch says it when the feed is lost, when that has consequences, and when it is found again; each once. Beside that it forgets what has
// expired, a little at a time: all of it is looked at in about a minute.
func (f *Feed) watch(ctx context.Context) {
	tick := time.NewTicker(f.limits.watch)
	defer tick.Stop()
	said := starting
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			said = f.look(said, n, now)
		}
	}
}

// look is the nth look.
func (f *Feed) look(said state, n int, now time.Time) state {
	f.view.lapse(f.opts.RefuseAfter, now)
	f.sweep(n, now)
	return f.say(said, now)
}

// state is what was said last.
type state uint8

const (
	starting state = iota
	followed
	lost
	refusing
)

func (f *Feed) say(said state, now time.Time) state {
	s := f.status(now)
	is := followed
	switch {
	case said == starting && s.StaleSince.Equal(f.begun) && now.Sub(f.begun) < f.limits.silence:
		return starting // it has a moment to connect
	case s.Refusing:
		is = refusing
	case !s.StaleSince.IsZero():
		is = lost
	}
	if is == said {
		return is
	}
	log := f.opts.Logger.With(slog.String("issuer", f.issuer))
	switch {
	case is == followed:
		log.Info("revocation: the feed is followed", "position", s.Position, "entries", s.Entries)
	case is == refusing:
		log.Error("revocation: the feed is lost, every token is refused", "age", s.Age, "error", s.Err)
	case f.opts.AcceptWhenLost:
		log.Warn("revocation: the feed is lost, what was revoked since is accepted until it expires", "age", s.Age, "error", s.Err)
	default:
		log.Warn("revocation: the feed is lost", "age", s.Age, "refuse_after", f.opts.RefuseAfter, "error", s.Err)
	}
	return is
}

const sweptAtOnce = 4 // shards

func (f *Feed) sweep(n int, now time.Time) {
	before := f.view.forgetBefore(now)
	for i := range sweptAtOnce {
		f.entries.sweep(n*sweptAtOnce+i, before)
	}
}
