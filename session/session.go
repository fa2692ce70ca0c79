package session

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Session is what one request sees of a session. Many goroutines may use it at once.
// What they change is written by Save, which [Manager.Handler] calls before the
// first byte of the response.
type Session struct {
	m    *Manager
	r    *http.Request // nil without one
	sent bool          // the request had a session cookie, good or bad
	used atomic.Bool   // somebody asked for it, so the response may depend on it

	mu     sync.Mutex
	e      *entry // what is stored; nil: nothing, the session is new
	data   []byte // with the changes; never changed in place
	ops    []op   // the changes since e, in order
	why    Reason
	ending *Ending
	mark   mark   // what the response has to do about the cookie
	id     string // for markSet
	began  bool   // the response is on its way
}

// op is a change of one value, kept so that it can be done again on newer data.
type op struct {
	name   string
	value  []byte                                 // nil: delete
	change func(old []byte) (new []byte, e error) // if not nil: computes the value; old is nil if absent
}

type mark uint8

const (
	markNone mark = iota
	markSet       // give the client the new id
	markDrop      // have the client delete its cookie
)

type contextKey struct{}

// FromContext returns the session of a request that came through [Manager.Handler], else nil.
func FromContext(ctx context.Context) *Session {
	s, _ := ctx.Value(contextKey{}).(*Session)
	if s != nil && !s.used.Load() {
		s.used.Store(true)
	}
	return s
}

// New tells whether nothing is stored of the session: it has no id, and no cookie names it.
func (s *Session) New() bool { return s.entry() == nil }

// WhyNew says why there is no older session: NoCredentials, UnknownSession, DuplicateCookie, or
// the reason for which the session that the cookie names has ended. Then the Ending is there as well. Of
// a session that is not new it returns "" and nil.
func (s *Session) WhyNew() (Reason, *Ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.e != nil {
		return "", nil
	}
	return s.why, s.ending
}

// Subject returns the account id, "" if nobody signed in.
func (s *Session) Subject() string {
	if e := s.entry(); e != nil {
		return e.unpack().subject
	}
	return ""
}

// Handle returns the public name of the session, "" if it is new.
func (s *Session) Handle() string {
	if e := s.entry(); e != nil {
		return e.unpack().handle
	}
	return ""
}

// AuthTime returns when the person last proved who they are; zero if nobody did.
func (s *Session) AuthTime() time.Time {
	if e := s.entry(); e != nil {
		return e.unpack().authTime.time()
	}
	return time.Time{}
}

// AMR returns how the person proved who they are (RFC 8176).
func (s *Session) AMR() []string {
	if e := s.entry(); e != nil {
		return slices.Clone(e.traits.amr)
	}
	return nil
}

// IdleAt returns when the session ends if it is not used again; zero if it has no idle limit or is new.
func (s *Session) IdleAt() time.Time {
	e := s.entry()
	if e == nil || e.traits.idle == 0 {
		return time.Time{}
	}
	return time.Unix(0, e.act.seen.Load()).UTC().Add(e.traits.idle)
}

// ExpiresAt returns when the session ends even if it is used; zero if it is new.
func (s *Session) ExpiresAt() time.Time {
	if e := s.entry(); e != nil {
		return e.expires.time()
	}
	return time.Time{}
}

// Record returns the session as it is stored, with the last-seen time that
// may not be stored yet. Of a new session it is zero.
func (s *Session) Record() Record {
	if e := s.entry(); e != nil {
		return e.record()
	}
	return Record{}
}

func (s *Session) entry() *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.e
}

// DropCookie has the response delete the session cookie, if the request brought one and the
// session is new. For the page that has told the person why their session is gone.
func (s *Session) DropCookie() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.e == nil && s.sent {
		s.mark = markDrop
	}
}

// Get returns the value of a name. It is false if there is none, or one that does not fit the type.
func Get[T any](s *Session, name string) (T, bool) {
	raw := s.get(name)
	if raw == nil {
		var zero T
		return zero, false
	}
	v, err := decode[T](raw)
	return v, err == nil
}

// Set changes a value, which encoding/json must be able to write. It is stored by Save,
// which makes a session of an anonymous visitor's first value.
//
// Errors: ErrName, ErrValue, ErrTooLarge, ErrTooLate.
func Set[T any](s *Session, name string, v T) error {
	raw, err := encode(v)
	if err != nil {
		return &Error{Err: ErrValue, Name: name, Cause: err}
	}
	return s.do(op{name: name, value: raw})
}

// Update changes a value by what it was; the zero value if it was absent. If another request changes
// the session before this one is saved, the change is done again on the newer value: no
// update is lost. Therefore change must have no other effects, and must not use the session.
//
// Errors: those of Set, and ErrValue if the value there is not of the type.
func Update[T any](s *Session, name string, change func(T) T) error {
	return s.do(op{name: name, change: func(old []byte) ([]byte, error) {
		var v T
		if old != nil {
			var err error
			if v, err = decode[T](old); err != nil {
				return nil, err
			}
		}
		return encode(change(v))
	}})
}

// Delete removes a value. After the response has begun it does nothing, as Set would say.
func (s *Session) Delete(name string) { _ = s.do(op{name: name}) }

func (s *Session) get(name string) []byte {
	s.mu.Lock()
	value, _ := find(s.data, name)
	s.mu.Unlock()
	return value // of data that is never changed in place
}

// do makes a change in memory and remembers it for Save.
func (s *Session) do(o op) error {
	if len(o.name) == 0 || len(o.name) > maxName {
		return &Error{Err: ErrName, Name: o.name[:min(len(o.name), 32)], Got: len(o.name), Limit: maxName}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.began {
		return &Error{Err: ErrTooLate, Name: o.name}
	}
	data, err := o.apply(s.data, s.m.opt.MaxData)
	if err != nil {
		return err
	}
	s.data = data
	s.ops = append(s.ops, o)
	return nil
}

func (o *op) apply(data []byte, limit int) ([]byte, error) {
	value := o.value
	if o.change != nil {
		old, _ := find(data, o.name)
		var err error
		if value, err = o.change(old); err != nil {
			return nil, &Error{Err: ErrValue, Name: o.name, Cause: err}
		}
	}
	if value == nil {
		if _, there := find(data, o.name); !there {
			return data, nil
		}
	}
	changed := with(data, o.name, value)
	if value != nil && len(changed) > limit {
		return nil, &Error{Err: ErrTooLarge, Name: o.name, Got: len(changed), Limit: limit}
	}
	return changed, nil
}

// replay does all changes again, on newer data.
func (s *Session) replay(data []byte) ([]byte, error) {
	var err error
	for i := range s.ops {
		if data, err = s.ops[i].apply(data, s.m.opt.MaxData); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// Save stores what was changed. Without changes it does nothing, and of a visitor of
// whom there is nothing to keep it makes no session. [Manager.Handler] calls it;
// after [Manager.Load] the caller does, and then WriteCookie.
//
// A session that has ended meanwhile is an *EndedError. After any error nothing of the
// change is known to be stored.
func (s *Session) Save(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.save(ctx)
}

// maxTries bounds how often a save meets a conflict. One of the saves that conflict always gets
// through, so that this is met only when the store is at fault.
const maxTries = 100

func (s *Session) save(ctx context.Context) error {
	if len(s.ops) == 0 {
		return nil
	}
	if s.e == nil {
		return s.saveNew(ctx, time.Now())
	}
	m := s.m
	key := s.e.key()
	for try := range maxTries {
		generation := m.cache.generation(key)
		rec := s.e.record()
		rec.Data = s.data
		err := m.store.Commit(ctx, Change{Put: []Record{rec}})
		if err == nil {
			s.e = s.e.next(s.data)
			m.cache.replace(s.e, generation)
			s.ops = nil
			return nil
		}
		m.cache.forget(key)
		if !errors.Is(err, ErrConflict) {
			return s.lost("save", err)
		}
		if try == 0 {
			// The requests of this process that change the same session queue up from here.
			lock := &m.retries[int(key[1])%len(m.retries)]
			lock.Lock()
			defer lock.Unlock()
		}
		e, err := m.fetch(ctx, key)
		if err != nil {
			return s.lost("save", err)
		}
		data, err := s.replay(e.content())
		if err != nil {
			return err
		}
		s.e, s.data = e, data
	}
	return storeError("save", ErrConflict)
}

// lost turns the session into a new one if the error says that it ended, or is gone.
func (s *Session) lost(what string, err error) error {
	var ended *EndedError
	switch {
	case errors.As(err, &ended):
		s.m.Observe(ended.Ending)
		s.why, s.ending = ended.Reason, &ended.Ending
	case errors.Is(err, ErrNotFound):
		s.m.cache.forget(s.e.key())
		s.why = UnknownSession
	default:
		return storeError(what, err)
	}
	s.e, s.data, s.ops = nil, nil, nil
	return storeError(what, err)
}

// saveNew stores an anonymous visitor's first data, under a new id.
func (s *Session) saveNew(ctx context.Context, now time.Time) error {
	if len(s.data) == 0 {
		s.ops = nil
		return nil
	}
	m := s.m
	id, rec := m.newRecord(now, SignIn{})
	rec.Data = s.data
	generation := m.cache.generation(&rec.Key)
	if err := m.store.Commit(ctx, Change{Put: []Record{rec}}); err != nil {
		return storeError("save", err)
	}
	rec.Version = 1
	s.e = m.newEntry(&rec, newActivity(&rec))
	m.cache.replace(s.e, generation)
	s.ops, s.mark, s.id = nil, markSet, id
	return nil
}
