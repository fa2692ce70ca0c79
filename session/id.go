package session

import (
	"crypto/rand"
	"encoding/base64"
)

// newID returns a session id of 256 random bits and its key. crypto/rand ends the
// program rather than return fewer (CV-28).
func newID() (string, Key) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	id := base64.RawURLEncoding.EncodeToString(b[:])
	key, _ := KeyOf(id)
	return id, key
}

// newHandle returns a public name of 128 random bits, drawn apart from the id. People type it into commands, so it does not
// begin with "-", which would make it a flag.
func newHandle() string {
	for {
		var b [16]byte
		_, _ = rand.Read(b[:]) // never fails
		if handle := base64.RawURLEncoding.EncodeToString(b[:]); handle[0] != '-' {
			return handle
		}
	}
}
