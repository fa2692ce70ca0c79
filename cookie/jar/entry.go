package jar

import "time"

// An entry is a cookie in the jar.
type entry struct {
	Cookie
	order  uint64 // of creation, among those with the same Created
	shelf  *shelf // nil when it is not in the jar any more
	place  int    // in the queue
	key    time.Time
	change uint64    // of the journal, that brought it
	at     time.Time // of that change
	saved  bool      // a file may have it
}

func (e *entry) expired(now time.Time) bool { return e.Persistent && !e.Expires.After(now) }

// size is what counts against the limit of a partition.
func (e *entry) size() int { return len(e.Name) + len(e.Value) }
