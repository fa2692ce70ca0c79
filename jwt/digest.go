package jwt

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
)

// maxDigest is the size of the longest hash, SHA-512.
const maxDigest = sha512.Size

// hash hashes what is signed.
func (r *room) hash(h crypto.Hash) []byte {
	switch h {
	case crypto.SHA256:
		sum := sha256.Sum256(r.signed)
		return append(r.digest[:0], sum[:]...)
	case crypto.SHA384:
		sum := sha512.Sum384(r.signed)
		return append(r.digest[:0], sum[:]...)
	default:
		r.digest = sha512.Sum512(r.signed)
		return r.digest[:]
	}
}
