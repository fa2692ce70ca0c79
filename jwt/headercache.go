package jwt

import (
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// mostKnownHeaders is for keys that change and for a few types of tokens; a verifier usually sees one header.
const mostKnownHeaders = 8

// knownHeaders are headers that stood on tokens with a good signature, by their encoded form: all tokens of one
// key and type have the same. What is known is only how the header reads, not that its key is still good.
type knownHeaders struct {
	list atomic.Pointer[[]knownHeader] // never changed, only exchanged
}

type knownHeader struct {
	encoded string
	*Header
}

// find returns nil if the header is not known.
func (k *knownHeaders) find(encoded string) *Header {
	list := k.list.Load()
	if list == nil {
		return nil
	}
	for i := range *list {
		if (*list)[i].encoded == encoded {
			return (*list)[i].Header
		}
	}
	return nil
}

// add takes the place of the oldest where there is no room. Of two who add at once one may be forgotten.
func (k *knownHeaders) add(encoded string, h *Header) {
	old := k.list.Load()
	list := []knownHeader{{strings.Clone(encoded), h}}
	if old != nil {
		list = append(slices.Clip(list), (*old)[:min(len(*old), mostKnownHeaders-1)]...)
	}
	k.list.CompareAndSwap(old, &list)
}

// headerCache keeps the encoded header that a key wrote last: a key signs tokens of
// one or two types all its life.
type headerCache struct {
	last atomic.Pointer[encodedHeader]
}

type encodedHeader struct{ typ, encoded string }

// encode returns the base64url header {"alg","kid","typ"}.
func (c *headerCache) encode(k *Key, typ string) (string, error) {
	if h := c.last.Load(); h != nil && h.typ == typ {
		return h.encoded, nil
	}
	if !utf8.ValidString(typ) || len(typ) > maxKeyID {
		return "", refuse(ErrType, "typ", "got "+quote(typ)+", want at most 256 bytes of UTF-8")
	}
	members := []member{{"alg", string(k.alg)}, {"kid", k.id}}
	if typ != "" {
		members = append(members, member{"typ", typ})
	}
	h := &encodedHeader{typ, encodeBase64(appendMembers(nil, members))}
	c.last.Store(h)
	return h.encoded, nil
}
