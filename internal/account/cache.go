package account

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
)

const (
	maxCached = 16_384 // accounts, about 120 bytes each

	// A transaction that changes an account and whose caller never calls Forget: after this long it has been committed or undone. Updates give up
	// after ten seconds.
	maxChanging = time.Minute
	maxWaiting  = 1024 // then those are dropped that are done for sure
)

// cache holds accounts for the hot path. What it holds was committed and not changed since: a read is put in only if nothing was
// forgotten while it was under way, and never while a change of that account waits for its commit.
type cache struct {
	seed       maphash.Seed
	mu         sync.RWMutex
	accounts   map[uint64]*kept // by the hash of the id; should two have the same, they take turns
	sets       map[string]*[]string
	generation uint64               // counts whatever makes a read under way worthless
	waiting    map[string]time.Time // accounts that a transaction is changing, and since when
}

func newCache() *cache {
	return &cache{
		seed: maphash.MakeSeed(), accounts: map[uint64]*kept{}, sets: map[string]*[]string{}, waiting: map[string]time.Time{},
	}
}

func (c *cache) hash(id string) uint64 { return maphash.String(c.seed, id) }

// Lookup is [Accounts.ByID] through the cache: about 60 ns for an account that was asked for lately. Give it db.DB.View(), never a transaction.
func (a *Accounts) Lookup(ctx context.Context, q *db.Conn, id string) (Account, error) {
	c := a.cache
	h := c.hash(id)
	c.mu.RLock()
	k := c.accounts[h]
	generation := c.generation
	c.mu.RUnlock()
	if k != nil {
		if acct := k.account(); acct.ID == id {
			return acct, nil
		}
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
		delete(c.accounts, c.hash(id))
		delete(c.waiting, id)
	}
}

// changing says that a transaction is changing an account: until Forget it is read from the database, which shows the old state
// before the commit and the new one from then on.
func (c *cache) changing(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	delete(c.accounts, c.hash(id))
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
		for h := range c.accounts { // any one: Go starts at a random place
			delete(c.accounts, h)
			break
		}
	}
	c.accounts[c.hash(acct.ID)] = keep(acct, c.set(acct.Groups))
}

// maxSets bounds what is kept of sets of groups that nobody is in any more. When it is full it begins anew.
const maxSets = 1024

// set returns groups, which most people have in common with many others, in the one copy of all of them; nil if there are none.
func (c *cache) set(groups []string) *[]string {
	if len(groups) == 0 {
		return nil
	}
	key := strings.Join(groups, ",") // which is in no name
	set := c.sets[key]
	if set == nil {
		if len(c.sets) >= maxSets {
			clear(c.sets)
		}
		kept := groups // and not the argument, which would then be on the heap each time
		set = &kept
		c.sets[key] = set
	}
	return set
}

// kept is an Account in a third of the room, for there may be very many. It never changes. The text is
//
//	flags created [changed] length-of-id length-of-email id email name
//
// with times as stored, 8 bytes, little end first, and lengths of two bytes: an id has at most 22, an address at most 254.
type kept struct {
	text   string
	groups *[]string // shared; nil: none
}

const (
	keptAdmin = 1 << iota
	keptDisabled
	keptTrustedEmail
	keptPassword // changed is there
)

func keep(a Account, groups *[]string) *kept {
	flags := byte(flag(a.Admin)*keptAdmin | flag(a.Disabled)*keptDisabled | flag(a.EmailTrusted)*keptTrustedEmail | flag(!a.PasswordChanged.IsZero())*keptPassword)
	var room [512]byte
	b := append(room[:0], flags)
	b = binary.LittleEndian.AppendUint64(b, uint64(nanos(a.Created)))
	if flags&keptPassword != 0 {
		b = binary.LittleEndian.AppendUint64(b, uint64(nanos(a.PasswordChanged)))
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(a.ID)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(a.Email)))
	b = append(b, a.ID...)
	b = append(b, a.Email...)
	b = append(b, a.Name...)
	return &kept{string(b), groups}
}

func (k *kept) account() Account {
	flags, text := k.text[0], k.text[1:]
	a := Account{Admin: flags&keptAdmin != 0, Disabled: flags&keptDisabled != 0, EmailTrusted: flags&keptTrustedEmail != 0}
	if k.groups != nil {
		a.Groups = *k.groups
	}
	a.Created, text = fromNanos(int64(number(text[:8]))), text[8:]
	if flags&keptPassword != 0 {
		a.PasswordChanged, text = fromNanos(int64(number(text[:8]))), text[8:]
	}
	id, email, text := number(text[:2]), number(text[2:4]), text[4:]
	a.ID, text = text[:id], text[id:]
	a.Email, a.Name = text[:email], text[email:]
	return a
}

// number reads a number of up to 8 bytes, little end first.
func number(text string) (n uint64) {
	for i := range len(text) {
		n |= uint64(text[i]) << (8 * i)
	}
	return n
}

// nanos is what fromNanos reads.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
