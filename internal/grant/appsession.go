package grant

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
)

const (
	// CodeLifetime is how long a code is good that takes a sign-in to an app's host: 60 seconds.
	CodeLifetime = time.Minute

	// maxAppSessions is how many cookies one session may have at one host. More than one there are if several tabs arrive at once, each of which
	// overwrites the cookie of the one before while that still loads.
	maxAppSessions = 4

	// maxAppMemory bounds what is kept in memory to some 12 MiB. When it is full it begins anew.
	maxAppMemory = 1 << 16
)

// What can be wrong with a code. Whatever it is, the code is worthless afterwards.
var (
	ErrCodeUnknown = errors.New("grant: the code was never issued, was used before, or is long gone")
	ErrCodeExpired = errors.New("grant: the code is older than 60 seconds")
	ErrCodeEarly   = errors.New("grant: the code was issued in the future: a clock is wrong")
	ErrCodeForeign = errors.New("grant: the code belongs to another host or to another browser")

	// ErrNoAppSession: no cookie of this id was issued, or it was so long ago that it is forgotten.
	ErrNoAppSession = errors.New("grant: there is no such session at an app")
)

// AppSession is a person's session as an app's host knows it: a cookie of that host, which holds there alone and for as long as the
// session that it is another name of.
type AppSession struct {
	Parent  string // the handle of the person's session
	Subject string
	Host    string // without a port: browsers do not tell ports apart either
	Created time.Time
}

// Handover is what a code stands for.
type Handover struct {
	AppSession
	Path string // where the person wanted to go at the host: path and query
}

// AppSessions keeps the sessions at apps and the codes that open them.
type AppSessions struct {
	mu    sync.RWMutex
	known map[session.Key]AppSession
}

// NewAppSessions returns a keeper with an empty memory.
func NewAppSessions() *AppSessions { return &AppSessions{known: map[session.Key]AppSession{}} }

// Issue stores a new code for h, whose visit is the hash that the app's host sent along, and returns it: 43 characters.
func (s *AppSessions) Issue(ctx context.Context, tx *db.Conn, h AppSession, path string, visit [sha256.Size]byte, now time.Time) (string, error) {
	if tx.SQLTx() == nil {
		return "", ErrNoTransaction
	}
	code := newToken()
	_, err := tx.Exec(ctx, "INSERT INTO app_codes (hash, parent, subject, host, path, visit, created) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		code.hash(), h.Parent, h.Subject, h.Host, path, visit[:], nanos(now))
	return code.String(), storeError("issue a code", err)
}

// Issued reports whether a code is there to be redeemed. It costs no transaction: for what strangers make up.
func (s *AppSessions) Issued(ctx context.Context, q *db.Conn, code string) (bool, error) {
	t, ok := parseToken(code)
	if !ok {
		return false, nil
	}
	return hasCode(ctx, q, t.hash())
}

// Redeem uses up a code, whatever comes of it, and says what it stood for: the transaction must be committed also if Redeem fails with one of the
// errors of codes. visit is the id in the visit cookie of the browser that brought the code. The same code is never redeemed twice (T8).
func (s *AppSessions) Redeem(ctx context.Context, tx *db.Conn, code, host, visit string, now time.Time) (Handover, error) {
	if tx.SQLTx() == nil {
		return Handover{}, ErrNoTransaction
	}
	t, ok := parseToken(code)
	if !ok {
		return Handover{}, ErrCodeUnknown
	}
	h, bound, err := takeCode(ctx, tx, t.hash())
	if err != nil {
		return Handover{}, err
	}
	age := now.Sub(h.Created)
	switch {
	case h.Host != host || bound != VisitHash(visit):
		return Handover{}, ErrCodeForeign
	case age > CodeLifetime:
		return h, ErrCodeExpired
	case age < -time.Second:
		return h, ErrCodeEarly
	}
	return h, nil
}

// VisitHash is how a code knows the browser that it is for.
func VisitHash(visit string) [sha256.Size]byte { return sha256.Sum256([]byte(visit)) }

// Open stores a session at an app and returns the id for its cookie. until is when the parent is over, used or not.
func (s *AppSessions) Open(ctx context.Context, tx *db.Conn, a AppSession, until, now time.Time) (id string, err error) {
	if tx.SQLTx() == nil {
		return "", ErrNoTransaction
	}
	t := newToken()
	a.Created = now
	return t.String(), insertAppSession(ctx, tx, t.hash(), a, until.Add(session.KeepEndings))
}

// Find returns the session at an app that a cookie names: from memory, since what a key stands for changes only by [AppSessions.Follow].
// Whether the parent lives is not known here.
func (s *AppSessions) Find(ctx context.Context, q *db.Conn, key session.Key) (AppSession, error) {
	s.mu.RLock()
	a, ok := s.known[key]
	s.mu.RUnlock()
	if ok {
		return a, nil
	}
	a, err := findAppSession(ctx, q, key)
	if err != nil {
		return a, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxAppMemory {
		clear(s.known)
	}
	s.known[key] = a
	return a, nil
}

// Forget has the next [AppSessions.Find] of a key read the database: its parent seems to have been renewed.
func (s *AppSessions) Forget(key session.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, key)
}

// Follow makes the sessions at apps of a session that was renewed those of its successor, which is over at until.
func (s *AppSessions) Follow(ctx context.Context, tx *db.Conn, old, successor string, until time.Time) error {
	_, err := tx.Exec(ctx, "UPDATE app_sessions SET parent = $1, until = $2 WHERE parent = $3", successor, nanos(until.Add(session.KeepEndings)), old)
	return storeError("follow a renewed session", err)
}

// List returns, for each live or dead session of an account, the hosts at which it has cookies: one entry a host, oldest first.
func (s *AppSessions) List(ctx context.Context, q *db.Conn, subject string) ([]AppSession, error) {
	return listAppSessions(ctx, q, subject)
}

// Sweep deletes codes and sessions that nothing needs any more, at most sweepBatch of each, and returns how many.
func (s *AppSessions) Sweep(ctx context.Context, tx *db.Conn, now time.Time) (int, error) {
	return sweepApps(ctx, tx, now)
}
