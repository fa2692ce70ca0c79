package guard

import (
	"crypto/sha256"
	"sync"
)

// cacheBytes bounds the memory of a tokenCache, about as many tokens of the usual 600 bytes as two thousand.
const cacheBytes = 8 << 20

type tokenKey [sha256.Size]byte

// tokenCache remembers tokens that passed the verifier, by the hash of the whole token: one changed bit is another token.
// Only sound tokens come in, so a flood of bad ones moves nothing out.
//
// It has two generations of half the size. When the young one is full it becomes the old one, and the old one is
// forgotten; what is used is young again. That is nearly as good as a list in order of use, and has no list.
type tokenCache struct {
	mu         sync.RWMutex
	epoch      uint64
	young, old map[tokenKey]cached
	size       int // of young
}

type cached struct {
	*verified
	size int
}

// entrySize is what a token costs: its text, its payload, the claims read from it, the maps; rather too much.
func entrySize(token string) int { return 1024 + 4*len(token) }

// key returns the key of a token, and the epoch in which its verification begins.
func (c *tokenCache) key(token string) (tokenKey, uint64) {
	var room [1024]byte // most tokens fit: no copy on the heap only to hash it
	key := sha256.Sum256(append(room[:0], token...))
	c.mu.RLock()
	defer c.mu.RUnlock()
	return key, c.epoch
}

// get returns nil if the token is not remembered.
func (c *tokenCache) get(key tokenKey) *verified {
	c.mu.RLock()
	t, ok := c.young[key]
	if ok {
		c.mu.RUnlock()
		return t.verified
	}
	t, ok = c.old[key]
	epoch := c.epoch
	c.mu.RUnlock()
	if !ok {
		return nil
	}
	c.put(key, t.verified, t.size, epoch)
	return t.verified
}

// put remembers a token, unless the cache was flushed since the epoch.
func (c *tokenCache) put(key tokenKey, t *verified, size int, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch || size > cacheBytes/2 {
		return
	}
	if _, ok := c.young[key]; ok {
		return
	}
	if c.young == nil || c.size+size > cacheBytes/2 {
		c.young, c.old, c.size = make(map[tokenKey]cached), c.young, 0
	}
	c.young[key] = cached{t, size}
	c.size += size
}

func (c *tokenCache) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	c.young, c.old, c.size = nil, nil, 0
}
