package grant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/jwt"
)

var errNoSigner = errors.New("grant: the database has no active signing key")

// Keys are the server's signing keys, unwrapped in memory. It is a [jwt.KeySource] for its own tokens. All methods may be
// called concurrently.
type Keys struct {
	secret  []byte
	loading sync.Mutex
	current atomic.Pointer[keyring] // never nil
}

// keyring is what one load saw. It never changes.
type keyring struct {
	signers map[Purpose]*jwt.Key
	keys    []loadedKey // in the order of List
	byID    map[string]loadedKey
}

type loadedKey struct {
	info    KeyInfo
	wrapped []byte
	private *jwt.Key
	verify  *jwt.Key // the public half, or the key itself if it has none
}

// OpenKeys loads the signing keys with the secret of [LoadSecret]. It makes none: a server that starts then carries out its
// [Schedule], which knows that the first ones are missing; a tool only looks.
//
// A secret that opens none of the keys gives [ErrWrongSecret].
func OpenKeys(ctx context.Context, q *db.Conn, secret []byte) (*Keys, error) {
	if len(secret) != SecretSize {
		return nil, fmt.Errorf("grant: the secret has %d bytes, want %d", len(secret), SecretSize)
	}
	k := &Keys{secret: bytes.Clone(secret)}
	k.current.Store(&keyring{})
	if err := k.Reload(ctx, q); err != nil && !errors.Is(err, errNoSigner) {
		return nil, err
	}
	return k, nil
}

// Signer is the key that signs tokens now. It is nil only until the first one is made.
func (k *Keys) Signer() *jwt.Key { return k.current.Load().signers[TokenKey] }

// FeedSigner is the key that signs the feed of revocations now: ES256, whatever signs tokens. It is nil only until
// the first one is made.
func (k *Keys) FeedSigner() *jwt.Key { return k.current.Load().signers[FeedKey] }

// Key finds the key that verifies an access token of ours: the active one, the next one, and those that were retired not too long
// ago. It is the method of [jwt.KeySource]; the error is [jwt.ErrUnknownKey].
func (k *Keys) Key(kid string) (*jwt.Key, error) { return k.key(kid, time.Now()) }

func (k *Keys) key(kid string, now time.Time) (*jwt.Key, error) {
	found, ok := k.current.Load().byID[kid]
	if !ok || found.info.Purpose != TokenKey || !found.info.verifiesAt(now) {
		return nil, jwt.ErrUnknownKey
	}
	return found.verify, nil
}

// PublicSet is what /.well-known/jwks.json shows: the public half of every key that verifies, tokens or the feed. A key of HS256
// has none and is never in it.
func (k *Keys) PublicSet() *jwt.KeySet { return k.publicSet(time.Now()) }

func (k *Keys) publicSet(now time.Time) *jwt.KeySet {
	set, err := k.current.Load().publicSet(now)
	if err != nil {
		panic(err) // a part of a set that Reload has made in whole
	}
	return set
}

func (r *keyring) publicSet(now time.Time) (*jwt.KeySet, error) {
	var public []*jwt.Key
	for _, l := range r.keys {
		if l.info.Public != nil && l.info.verifiesAt(now) {
			public = append(public, l.info.Public)
		}
	}
	return jwt.NewKeySet(public...)
}

// List returns all keys: those for tokens, then those for the feed, each oldest first.
func (k *Keys) List() []KeyInfo {
	var list []KeyInfo
	for _, l := range k.current.Load().keys {
		list = append(list, l.info)
	}
	return list
}

// Reload looks whether the keys were changed, by Carry or by another process, and swaps them all at once. On an error
// the keys stay as they were.
func (k *Keys) Reload(ctx context.Context, q *db.Conn) error {
	k.loading.Lock() // a slow load must not put old keys over newer ones
	defer k.loading.Unlock()
	rows, err := loadKeys(ctx, q)
	if err != nil {
		return err
	}
	before := k.current.Load()
	ring := &keyring{signers: map[Purpose]*jwt.Key{}, byID: make(map[string]loadedKey, len(rows))}
	var failed error
	opened := 0
	for _, row := range rows {
		l := loadedKey{info: row.info, wrapped: row.wrapped}
		if same, ok := before.byID[row.info.ID]; ok && bytes.Equal(same.wrapped, row.wrapped) && same.info.Algorithm == row.info.Algorithm {
			l.private, l.verify, l.info.Public = same.private, same.verify, same.info.Public
		} else if err := l.open(k.secret); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if l.private != nil {
			opened++
		}
		ring.keys = append(ring.keys, l)
		ring.byID[l.info.ID] = l
		if l.info.State == KeyActive {
			ring.signers[l.info.Purpose] = l.private
		}
	}
	switch {
	case failed != nil && opened == 0 && errors.Is(failed, ErrAltered):
		return ErrWrongSecret // all of them altered is less likely than another file
	case failed != nil:
		return failed
	case ring.signers[TokenKey] == nil:
		return errNoSigner
	}
	if _, err := ring.publicSet(time.Time{}); err != nil {
		return err
	}
	k.current.Store(ring)
	return nil
}

// open unwraps a key and checks that it is what its row says. Of a dropped key nothing is left to open.
func (l *loadedKey) open(secret []byte) error {
	if l.info.State == KeyDropped {
		return nil
	}
	fail := func(err error) error { return fmt.Errorf("%w: signing key %q", err, l.info.ID) }
	jwk, err := unwrapKey(secret, l.info.ID, l.wrapped)
	if err != nil {
		return fail(err)
	}
	key, err := jwt.ParseKey(jwk)
	if err != nil || key.ID() != l.info.ID || key.Algorithm() != l.info.Algorithm || !key.CanSign() {
		return fail(ErrAltered) // the key error is not told: it may quote the key
	}
	l.private, l.verify = key, key
	if public, ok := key.Public(); ok {
		l.verify, l.info.Public = public, public
	}
	return nil
}

// Secrets returns the keys that verify tokens and have no public half, as their kids and as a JWK set. Who reads the set can sign.
func (k *Keys) Secrets() (kids []string, set []byte, err error) { return k.secrets(time.Now()) }

func (k *Keys) secrets(now time.Time) (kids []string, set []byte, err error) {
	set = []byte(`{"keys":[`)
	for _, l := range k.current.Load().keys {
		if l.info.Purpose != TokenKey || l.info.Public != nil || !l.info.verifiesAt(now) {
			continue
		}
		jwk, err := l.private.PrivateJWK()
		if err != nil {
			return nil, nil, err
		}
		if len(kids) > 0 {
			set = append(set, ',')
		}
		kids, set = append(kids, l.info.ID), append(set, jwk...)
	}
	return kids, append(set, "]}"...), nil
}

// Algorithms returns the algorithms of the keys that verify tokens, each once. The list grows when a key of another algorithm is
// made: a verifier that outlives a Reload allows [jwt.Algorithms], which is safe since each key runs its own algorithm only.
func (k *Keys) Algorithms() []jwt.Algorithm {
	var algs []jwt.Algorithm
	now := time.Now()
	for _, l := range k.current.Load().keys {
		if l.info.Purpose == TokenKey && l.info.verifiesAt(now) && !slices.Contains(algs, l.info.Algorithm) {
			algs = append(algs, l.info.Algorithm)
		}
	}
	return algs
}

// Derive returns a key for another use of the secret; see the function [Derive].
func (k *Keys) Derive(purpose string) []byte { return Derive(k.secret, purpose) }
