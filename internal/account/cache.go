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
	maxCached = 16_384 // accounts, about 110 bytes each

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
	accounts   map[uint64]place // by the hash of the id; should two have the same, they take turns
	shelf      shelf            // what they are
	sets       map[string][]string
	generation uint64               // counts whatever makes a read under way worthless
	waiting    map[string]time.Time // accounts that a transaction is changing, and since when
}

func newCache() *cache {
	return &cache{
		seed: maphash.MakeSeed(), accounts: map[uint64]place{}, sets: map[string][]string{}, waiting: map[string]time.Time{},
	}
}

func (c *cache) hash(id string) uint64 { return maphash.String(c.seed, id) }

// Lookup is [Accounts.ByID] through the cache: about 100 ns for an account that was asked for lately. Give it db.DB.View(), never a transaction.
func (a *Accounts) Lookup(ctx context.Context, q *db.Conn, id string) (Account, error) {
	c := a.cache
	h := c.hash(id)
	c.mu.RLock()
	var text string
	if p, ok := c.accounts[h]; ok {
		text = string(c.shelf.at(p))
	}
	generation := c.generation
	c.mu.RUnlock()
	if text != "" {
		if acct := c.unpack(text); acct.ID == id {
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

// Version is another number after any account may have changed, here or in another process.
func (a *Accounts) Version() uint64 {
	a.cache.mu.RLock()
	defer a.cache.mu.RUnlock()
	return a.cache.generation
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
		c.shelf = shelf{}
		// Changes that wait for their own commit go on waiting: this commit was another's.
		return
	}
	for _, id := range ids {
		c.remove(c.hash(id))
		delete(c.waiting, id)
	}
}

// changing says that a transaction is changing an account: until Forget it is read from the database, which shows the old state
// before the commit and the new one from then on.
func (c *cache) changing(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.remove(c.hash(id))
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
			c.remove(h)
			break
		}
	}
	h := c.hash(acct.ID)
	c.remove(h)
	if c.shelf.wasteful() {
		old := c.shelf
		c.shelf = shelf{}
		for h, p := range c.accounts {
			c.accounts[h], _ = c.shelf.put(old.at(p))
		}
	}
	if p, ok := c.shelf.put(pack(acct)); ok {
		c.accounts[h] = p
	}
}

func (c *cache) remove(h uint64) {
	if p, ok := c.accounts[h]; ok {
		delete(c.accounts, h)
		c.shelf.drop(p)
	}
}

// An account in a third of the room, for there may be very many:
//
//	flags created [changed] length-of-id length-of-email length-of-name id email name groups
//
// with times as stored, 8 bytes, little end first, lengths as unsigned LEB128, and groups with commas between them, which are in no name.
const (
	packedAdmin = 1 << iota
	packedDisabled
	packedTrustedEmail
	packedPassword // changed is there
)

func pack(a Account) []byte {
	flags := byte(flag(a.Admin)*packedAdmin | flag(a.Disabled)*packedDisabled | flag(a.EmailTrusted)*packedTrustedEmail | flag(!a.PasswordChanged.IsZero())*packedPassword)
	b := append(make([]byte, 0, 512), flags)
	b = binary.LittleEndian.AppendUint64(b, uint64(nanos(a.Created)))
	if flags&packedPassword != 0 {
		b = binary.LittleEndian.AppendUint64(b, uint64(nanos(a.PasswordChanged)))
	}
	for _, s := range []string{a.ID, a.Email, a.Name} {
		b = binary.AppendUvarint(b, uint64(len(s)))
	}
	b = append(append(append(b, a.ID...), a.Email...), a.Name...)
	return append(b, strings.Join(a.Groups, ",")...)
}

func (c *cache) unpack(text string) (a Account) {
	flags, text := text[0], text[1:]
	a.Admin, a.Disabled, a.EmailTrusted = flags&packedAdmin != 0, flags&packedDisabled != 0, flags&packedTrustedEmail != 0
	a.Created, text = cutTime(text)
	if flags&packedPassword != 0 {
		a.PasswordChanged, text = cutTime(text)
	}
	id, text := cutLength(text)
	email, text := cutLength(text)
	name, text := cutLength(text)
	a.ID, text = text[:id], text[id:]
	a.Email, text = text[:email], text[email:]
	a.Name, text = text[:name], text[name:]
	a.Groups = c.set(text)
	return a
}

func cutTime(text string) (time.Time, string) {
	t := text[:8]
	n := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 | uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
	return fromNanos(int64(n)), text[8:]
}

func cutLength(text string) (n int, rest string) {
	for i := 0; ; i++ {
		n |= int(text[i]&0x7f) << (7 * i)
		if text[i] < 0x80 {
			return n, text[i+1:]
		}
	}
}

// maxSets bounds what is kept of sets of groups that nobody is in any more. When it is full it begins anew.
const maxSets = 1024

// set returns the groups of a text, which most people have in common with many others, without making them each time.
func (c *cache) set(text string) []string {
	if text == "" {
		return nil
	}
	c.mu.RLock()
	set := c.sets[text]
	c.mu.RUnlock()
	if set != nil {
		return set
	}
	text = strings.Clone(text) // which was a part of more
	set = strings.Split(text, ",")
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sets) >= maxSets {
		clear(c.sets)
	}
	c.sets[text] = set[:len(set):len(set)]
	return c.sets[text]
}

// nanos is what fromNanos reads.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
