package session

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

// SignIn says who signs in, and how.
type SignIn struct {
	Subject  string        // the account id; never empty
	Remember bool          // keep the cookie when the browser ends; both limits are Options.Remember
	AMR      []string      // how the person proved who they are (RFC 8176): "pwd"
	Device   string        // default: Options.Device of the request
	Kind     Kind          // Token: no cookie and no idle limit
	Lifetime time.Duration // of a Token session: Options.Lifetime
}

// newRecord returns a record with a new id and a new handle.
func (m *Manager) newRecord(now time.Time, in SignIn) (id string, rec Record) {
	now = now.Round(0).UTC()
	id, key := newID()
	rec = Record{
		Key: key, Handle: newHandle(), Subject: in.Subject,
		Created: now, Seen: now,
		Idle: m.opt.Idle, Expires: now.Add(m.opt.Lifetime),
		Kind: in.Kind, AMR: slices.Clone(in.AMR), Device: cut(in.Device),
	}
	if in.Subject != "" {
		rec.AuthTime = now
	}
	switch {
	case in.Kind == Token:
		rec.Idle = 0
		if in.Lifetime > 0 {
			rec.Expires = now.Add(in.Lifetime)
		}
	case in.Remember && m.opt.Remember > 0:
		rec.Remember = true
		rec.Idle = m.opt.Remember
		rec.Expires = now.Add(m.opt.Remember)
	}
	return id, rec
}

func (in *SignIn) check(kinds ...Kind) error {
	var cause string
	switch {
	case in.Subject == "":
		cause = "Subject is empty"
	case !slices.Contains(kinds, in.Kind):
		cause = "a " + in.Kind.String() + " session is not opened by a request's session; use Manager.PlanSignIn"
	case in.Kind == Browser && in.Lifetime != 0:
		cause = "Lifetime is for sessions of Kind Token"
	case in.Kind == Token && in.Remember:
		cause = "Remember is for sessions of Kind Browser"
	case in.Lifetime < 0 || in.Lifetime > maxLifetime:
		cause = fmt.Sprintf("Lifetime: got %v, want up to %v", in.Lifetime, maxLifetime)
	default:
		return nil
	}
	return &Error{Err: ErrSignIn, Cause: errors.New(cause)}
}

// PlanSignIn plans a session for an account without a request: for tokens (SignIn.Kind), or for a
// program that brings the cookie to the client itself (see Cookie). The store, which
// may be bound to a transaction, is asked which sessions the account has; those over
// Options.MaxPerSubject end as Evicted, oldest first.
func (m *Manager) PlanSignIn(ctx context.Context, store Store, in SignIn) (*Plan, error) {
	if err := in.check(Browser, Token); err != nil {
		return nil, err
	}
	now := time.Now()
	id, rec := m.newRecord(now, in)
	p := m.plan("session.signin", now, id, rec)
	if err := m.makeRoom(ctx, store, p, now); err != nil {
		return nil, err
	}
	return p, nil
}

// makeRoom adds the endings of the sessions that the new one pushes out.
func (m *Manager) makeRoom(ctx context.Context, store Store, p *Plan, now time.Time) error {
	list, err := store.List(ctx, p.Record.Subject)
	if err != nil {
		return storeError("list", err)
	}
	var live []*Record
	for _, rec := range list {
		if slices.ContainsFunc(p.Change.End, func(e Ending) bool { return e.Key == rec.Key }) {
			continue
		}
		e := m.latest(rec)
		if !m.over(e, now) {
			current := e.record()
			live = append(live, &current)
			continue
		}
		// One that is past its limits takes nobody's place.
		p.Change.End = append(p.Change.End, m.ending(rec, Evicted, now))
	}
	slices.SortStableFunc(live, func(a, b *Record) int { return a.Created.Compare(b.Created) })
	for len(live) >= m.opt.MaxPerSubject {
		p.Change.End = append(p.Change.End, live[0].Ending(Evicted, p.Record.Created))
		live = live[1:]
	}
	return nil
}

// PlanSignIn plans the sign-in of the person behind the request: a session with a new id. The
// session that the request came with, if any, ends as Renewed. Its data goes over if it was anonymous or
// of the same account, and not to another's.
func (s *Session) PlanSignIn(ctx context.Context, store Store, in SignIn) (*Plan, error) {
	if err := in.check(Browser); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.began {
		return nil, &Error{Err: ErrTooLate}
	}
	if in.Device == "" {
		in.Device = s.m.device(s.r)
	}
	now := time.Now()
	id, rec := s.m.newRecord(now, in)
	old, data, err := s.current(ctx, store, false)
	if err != nil {
		return nil, err
	}
	if old == nil {
		rec.Data = data
	} else if subject := old.unpack().subject; subject == "" || subject == in.Subject {
		rec.Data = data
	}
	p := s.m.plan("session.signin", now, id, rec)
	p.ops = len(s.ops)
	if old != nil {
		r := old.record()
		p.Change.End = append(p.Change.End, r.Ending(Renewed, rec.Created))
	}
	if err := s.m.makeRoom(ctx, store, p, now); err != nil {
		return nil, err
	}
	return p, nil
}

// SignIn signs the person behind the request in, see PlanSignIn.
func (s *Session) SignIn(ctx context.Context, in SignIn) error {
	// Of two sign-ins of an account at once, the second counts the first.
	lock := s.m.subject(in.Subject)
	lock.Lock()
	defer lock.Unlock()
	p, err := s.PlanSignIn(ctx, s.m.store, in)
	if err != nil {
		return err
	}
	return s.commit(ctx, "sign in", p)
}

// SignIn opens a session without a request, see PlanSignIn, and returns the adopted plan.
func (m *Manager) SignIn(ctx context.Context, in SignIn) (*Plan, error) {
	lock := m.subject(in.Subject)
	lock.Lock()
	defer lock.Unlock()
	p, err := m.PlanSignIn(ctx, m.store, in)
	if err != nil {
		return nil, err
	}
	if err := m.commit(ctx, "sign in", p); err != nil {
		return nil, err
	}
	m.Adopt(p)
	return p, nil
}

// subject returns the lock of an account's sign-ins.
func (m *Manager) subject(subject string) *sync.Mutex {
	return &m.subjects[maphash.String(m.agents, subject)%uint64(len(m.subjects))]
}
