package jwt

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
)

// maxDigest is the size of the longest hash, SHA-512.
const maxDigest = sha512.Size

// digest hashes b into room.
func digest(h crypto.Hash, b []byte, room *[maxDigest]byte) []byte {
	switch h {
	case crypto.SHA256:
		sum := sha256.Sum256(b)
		return append(room[:0], sum[:]...)
	case crypto.SHA384:
		sum := sha512.Sum384(b)
		return append(room[:0], sum[:]...)
	default:
		*room = sha512.Sum512(b)
		return room[:]
	}
}
