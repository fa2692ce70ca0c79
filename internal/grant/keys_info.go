package grant

import (
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// Purpose says what a signing key signs.
type Purpose string

// The purposes have nothing to do with each other: a token that a feed key signed is not accepted here.
const (
	TokenKey Purpose = "token" // access tokens
	FeedKey  Purpose = "feed"  // the feed of revocations; always ES256
)

// KeyState says what a signing key is used for.
type KeyState string

// A key goes from the first to the last. Of each purpose exactly one is Active, and at most one Next.
const (
	KeyNext    KeyState = "next"    // published, so that verifiers know it before it signs
	KeyActive  KeyState = "active"  // signs
	KeyRetired KeyState = "retired" // signs no more; verifies until KeyInfo.VerifyUntil
	KeyDropped KeyState = "dropped" // verifies no more
)

// KeyInfo describes a signing key without anything secret.
type KeyInfo struct {
	ID          string // kid: the RFC 7638 thumbprint
	Purpose     Purpose
	Algorithm   jwt.Algorithm
	State       KeyState
	Created     time.Time // and published
	NotBefore   time.Time // signs nothing before; of one that signed, since when
	Retired     time.Time // when it ceased to sign; zero if it may yet, and of one that never did
	VerifyUntil time.Time // verifies at this instant, not after; zero until it is known
	Public      *jwt.Key  // nil for HS256, which has no public half
}

func (i KeyInfo) verifiesAt(now time.Time) bool {
	return i.State != KeyDropped && (i.VerifyUntil.IsZero() || !now.After(i.VerifyUntil))
}

// keyIn returns the key of a purpose in a state, nil if there is none.
//
//go:noinline
func keyIn(keys []KeyInfo, purpose Purpose, state KeyState) *KeyInfo {
	for i := range keys {
		if keys[i].Purpose == purpose && keys[i].State == state {
			return &keys[i]
		}
	}
	return nil
}
