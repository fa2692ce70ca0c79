package session

import (
	"context"
	"time"
)

// ending returns how a session of the store ends now: for the reason given, or for that of the limit that it
// is past already.
func (m *Manager) ending(rec Record, why Reason, now time.Time) Ending {
	e := m.latest(rec)
	rec, at := e.record(), now.Round(0).UTC()
	if m.over(e, now) {
		at, why = rec.Limit()
	}
	return rec.Ending(why, at)
}

// latest returns a record from a list of the store with the last-seen time that is known here.
func (m *Manager) latest(rec Record) *entry {
	e := m.newEntry(&rec, newActivity(&rec))
	if c := m.cache.get(&rec.Key); c != nil {
		e.act.touch(c.act.seen.Load())
	}
	if a := m.touches.of(rec.Key); a != nil {
		e.act.touch(a.seen.Load())
	}
	return e
}

// Latest returns a record that came from the store with the last-seen time that is known here, which may not be stored yet. Who judges the limits of a record
// asks for it first. To ask is no use of the session.
func (m *Manager) Latest(rec Record) Record { return m.latest(rec).record() }

// List returns the live sessions of an account, oldest first, with the last-seen times that are known
// here. Sessions past their limits are not among them.
func (m *Manager) List(ctx context.Context, subject string) ([]Record, error) {
	list, err := m.store.List(ctx, subject)
	if err != nil {
		return nil, storeError("list", err)
	}
	now := time.Now()
	live := list[:0:0]
	for _, rec := range list {
		if e := m.latest(rec); !m.over(e, now) {
			live = append(live, e.record())
		}
	}
	return live, nil
}

// PlanEnd plans the end of the session. Of a new session there is nothing to end: the
// plan is empty, and Adopt only has the cookie deleted that the request may have brought.
func (s *Session) PlanEnd(reason Reason) *Plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Plan{now: time.Now()}
	if s.e != nil {
		r := s.e.record()
		p.Change.End = []Ending{r.Ending(reason, p.now.Round(0).UTC())}
	}
	return p
}

// End ends the session. When it returns nil, no request is accepted with its id any more; after an
// error the session may still be live.
func (s *Session) End(ctx context.Context, reason Reason) error {
	return s.commit(ctx, "end", s.PlanEnd(reason))
}

// EndAll ends the sessions of an account, but for the one with the handle except, and returns
// their endings. With a store that is bound to a transaction the caller must call Observe with them after
// the commit. A nil store is the manager's own; then that is done.
func (m *Manager) EndAll(ctx context.Context, store Store, subject, except string, reason Reason) ([]Ending, error) {
	own := store == nil
	if own {
		store = m.store
		lock := m.subject(subject)
		lock.Lock()
		defer lock.Unlock()
	}
	list, err := store.List(ctx, subject)
	if err != nil {
		return nil, storeError("list", err)
	}
	now := time.Now()
	var es []Ending
	for _, rec := range list {
		if rec.Handle != except {
			es = append(es, m.ending(rec, reason, now))
		}
	}
	return es, m.end(ctx, store, own, es)
}

// EndHandle ends the session with a public handle, for the page that lists a person's devices and for
// administrators; store is as in EndAll. ErrNotFound if there is no such session; one that has
// ended already is no error, and its Ending is returned as it was.
func (m *Manager) EndHandle(ctx context.Context, store Store, handle string, reason Reason) (Ending, error) {
	own := store == nil
	if own {
		store = m.store
	}
	rec, ended, err := store.Find(ctx, handle)
	if err != nil {
		return Ending{}, storeError("find", err)
	}
	if ended != nil {
		return *ended, nil
	}
	e := m.ending(rec, reason, time.Now())
	return e, m.end(ctx, store, own, []Ending{e})
}

func (m *Manager) end(ctx context.Context, store Store, own bool, es []Ending) error {
	if len(es) == 0 {
		return nil
	}
	err := store.Commit(ctx, Change{End: es})
	if own {
		m.Observe(es...) // also after an error: the store shall tell
	}
	if err != nil {
		return storeError("end", err)
	}
	for i := range es {
		m.logEnding(ctx, &es[i])
	}
	return nil
}
