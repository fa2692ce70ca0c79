package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// Head is the newest link of a chain. Whoever kept one can prove later that the journal up to it is the same.
type Head struct {
	Node string
	Seq  int64
	Hash Hash
	At   time.Time // of the newest record
}

const (
	recordLabel = "cloakroom journal record v1"
	headLabel   = "cloakroom journal head v1"
)

// Bytes is the head in its one form, for signing.
func (h Head) Bytes() []byte {
	b := field(nil, headLabel)
	b = field(b, h.Node)
	b = number(b, h.Seq)
	b = number(b, nanoseconds(h.At))
	return append(b, h.Hash[:]...)
}

// canonical is a record in its one form. Each text is preceded by its length in 8 bytes, each number has 8 bytes, so two different
// records never give the same bytes.
func (r *Record) canonical() []byte {
	b := make([]byte, 0, 256+len(r.Detail))
	b = field(b, recordLabel)
	b = field(b, r.Node)
	b = number(b, r.Seq)
	b = number(b, nanoseconds(r.At))
	b = field(b, r.Actor)
	b = field(b, r.Action)
	b = field(b, r.Subject)
	b = field(b, r.Detail)
	return field(b, r.RequestID)
}

// hash chains the record to the one before it: SHA-256 over the hash of that (32 zero bytes before the first) and the canonical form.
func (r *Record) hash(previous Hash) Hash {
	return sha256.Sum256(append(previous[:], r.canonical()...))
}

func field(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint64(b, uint64(len(s))), s...)
}

func number(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(n))
}

func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
