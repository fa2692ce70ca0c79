package session

import (
	"context"
	"errors"
	"time"
)

// KeepEndings is how long a store remembers a session that ended, so that its
// owner can be told why: 30 days.
const KeepEndings = 30 * 24 * time.Hour

var (
	// ErrNotFound: the store knows no such session, neither live nor ended.
	ErrNotFound = errors.New("session: not found")

	// ErrConflict: the record is not in the version that the change was made from.
	ErrConflict = errors.New("session: changed meanwhile by another request")
)

// Ending is what is kept of a session that ended. It holds no data.
type Ending struct {
	Seq             int64 // given by the store: later endings have higher numbers
	Key             Key
	Handle, Subject string
	Created, Seen   time.Time
	At              time.Time // when it ended; for Idle and Lifetime, the limit that passed
	Reason          Reason
}

// EndedError says that a session ended, and how. Test for it with errors.As.
type EndedError struct{ Ending }

func (e *EndedError) Error() string {
	return "session: ended at " + e.At.UTC().Format(time.RFC3339) + ": " + string(e.Reason)
}

// Change is a set of changes that a store applies whole or not at all.
type Change struct {
	Put []Record // new records (Version 0) and new versions of known ones
	End []Ending // sessions that end; Seq is ignored
}

// Touch says that a session was used.
type Touch struct {
	Key  Key
	Seen time.Time
}

// Store keeps sessions. It is used by many goroutines at once. session/sessiontest
// examines implementations; session/memstore and session/sqlstore pass.
//
// A store keeps what it is given and judges nothing: that a record is past its
// limits is for the manager to say. It may hand out and keep the very slices of a
// record (AMR, Data), which nobody changes. Times come back UTC, equal to the nanosecond.
//
// Errors other than those named below mean that the store could not answer. They
// are never a way of saying "absent".
type Store interface {
	// Load returns the live record of key, even past its limits. A session
	// that ended is an *EndedError, one never heard of ErrNotFound.
	Load(ctx context.Context, key Key) (Record, error)

	// Find returns the session of a public handle: its record if it is live
	// (then the Ending is nil), else its Ending (then the Record is zero).
	// Neither: ErrNotFound. That it ended is not an error here.
	Find(ctx context.Context, handle string) (Record, *Ending, error)

	// List returns the live records of a subject, also those past their
	// limits, by Created, oldest first. None is an empty list and no error;
	// so is the subject "", whose sessions are not listed.
	List(ctx context.Context, subject string) ([]Record, error)

	// Commit applies the change whole or not at all, and returns nil only
	// when it will survive a crash as far as the store survives one.
	//
	// Put, Version 0: inserts. The stored record has Version 1. ErrConflict if
	// the key or the handle is taken.
	// Put, Version n: replaces the record if the stored one has Version n; the
	// stored record then has Version n+1, and the later of the two Seen.
	// ErrConflict if another version, or nothing, is stored.
	// Put of a session that ended, in any version: *EndedError.
	//
	// End: the record is removed and the Ending kept, in the same transaction.
	// It asks for no version. A session that ended already keeps its first
	// Ending, without an error; one that is not stored gets its Ending all the same.
	// Endings are numbered by Seq in the order in which they can be seen.
	Commit(ctx context.Context, c Change) error

	// Touch moves Seen forward, never back, and leaves Version as it is.
	// Unknown and ended sessions are passed over. It need not survive a crash.
	Touch(ctx context.Context, ts []Touch) error

	// Sweep ends live records for which ExpiredAt(now), with its Reason and At
	// the limit that passed (see Record.Limit), and forgets endings that are
	// older than KeepEndings at now. It does a bounded part of the work and
	// returns the endings it made; none means that nothing expired is left.
	Sweep(ctx context.Context, now time.Time) ([]Ending, error)
}

// Follower is a store whose endings can be followed, so that other processes
// learn of them.
type Follower interface {
	// Endings returns at most limit endings with a Seq above after, by Seq.
	// Between two calls no ending appears below one that was returned before.
	Endings(ctx context.Context, after int64, limit int) ([]Ending, error)
}
