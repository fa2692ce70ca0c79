package session

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
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

func (m *Manager) plan(event string, now time.Time, id string, rec Record) *Plan {
	p := &Plan{event: event, id: id, now: now, Record: rec}
	p.generation = m.cache.generation(&rec.Key)
	p.Change.Put = []Record{rec}
	p.Record.Version = 1
	return p
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
	live := list[:0:0]
	for _, rec := range list {
		if slices.ContainsFunc(p.Change.End, func(e Ending) bool { return e.Key == rec.Key }) {
			continue
		}
		e := m.latest(rec)
		if !m.over(e, now) {
			live = append(live, e.record())
			continue
		}
		// One that is past its limits takes nobody's place.
		p.Change.End = append(p.Change.End, m.ending(rec, Evicted, now))
	}
	slices.SortStableFunc(live, func(a, b Record) int { return a.Created.Compare(b.Created) })
	for len(live) >= m.opt.MaxPerSubject {
		p.Change.End = append(p.Change.End, live[0].Ending(Evicted, p.Record.Created))
		live = live[1:]
	}
	return nil
}

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
	e := &entry{rec: rec, act: newActivity(&rec)}
	if c := m.cache.get(&rec.Key); c != nil {
		e.act.touch(c.act.seen.Load())
	}
	if a := m.touches.of(rec.Key); a != nil {
		e.act.touch(a.seen.Load())
	}
	return e
}

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
	if old == nil || old.rec.Subject == "" || old.rec.Subject == in.Subject {
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
	rec, err := store.Load(ctx, s.e.rec.Key)
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
	return &entry{rec: rec, act: s.e.act}, data, nil
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
	s.e, s.data, s.ops = e, e.rec.Data, slices.Delete(s.ops, 0, min(p.ops, len(s.ops)))
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
	e := &entry{rec: p.Record, act: newActivity(&p.Record)}
	m.cache.replace(e, p.generation)
	m.log(ctx, slog.LevelInfo, p.event, slog.String("session", e.rec.Handle),
		slog.String("account", e.rec.Subject), slog.String("kind", e.rec.Kind.String()))
	return e
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

// Renew gives the session a new id, see PlanRenew.
func (s *Session) Renew(ctx context.Context) error {
	p, err := s.PlanRenew(ctx, s.m.store)
	if err != nil {
		return err
	}
	return s.commit(ctx, "renew", p)
}

// End ends the session. When it returns nil, no request is accepted with its id any more; after an
// error the session may still be live.
func (s *Session) End(ctx context.Context, reason Reason) error {
	return s.commit(ctx, "end", s.PlanEnd(reason))
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

// subject returns the lock of an account's sign-ins.
func (m *Manager) subject(subject string) *sync.Mutex {
	return &m.subjects[maphash.String(m.agents, subject)%uint64(len(m.subjects))]
}
