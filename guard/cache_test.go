package guard

import (
	"fmt"
	"strings"
	"testing"
)

func TestTokenCache(t *testing.T) {
	var c tokenCache
	key := func(s string) tokenKey { k, _ := c.key(s); return k }
	one, two := &verified{session: "1"}, &verified{session: "2"}

	if c.get(key("one")) != nil {
		t.Fatal("an empty cache remembers something")
	}
	k, epoch := c.key("one")
	c.put(k, one, entrySize("one"), epoch)
	k, epoch = c.key("two")
	c.put(k, two, entrySize("two"), epoch)
	if c.get(key("one")) != one || c.get(key("two")) != two {
		t.Error("a token got the claims of another")
	}
	if c.get(key("on")) != nil || c.get(key("one ")) != nil {
		t.Error("a token that was cut or lengthened is remembered")
	}

	// A verification that began before the flush ends after it.
	k, epoch = c.key("three")
	c.flush()
	c.put(k, one, 1, epoch)
	for _, s := range []string{"one", "two", "three"} {
		if c.get(key(s)) != nil {
			t.Errorf("%s is remembered after the flush", s)
		}
	}
}

// However many tokens come, and however long they are, the cache stays in its limit, and what is used stays in it.
func TestTokenCacheIsBounded(t *testing.T) {
	var c tokenCache
	inUse, _ := c.key("in use")
	c.put(inUse, &verified{}, entrySize("in use"), 0)
	most := 0
	for i := range 20000 {
		token := fmt.Sprint(i) + strings.Repeat("x", i%1000)
		k, epoch := c.key(token)
		c.put(k, &verified{}, entrySize(token), epoch)
		c.put(k, &verified{}, entrySize(token), epoch) // twice is once
		size := 0
		if i%500 == 0 {
			if c.get(inUse) == nil {
				t.Fatalf("after %d tokens: the one in use is forgotten", i)
			}
			for _, e := range c.young {
				size += e.size
			}
			if size != c.size {
				t.Fatalf("after %d tokens: size is %d, counted %d", i, c.size, size)
			}
			for _, e := range c.old {
				size += e.size
			}
			most = max(most, size)
		}
	}
	if most > cacheBytes {
		t.Errorf("%d bytes at most, limit %d", most, cacheBytes)
	}
	if most < cacheBytes/2 {
		t.Errorf("%d bytes at most: the cache is not used", most)
	}
}

func TestTokenCacheTakesNoGiant(t *testing.T) {
	var c tokenCache
	k, epoch := c.key("giant")
	c.put(k, &verified{}, cacheBytes, epoch)
	if c.get(k) != nil {
		t.Error("a token larger than a generation is remembered")
	}
}
