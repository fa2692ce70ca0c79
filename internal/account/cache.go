package account

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
)

const (
	maxCached = 16_384 // accounts, about 160 bytes each

	// A transaction that changes an account and whose caller never calls Forget: after this long it has been committed or undone. Updates give up
	// after ten seconds.
	maxChanging = time.Minute
	maxWaiting  = 1024 // then those are dropped that are done for sure
)

// cache holds accounts for the hot path. What it holds was committed and not changed since: a read is put in only if nothing was
// forgotten while it was under way, and never while a change of that account waits for its commit.
type cache struct {
	mu         sync.RWMutex
	accounts   map[string]*kept
	generation uint64               // counts whatever makes a read under way worthless
	waiting    map[string]time.Time // accounts that a transaction is changing, and since when
}

func newCache() *cache {
	return &cache{accounts: map[string]*kept{}, waiting: map[string]time.Time{}}
}

// Lookup is [Accounts.ByID] through the cache: about 50 ns for an account that was asked for lately. Give it db.DB.View(), never a transaction.
func (a *Accounts) Lookup(ctx context.Context, q *db.Conn, id string) (Account, error) {
	c := a.cache
	c.mu.RLock()
	k := c.accounts[id]
	generation := c.generation
	c.mu.RUnlock()
	if k != nil {
		return k.account(), nil
	}
	acct, err := a.ByID(ctx, q, id)
	if err != nil {
		return Account{}, err
	}
	if q.SQLTx() == nil { // what a transaction sees may never be committed
		c.put(acct, generation, time.Now())
	}
	return acct, nil
}

// Forget drops the named accounts from the cache, or all of them. Call it with their ids after committing a change, and without any after
// another process has committed, or may have.
func (a *Accounts) Forget(ids ...string) { a.cache.forget(ids...) }

func (c *cache) forget(ids ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	if len(ids) == 0 {
		clear(c.accounts)
		// Changes that wait for their own commit go on waiting: this commit was another's.
		return
	}
	for _, id := range ids {
		delete(c.accounts, id)
		delete(c.waiting, id)
	}
}

// changing says that a transaction is changing an account: until Forget it is read from the database, which shows the old state
// before the commit and the new one from then on.
func (c *cache) changing(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	delete(c.accounts, id)
	now := time.Now()
	if len(c.waiting) >= maxWaiting {
		maps.DeleteFunc(c.waiting, func(_ string, since time.Time) bool { return now.Sub(since) >= maxChanging })
	}
	c.waiting[id] = now
}

func (c *cache) put(acct Account, generation uint64, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation != generation {
		return
	}
	if since, ok := c.waiting[acct.ID]; ok {
		if now.Sub(since) < maxChanging {
			return
		}
		delete(c.waiting, acct.ID)
	}
	if len(c.accounts) >= maxCached {
		for id := range c.accounts { // any one: Go starts at a random place
			delete(c.accounts, id)
			break
		}
	}
	k := keep(acct)
	c.accounts[k.account().ID] = k // the same text as in k, not another
}

// kept is an Account in half the room, for there may be very many: its texts in one piece, its times in nanoseconds. It never changes.
type kept struct {
	texts                         string // id, email, name
	groups                        []string
	created, changed              int64  // 0 = zero time, as stored
	id, email                     uint16 // how long they are
	admin, disabled, trustedEmail bool
}

func keep(a Account) *kept {
	return &kept{
		texts: a.ID + a.Email + a.Name, groups: a.Groups, created: nanos(a.Created), changed: nanos(a.PasswordChanged),
		id: uint16(len(a.ID)), email: uint16(len(a.Email)), // at most 22 and 254 bytes
		admin: a.Admin, disabled: a.Disabled, trustedEmail: a.EmailTrusted,
	}
}

func (k *kept) account() Account {
	name := k.id + k.email
	return Account{
		ID: k.texts[:k.id], Email: k.texts[k.id:name], Name: k.texts[name:], Groups: k.groups,
		Admin: k.admin, Disabled: k.disabled, EmailTrusted: k.trustedEmail,
		Created: fromNanos(k.created), PasswordChanged: fromNanos(k.changed),
	}
}

// nanos is what fromNanos reads.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
