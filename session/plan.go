package session

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// Plan is a change of privilege that is worked out but not done. Whoever needs it in a transaction
// with other changes commits Change there, through a store that is bound to that transaction, and
// calls Adopt when the transaction is committed. If it is not, nothing has happened, and the
// plan is thrown away.
type Plan struct {
	Change Change
	Record Record // the new session as it will be stored; zero if the plan only ends one

	event      string
	id         string
	generation uint64 // of the new key
	ops        int    // how many unsaved changes of the session are in the new record
	now        time.Time
}

// Cookie returns the cookie of the new session. It is nil if there is none, or one of Kind Token.
// Adopt on a session of [Manager.Handler] sets it without being asked.
func (m *Manager) Cookie(p *Plan) *http.Cookie {
	if p.id == "" || p.Record.Kind == Token {
		return nil
	}
	return m.newCookie(p.id, &p.Record, p.now)
}

func (m *Manager) newCookie(id string, rec *Record, now time.Time) *http.Cookie {
	var maxAge time.Duration
	if rec.Remember {
		maxAge = rec.Expires.Sub(now)
	}
	return m.opt.cookie(id, maxAge)
}

func (m *Manager) plan(event string, now time.Time, id string, rec Record) *Plan {
	p := &Plan{event: event, id: id, now: now, Record: rec}
	p.generation = m.cache.generation(&rec.Key)
	p.Change.Put = []Record{rec}
	p.Record.Version = 1
	return p
}

// PlanRenew plans a new id for the session, after the person has proved anew who they are: AuthTime
// is now, both limits begin anew, the data goes over, the old session ends as Renewed.
// ErrNoSession if the session is new, *EndedError if it ended meanwhile.
func (s *Session) PlanRenew(ctx context.Context, store Store) (*Plan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.began {
		return nil, &Error{Err: ErrTooLate}
	}
	if s.e == nil {
		return nil, &Error{Err: ErrNoSession}
	}
	old, data, err := s.current(ctx, store, true)
	if err != nil {
		return nil, err
	}
	r := old.record()
	now := time.Now()
	in := SignIn{Subject: r.Subject, Remember: r.Remember, AMR: r.AMR, Device: r.Device, Kind: r.Kind}
	if r.Kind == Token {
		in.Lifetime = r.Expires.Sub(r.Created)
	}
	id, rec := s.m.newRecord(now, in)
	rec.Data = data
	p := s.m.plan("session.renew", now, id, rec)
	p.ops = len(s.ops)
	p.Change.End = []Ending{r.Ending(Renewed, rec.Created)}
	return p, nil
}

// current returns the session as the store has it now, with the unsaved changes done to its data.
// Another request may have changed it since this one read it, and the successor must not lose that.
func (s *Session) current(ctx context.Context, store Store, must bool) (*entry, []byte, error) {
	if s.e == nil {
		return nil, s.data, nil
	}
	rec, err := store.Load(ctx, *s.e.key())
	var ended *EndedError
	if !must && (errors.As(err, &ended) || errors.Is(err, ErrNotFound)) {
		return s.e, s.data, nil // it ends a second time, which changes nothing
	}
	if err != nil {
		return nil, nil, storeError("load", err)
	}
	data, err := readData(rec.Data)
	if err != nil {
		return nil, nil, err
	}
	if data, err = s.replay(data); err != nil {
		return nil, nil, err
	}
	return s.m.newEntry(&rec, s.e.act), data, nil
}

// Adopt carries out what follows from a plan that was committed: the cache forgets
// what ended, the session is the new one or none, and the response gets the cookie or its deletion.
func (s *Session) Adopt(p *Plan) {
	e := s.m.adopt(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e == nil {
		if len(p.Change.End) > 0 {
			ending := p.Change.End[0]
			s.why, s.ending = ending.Reason, &ending
		}
		s.e, s.data, s.ops, s.id = nil, nil, nil, ""
		s.mark = markNone
		if s.sent {
			s.mark = markDrop
		}
		return
	}
	s.e, s.data, s.ops = e, e.content(), slices.Delete(s.ops, 0, min(p.ops, len(s.ops)))
	s.mark, s.id = markSet, p.id
	if data, err := s.replay(s.data); err == nil {
		s.data = data
	} // else Save will meet the same error
}

// Adopt is for the plans of Manager.PlanSignIn, after the commit.
func (m *Manager) Adopt(p *Plan) { m.adopt(p) }

func (m *Manager) adopt(p *Plan) *entry {
	ctx := context.Background()
	m.Observe(p.Change.End...)
	for i := range p.Change.End {
		m.logEnding(ctx, &p.Change.End[i])
	}
	if p.id == "" {
		return nil
	}
	e := m.newEntry(&p.Record, newActivity(&p.Record))
	m.cache.replace(e, p.generation)
	m.log(ctx, slog.LevelInfo, p.event, slog.String("session", p.Record.Handle),
		slog.String("account", p.Record.Subject), slog.String("kind", e.traits.kind.String()))
	return e
}

// Renew gives the session a new id, see PlanRenew.
func (s *Session) Renew(ctx context.Context) error {
	p, err := s.PlanRenew(ctx, s.m.store)
	if err != nil {
		return err
	}
	return s.commit(ctx, "renew", p)
}

func (s *Session) commit(ctx context.Context, what string, p *Plan) error {
	if err := s.m.commit(ctx, what, p); err != nil {
		return err
	}
	s.Adopt(p)
	return nil
}

func (m *Manager) commit(ctx context.Context, what string, p *Plan) error {
	if len(p.Change.Put)+len(p.Change.End) == 0 {
		return nil
	}
	if err := m.store.Commit(ctx, p.Change); err != nil {
		// It may have been stored all the same: the store shall tell.
		for i := range p.Change.End {
			m.cache.forget(&p.Change.End[i].Key)
		}
		return storeError(what, err)
	}
	return nil
}
