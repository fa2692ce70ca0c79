package revocation

import (
	"maps"
	"sync"
	"sync/atomic"
	"unique"
)

// entry is one revocation as a message has it. It is about a session, an account or a key.
type entry struct {
	Session   string `json:"sid"`
	Account   string `json:"sub"` // of a session too
	KeyID     string `json:"kid"`
	NotBefore int64  `json:"not_before"` // of an account: what was issued before is revoked
	Until     int64  `json:"until"`      // when the last token that it can concern has expired
	Reason    string `json:"reason"`
}

// entries are the revocations that are known. They are only added to, and forgotten when no token can be concerned any more: what was
// revoked once is never accepted again, whatever is heard later.
type entries struct {
	most               int64
	count              atomic.Int64
	sessions, accounts *table
	keys               atomic.Pointer[map[string]int64] // with their until; never changed, only exchanged
	exchange           sync.Mutex
}

func newEntries(most int) *entries {
	return &entries{most: int64(most), sessions: newTable(), accounts: newTable()}
}

// mostKeys is how many keys are kept. In 30 days nobody retires so many.
const mostKeys = 1000

// add fails with ErrTooMany if there is no room; then the entry is not known.
func (e *entries) add(one *entry) error {
	end := ending{one.NotBefore, one.Until, unique.Make(one.Reason)}
	switch {
	case one.KeyID != "":
		return e.addKey(one.KeyID, one.Until)
	case one.Session != "":
		return e.sessions.add(one.Session, end, e.takeRoom)
	}
	return e.accounts.add(one.Account, end, e.takeRoom)
}

// takeRoom is called by one goroutine at a time: that which reads the feed.
func (e *entries) takeRoom() error {
	if n := e.count.Load(); n >= e.most {
		return refuse(ErrTooMany, gotLimit("entries", n+1, e.most))
	}
	e.count.Add(1)
	return nil
}

func (e *entries) addKey(kid string, until int64) error {
	e.exchange.Lock()
	defer e.exchange.Unlock()
	next := map[string]int64{}
	if old := e.keys.Load(); old != nil {
		next = maps.Clone(*old)
	}
	if _, found := next[kid]; !found {
		if len(next) == mostKeys {
			return refuse(ErrTooMany, gotLimit("keys", mostKeys+1, mostKeys))
		}
		if err := e.takeRoom(); err != nil {
			return err
		}
	}
	next[kid] = max(next[kid], until)
	e.keys.Store(&next)
	return nil
}

// key reports whether a key was retired.
func (e *entries) key(kid string) bool {
	keys := e.keys.Load()
	if keys == nil {
		return false
	}
	_, found := (*keys)[kid]
	return found
}

// sweep forgets what ended before a time, in seconds: of sessions and accounts in one shard of each.
func (e *entries) sweep(n int, before int64) {
	e.count.Add(-int64(e.sessions.sweep(n, before) + e.accounts.sweep(n, before)))
	e.exchange.Lock()
	defer e.exchange.Unlock()
	old := e.keys.Load()
	if old == nil {
		return
	}
	next := maps.Clone(*old)
	maps.DeleteFunc(next, func(_ string, until int64) bool { return until < before })
	if gone := len(*old) - len(next); gone > 0 {
		e.count.Add(-int64(gone))
		e.keys.Store(&next)
	}
}
