package session

import (
	"crypto/sha256"
	"time"
)

// Key is what a store knows a session by: the SHA-256 of the session id as it
// stands in the cookie (its 43 ASCII characters, not the 32 bytes they encode).
// The id itself is never stored, so nobody can use a copy of the store to sign in.
type Key [sha256.Size]byte

// idLen is the length of a session id: 32 random bytes in base64url without padding.
const idLen = 43

// KeyOf returns the key of a session id. It is ok only for 43 characters of
// canonical base64url (RFC 4648 section 5, no padding, unused bits zero): whatever
// else a client sends was never issued and is not worth a look into the store.
// It does not allocate.
func KeyOf(id string) (key Key, ok bool) {
	if len(id) != idLen {
		return Key{}, false
	}
	var text [idLen]byte
	for i := range text {
		c := id[i]
		if !inAlphabet[c] {
			return Key{}, false
		}
		text[i] = c
	}
	// 43 characters are 258 bits; the last two say nothing and must be zero.
	switch text[idLen-1] {
	case 'A', 'E', 'I', 'M', 'Q', 'U', 'Y', 'c', 'g', 'k', 'o', 's', 'w', '0', '4', '8':
	default:
		return Key{}, false
	}
	return sha256.Sum256(text[:]), true
}

// inAlphabet tells the characters of base64url.
var inAlphabet = func() (t [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		t[c] = true
	}
	return t
}()

// Kind tells how the client holds on to a session.
type Kind uint8

const (
	// Browser is a session whose id is kept in a cookie.
	Browser Kind = 0
	// Token is a session that only access and refresh tokens name. It has no
	// cookie, and by default no idle limit.
	Token Kind = 1
)

// String returns "browser" or "token".
func (k Kind) String() string {
	if k == Token {
		return "token"
	}
	return "browser"
}

// Record is a session as it is stored. It is a value: whoever gets one may keep
// it, and neither the manager nor a store changes what AMR and Data point to.
//
// Times are UTC and carry no monotonic clock reading; a store keeps them to the nanosecond.
type Record struct {
	Key      Key
	Handle   string        // the public name of the session, 22 characters, says nothing of the id
	Subject  string        // account id; "" is an anonymous session
	Version  uint64        // the version that was read, for compare and swap; 0 is a new record
	Created  time.Time     // when this id was issued
	AuthTime time.Time     // when the person last proved who they are; zero if anonymous
	Seen     time.Time     // the last request; only moves forward
	Idle     time.Duration // the session ends when unseen for longer; 0 is no idle limit
	Expires  time.Time     // the session ends after this, whatever happens
	Remember bool          // the cookie outlives the browser
	Kind     Kind
	AMR      []string // how the person proved who they are (RFC 8176): "pwd"
	Device   string   // "Firefox on Linux", shown to its owner
	Data     []byte   // see docs/formats.md; written and read by Get, Set, Update, Delete
}

// Limit returns the last instant at which the record is valid, and the reason
// for which it is over after that: Idle or Lifetime, whichever comes first.
func (r *Record) Limit() (time.Time, Reason) {
	if r.Idle > 0 {
		if idle := r.Seen.Add(r.Idle); idle.Before(r.Expires) {
			return idle, Idle
		}
	}
	return r.Expires, Lifetime
}

// ExpiredAt tells whether the record is past a limit, and which one. A session is
// valid at its limit and expired a nanosecond later.
func (r *Record) ExpiredAt(now time.Time) (Reason, bool) {
	limit, why := r.Limit()
	if now.After(limit) {
		return why, true
	}
	return "", false
}

// Ending returns what remains of the record when it ends at the given time.
func (r *Record) Ending(why Reason, at time.Time) Ending {
	return Ending{
		Key: r.Key, Handle: r.Handle, Subject: r.Subject,
		Created: r.Created, Seen: r.Seen, At: at, Reason: why,
	}
}
