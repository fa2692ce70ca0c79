package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
)

// Manager finds the session of a request, judges its limits, and changes it. It is made by
// [New], used by many goroutines at once, and closed by Close.
//
// It keeps sessions in memory and runs no goroutine of its own. Last-seen times are exact in memory and
// written in batches, at most once in Options.TouchEvery, by a timer that is set only while some
// wait; Flush and Close write them at once.
type Manager struct {
	store   Store
	opt     Options
	cache   *cache
	touches *touches
	commons commons

	salt     [16]byte     // of the hashes of ids in the log
	agents   maphash.Seed // of the hashes of User-Agent headers
	subjects [64]sync.Mutex
	retries  [64]sync.Mutex

	handles   handles
	following sync.Mutex
	followed  int64
}

// New returns a manager of the sessions in store. The error names every option that cannot be.
func New(store Store, o *Options) (*Manager, error) {
	if store == nil {
		return nil, errors.New("session: no store")
	}
	opt, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Manager{store: store, opt: opt, agents: maphash.MakeSeed()}
	_, _ = rand.Read(m.salt[:]) // never fails
	m.touches = &touches{every: opt.TouchEvery, write: m.writeTouches}
	m.cache = newCache(opt.CacheBytes, func(e *entry) { m.touches.soon(e.act) })
	return m, nil
}

// Warnings names the limits that go beyond what NIST SP 800-63B-4 recommends at
// Options.Level. A program prints them when it starts.
func (m *Manager) Warnings() []string { return m.opt.warnings() }

// Store returns the store that New was given.
func (m *Manager) Store() Store { return m.store }

// Load returns the session of a request. It is always a session, if need be a new one, of
// which nothing is stored yet and whose WhyNew says why there is no older one.
//
// The error is that of a store that cannot answer, or of cookies over the limits of package cookie
// (cookie.ErrTooMany, cookie.ErrHeaderTooLarge); then there is no session, and the
// request must be refused. Load writes nothing to the response. It counts as use of the session, unless the request is [Unattended].
func (m *Manager) Load(r *http.Request) (*Session, error) {
	s := new(Session)
	if err := m.load(s, r, time.Now()); err != nil {
		return nil, err
	}
	return s, nil
}

// LoadKey is Load without a request: the session of an id, by the same rules. An
// empty id is NoCredentials.
func (m *Manager) LoadKey(ctx context.Context, id string) (*Session, error) {
	s := &Session{m: m}
	if err := m.loadID(ctx, s, id, time.Now()); err != nil {
		return nil, err
	}
	return s, nil
}

func (m *Manager) load(s *Session, r *http.Request, now time.Time) error {
	s.m, s.r = m, r
	id, err := cookie.Get(r.Header, m.opt.CookieName)
	switch {
	case err == nil:
	case errors.Is(err, http.ErrNoCookie):
		s.why = NoCredentials
		return nil
	case errors.Is(err, cookie.ErrDuplicate), errors.Is(err, cookie.ErrCaseVariant):
		// Somebody may have put a cookie of theirs beside the real one. There is no
		// telling which is which, so none is believed (T10).
		s.sent = true
		s.why = DuplicateCookie
		m.log(r.Context(), slog.LevelWarn, "cookie.duplicate", slog.String("name", m.opt.CookieName))
		return nil
	default:
		return err
	}
	s.sent = true
	if err := m.loadID(r.Context(), s, id, now); err != nil {
		return err
	}
	if s.e != nil && m.opt.Device != nil {
		m.watchDevice(s.e, r)
	}
	return nil
}

func (m *Manager) loadID(ctx context.Context, s *Session, id string, now time.Time) error {
	if id == "" {
		s.why = NoCredentials
		return nil
	}
	key, ok := KeyOf(id)
	if !ok {
		s.why = UnknownSession
		return nil
	}
	return m.loadSession(ctx, s, &key, now)
}

func (m *Manager) loadSession(ctx context.Context, s *Session, key *Key, now time.Time) error {
	e, ending, err := m.lookup(ctx, key, now)
	switch {
	case err != nil:
		return err
	case e != nil:
		s.e, s.data = e, e.content()
	case ending != nil:
		s.why, s.ending = ending.Reason, ending
	default:
		s.why = UnknownSession
		m.log(ctx, slog.LevelInfo, "session.unknown", slog.String("id_hash", m.hash(key)))
	}
	return nil
}

// lookup returns the live session of a key, or how it ended, or neither if it is unknown.
func (m *Manager) lookup(ctx context.Context, key *Key, now time.Time) (*entry, *Ending, error) {
	if e := m.cache.get(key); e != nil && !m.over(e, now) {
		m.use(ctx, e.act, now.UnixNano())
		return e, nil, nil
	}
	// Not in memory, or over by what is known here: the store may know of a
	// later use, or of another end.
	e, err := m.fetch(ctx, key)
	var ended *EndedError
	switch {
	case errors.As(err, &ended):
		m.Observe(ended.Ending)
		return nil, &ended.Ending, nil
	case errors.Is(err, ErrNotFound):
		m.cache.forget(key)
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	}
	if m.over(e, now) {
		ending := m.expire(ctx, e)
		return nil, &ending, nil
	}
	m.use(ctx, e.act, now.UnixNano())
	return e, nil, nil
}

// fetch reads a session from the store into the cache.
func (m *Manager) fetch(ctx context.Context, key *Key) (*entry, error) {
	generation := m.cache.generation(key)
	before := m.touches.of(*key)
	rec, err := m.store.Load(ctx, *key)
	if err != nil {
		return nil, storeError("load", err)
	}
	if rec.Key != *key {
		return nil, fmt.Errorf("session: load: the store returned the record of another key")
	}
	if rec.Data, err = readData(rec.Data); err != nil {
		return nil, err
	}
	act := before
	if act == nil {
		act = m.touches.of(*key)
	}
	if act == nil {
		act = newActivity(&rec)
	}
	act.touch(rec.Seen.UnixNano())
	return m.cache.fill(m.newEntry(&rec, act), generation), nil
}

// over tells whether a session is past its limits, by all that is known here. A
// session is valid at its limit.
func (m *Manager) over(e *entry, now time.Time) bool {
	if now.UnixNano() > int64(e.expires) {
		return true
	}
	if e.traits.idle == 0 {
		return false
	}
	limit := e.act.seen.Load() + int64(e.traits.idle)
	if m.opt.Shared {
		limit += int64(m.opt.TouchEvery) // which is how long another process may keep a use to itself
	}
	return now.UnixNano() > limit
}

// expire ends a session that is past its limits. That the end may not be stored
// changes nothing for the client; Sweep will come by it again.
func (m *Manager) expire(ctx context.Context, e *entry) Ending {
	rec := e.record()
	limit, why := rec.Limit()
	ending := rec.Ending(why, limit)
	if err := m.store.Commit(ctx, Change{End: []Ending{ending}}); err != nil {
		m.log(ctx, slog.LevelWarn, "session.end.unstored", slog.String("session", rec.Handle), slog.Any("error", err))
	} else {
		m.logEnding(ctx, &ending)
	}
	m.Observe(ending)
	return ending
}

// Observe tells the manager of endings that were committed elsewhere: in a
// transaction of the program, or by another process. When it returns, no request
// finds those sessions any more. Call it after the commit, not before.
func (m *Manager) Observe(es ...Ending) {
	for i := range es {
		m.cache.forget(&es[i].Key)
		m.touches.drop(es[i].Key)
	}
}

// CatchUp observes the endings in the store since it was last called, at first all
// that the store remembers. The store must be a [Follower].
func (m *Manager) CatchUp(ctx context.Context) error {
	f, ok := m.store.(Follower)
	if !ok {
		return errors.New("session: the store cannot be followed")
	}
	m.following.Lock()
	defer m.following.Unlock()
	const page = 1000
	for {
		es, err := f.Endings(ctx, m.followed, page)
		if err != nil {
			return storeError("endings", err)
		}
		m.Observe(es...)
		if len(es) > 0 {
			m.followed = es[len(es)-1].Seq
		}
		if len(es) < page {
			return nil
		}
	}
}

// SetStale(true) says that endings elsewhere may go unnoticed: from now on every
// read goes to the store. Call SetStale(false) when the missed ones have been observed.
func (m *Manager) SetStale(stale bool) { m.cache.setStale(stale) }

// Sweep ends the sessions that are past their limits, and has the store forget old endings.
// It returns how many sessions it ended. Sessions past their limits are refused without it; it frees
// the room that they take, and is called every few minutes.
func (m *Manager) Sweep(ctx context.Context) (int, error) {
	// The time is taken first: a session that is used from here on was
	// valid then, and its last use before then is among what Flush writes.
	now := time.Now().UTC()
	if err := m.Flush(ctx); err != nil {
		return 0, err
	}
	if m.opt.Shared {
		now = now.Add(-m.opt.TouchEvery) // see over
	}
	n := 0
	for {
		es, err := m.store.Sweep(ctx, now)
		m.Observe(es...)
		for i := range es {
			m.logEnding(ctx, &es[i])
		}
		n += len(es)
		if err != nil {
			return n, storeError("sweep", err)
		}
		if len(es) == 0 {
			return n, nil
		}
	}
}

// Flush writes the last-seen times that wait.
func (m *Manager) Flush(ctx context.Context) error { return m.touches.flush(ctx, true, false) }

// Close writes the last-seen times that wait and stops the timer. It does not close the store.
// Sessions can still be read afterwards, but their last use is written no more.
func (m *Manager) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	return m.touches.close(ctx)
}

func (m *Manager) writeTouches(ctx context.Context, ts []Touch) error {
	if err := m.store.Touch(ctx, ts); err != nil {
		m.log(ctx, slog.LevelError, "session.touch.unstored", slog.Int("sessions", len(ts)), slog.Any("error", err))
		return storeError("touch", err)
	}
	return nil
}

// storeError names what the store was asked for. The errors that a store answers with, and those of a
// context, can still be told by errors.Is and errors.As.
func storeError(what string, err error) error {
	return fmt.Errorf("session: %s: %w", what, err)
}
