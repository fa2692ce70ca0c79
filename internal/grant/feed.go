package grant

import (
	"context"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
)

const (
	// feedMargin is how long after the last token has expired an entry is kept: the leeway that verifiers may allow.
	feedMargin = time.Minute
	// keyMargin is how long a leaked key is told of. Whoever has it writes any `exp`.
	keyMargin = 30 * 24 * time.Hour
	// feedBatch bounds the entries that one Sweep deletes.
	feedBatch = 5000
)

// EntryKind says whom an [Entry] is about.
type EntryKind string

const (
	SessionEntry EntryKind = "session" // every token of the session is dead
	AccountEntry EntryKind = "account" // every token of the account from before NotBefore is dead
	KeyEntry     EntryKind = "key"     // every token that the key signed is dead
)

// Entry is one thing that happened, of which whoever verifies tokens must know while Until has not passed.
type Entry struct {
	Seq       int64 // 1, 2, 3, … in the order of commits
	Kind      EntryKind
	Session   string // the handle, of a SessionEntry
	Subject   string // the account, of a SessionEntry and an AccountEntry
	Key       string // the kid, of a KeyEntry
	At        time.Time
	NotBefore time.Time      // of an AccountEntry; whole seconds, as `iat` is
	Reason    session.Reason // empty for a KeyEntry
	Until     time.Time      // the last token that it can concern has expired, for verifiers with a minute of leeway too
}

// Feed is the record of what ended while tokens of it lived: what verifiers elsewhere must be told. It holds nothing itself.
// What is appended is numbered and comes into sight with the transaction, in its order and without a gap.
type Feed struct{}

// NewFeed returns the feed.
func NewFeed() *Feed { return &Feed{} }

// SessionsEnded appends the endings of which an access token may still live; of the others nobody need be told. It returns
// what it wrote.
func (f *Feed) SessionsEnded(ctx context.Context, tx *db.Conn, es []session.Ending) ([]Entry, error) {
	return f.sessionsEnded(ctx, tx, es, time.Now())
}

func (f *Feed) sessionsEnded(ctx context.Context, tx *db.Conn, es []session.Ending, now time.Time) ([]Entry, error) {
	var concern []Entry
	for _, e := range es {
		until, err := accessUntil(ctx, tx, "session_handle = $1", e.Handle)
		if err != nil {
			return nil, err
		}
		if now.Before(until) {
			concern = append(concern, Entry{Kind: SessionEntry, Session: e.Handle, Subject: e.Subject, At: e.At, Reason: e.Reason, Until: until})
		}
	}
	return f.append(ctx, tx, concern)
}

// AccountEnded appends that all sessions of an account have ended, but for the one with the handle except ("" spares none). Nothing is
// appended if the spared session has a living token, which would die too, or if no other has.
func (f *Feed) AccountEnded(ctx context.Context, tx *db.Conn, subject, except string, why session.Reason) error {
	return f.accountEnded(ctx, tx, subject, except, why, time.Now())
}

func (f *Feed) accountEnded(ctx context.Context, tx *db.Conn, subject, except string, why session.Reason, now time.Time) error {
	spared, err := accessUntil(ctx, tx, "subject = $1 AND session_handle = $2", subject, except)
	if err != nil {
		return err
	}
	until, err := accessUntil(ctx, tx, "subject = $1 AND session_handle <> $2", subject, except)
	if err != nil || !now.Before(until) || now.Before(spared) {
		return err
	}
	_, err = f.append(ctx, tx, []Entry{{
		Kind: AccountEntry, Subject: subject, At: now, NotBefore: time.Unix(now.Unix(), 0).UTC(), Reason: why, Until: until,
	}})
	return err
}

// KeyRetired appends that a signing key was retired at once, and that whatever it signed is dead.
func (f *Feed) KeyRetired(ctx context.Context, tx *db.Conn, kid string, now time.Time) error {
	_, err := f.append(ctx, tx, []Entry{{Kind: KeyEntry, Key: kid, At: now, Until: now.Add(keyMargin)}})
	return err
}

// append numbers entries and writes them.
func (f *Feed) append(ctx context.Context, tx *db.Conn, es []Entry) ([]Entry, error) {
	if tx.SQLTx() == nil {
		return nil, ErrNoTransaction
	}
	if len(es) == 0 {
		return nil, nil
	}
	var last int64
	if err := tx.QueryRow(ctx, "UPDATE feed_head SET seq = seq + $1 RETURNING seq", len(es)).Scan(&last); err != nil {
		return nil, storeError("number the feed", err)
	}
	for i := range es {
		es[i].Seq = last - int64(len(es)-1-i)
		if err := insertEntry(ctx, tx, &es[i]); err != nil {
			return nil, err
		}
	}
	return es, nil
}
