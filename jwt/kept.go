package jwt

import (
	"crypto/sha256"
	"sync"
)

const mostKeepBytes = 1 << 30

// keptTokens are tokens that passed the checks of signature, type, issuer and audience, by the SHA-256 of the whole
// token: one changed bit is another token, and what is kept is of no use as a token. Only sound ones come in, so a
// flood of bad ones moves nothing out.
//
// It has two generations of half the size. When the young one is full it becomes the old one, and the old one is
// forgotten; what is used is young again. That is nearly as good as a list in order of use, and has no list.
type keptTokens struct {
	most int // bytes; 0 keeps nothing

	mu         sync.RWMutex
	young, old map[[sha256.Size]byte]*keptToken
	size       int // of young
}

type keptToken struct {
	*Token
	has registered
	key *Key // that verified it
}

// size is what a token costs: its payload, claims with escapes in them, its fixed parts, the maps; rather too much.
func (k *keptToken) size() int { return 1024 + 2*len(k.payload) }

func hashToken(token string) [sha256.Size]byte {
	r := rooms.Get().(*room)
	defer r.leave()
	r.signed = append(r.signed[:0], token...)
	return sha256.Sum256(r.signed)
}

// find returns nil if the token is not kept.
func (c *keptTokens) find(hash [sha256.Size]byte) *keptToken {
	c.mu.RLock()
	k, young := c.young[hash]
	if !young {
		k = c.old[hash]
	}
	c.mu.RUnlock()
	if k != nil && !young {
		c.keep(hash, k)
	}
	return k
}

func (c *keptTokens) keep(hash [sha256.Size]byte, k *keptToken) {
	size := k.size()
	if size > c.most/2 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, found := c.young[hash]; found {
		return
	}
	if c.young == nil || c.size+size > c.most/2 {
		c.young, c.old, c.size = make(map[[sha256.Size]byte]*keptToken), c.young, 0
	}
	c.young[hash] = k
	c.size += size
}
