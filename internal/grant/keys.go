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

// MaxTokenLifetime is the longest that a token may be valid which these keys sign: a key verifies for so long after
// another took its place.
const MaxTokenLifetime = 24 * time.Hour

// maxKeys bounds the keys that verify at one time. Every verifier elsewhere has to load them all.
const maxKeys = 32

// KeyState says what a signing key is used for.
type KeyState string

// A key goes from the first to the last. Exactly one is Active.
const (
	KeyNext    KeyState = "next"    // published, so that verifiers know it before it signs
	KeyActive  KeyState = "active"  // signs
	KeyRetired KeyState = "retired" // signs no more; verifies until KeyInfo.VerifyUntil
)

// KeyInfo describes a signing key without anything secret.
type KeyInfo struct {
	ID          string // kid: the RFC 7638 thumbprint
	Algorithm   jwt.Algorithm
	State       KeyState
	Created     time.Time
	NotBefore   time.Time // signs nothing before
	Retired     time.Time // zero unless State is KeyRetired
	VerifyUntil time.Time // zero unless State is KeyRetired; verifies at this instant, not after
	Public      *jwt.Key  // nil for HS256, which has no public half
}

func (i KeyInfo) verifiesAt(now time.Time) bool {
	return i.VerifyUntil.IsZero() || !now.After(i.VerifyUntil)
}

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
	signer *jwt.Key
	keys   []loadedKey // oldest first
	byID   map[string]loadedKey
}

type loadedKey struct {
	info    KeyInfo
	wrapped []byte
	private *jwt.Key
	verify  *jwt.Key // the public half, or the key itself if it has none
}

// OpenKeys loads the signing keys with the secret of [LoadSecret]. If none of algorithm alg is active, it makes one, which
// signs from now on; an earlier one goes on to verify for [MaxTokenLifetime]. q must then be a transaction, and the Keys are of
// use only once it is committed. With an empty alg it takes what there is and makes nothing: for tools that only look.
//
// A secret that opens none of the keys gives [ErrWrongSecret], and nothing is changed.
func OpenKeys(ctx context.Context, q *db.Conn, secret []byte, alg jwt.Algorithm) (*Keys, error) {
	return openKeys(ctx, q, secret, alg, time.Now())
}

func openKeys(ctx context.Context, q *db.Conn, secret []byte, alg jwt.Algorithm, now time.Time) (*Keys, error) {
	if len(secret) != SecretSize {
		return nil, fmt.Errorf("grant: the secret has %d bytes, want %d", len(secret), SecretSize)
	}
	k := &Keys{secret: bytes.Clone(secret)}
	k.current.Store(&keyring{})
	if err := k.Reload(ctx, q); err != nil && !errors.Is(err, errNoSigner) {
		return nil, err
	}
	if s := k.Signer(); alg == "" || s != nil && s.Algorithm() == alg {
		return k, nil
	}
	if _, err := k.newKey(ctx, q, alg, now); err != nil {
		return nil, err
	}
	return k, k.Reload(ctx, q)
}

// Signer is the key that signs tokens now. It is nil only if OpenKeys was told to make none and found none.
func (k *Keys) Signer() *jwt.Key { return k.current.Load().signer }

// Key finds the key that verifies a token of ours: the active one, the next one, and those that were retired not too long
// ago. It is the method of [jwt.KeySource]; the error is [jwt.ErrUnknownKey].
func (k *Keys) Key(kid string) (*jwt.Key, error) {
	found, ok := k.current.Load().byID[kid]
	if !ok || !found.info.VerifyUntil.IsZero() && !found.info.verifiesAt(time.Now()) {
		return nil, jwt.ErrUnknownKey
	}
	return found.verify, nil
}

// PublicSet is what /.well-known/jwks.json shows: the public half of every key that verifies. A key of HS256 has none and
// is never in it, so the set may be empty.
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

// List returns all keys, oldest first.
func (k *Keys) List() []KeyInfo {
	var list []KeyInfo
	for _, l := range k.current.Load().keys {
		list = append(list, l.info)
	}
	return list
}

// New makes a key that takes the place of the active one, for `cloakroom key new`. Its algorithm is alg, or that of the
// key before it if alg is empty. It signs from the next Reload on, here and in every other process; the key before it verifies
// for [MaxTokenLifetime] more. An RS256 key takes a second to make, during which nobody else can write.
func (k *Keys) New(ctx context.Context, tx *db.Conn, alg jwt.Algorithm) (KeyInfo, error) {
	return k.newKey(ctx, tx, alg, time.Now())
}

func (k *Keys) newKey(ctx context.Context, tx *db.Conn, alg jwt.Algorithm, now time.Time) (KeyInfo, error) {
	if tx.SQLTx() == nil {
		return KeyInfo{}, ErrNoTransaction
	}
	if s := k.Signer(); alg == "" && s != nil {
		alg = s.Algorithm()
	}
	var verifying int
	err := tx.QueryRow(ctx, "SELECT count(*) FROM signing_keys WHERE verify_until = 0 OR verify_until >= $1", now.UnixNano()).Scan(&verifying)
	if err != nil {
		return KeyInfo{}, storeError("count the signing keys", err)
	}
	if verifying >= maxKeys {
		return KeyInfo{}, fmt.Errorf("grant: too many signing keys still verify: got %d, limit %d", verifying, maxKeys)
	}
	key, err := jwt.GenerateKey(alg)
	if err != nil {
		return KeyInfo{}, err
	}
	jwk, err := key.PrivateJWK()
	if err != nil {
		return KeyInfo{}, err
	}
	info := KeyInfo{ID: key.ID(), Algorithm: alg, State: KeyActive, Created: now.UTC(), NotBefore: now.UTC()}
	info.Public, _ = key.Public()
	if err := retireActive(ctx, tx, now); err != nil {
		return KeyInfo{}, err
	}
	return info, insertKey(ctx, tx, info, wrapKey(k.secret, info.ID, jwk))
}

// Reload looks whether the keys were changed, by New or by another process, and swaps them all at once. On an error
// the keys stay as they were.
func (k *Keys) Reload(ctx context.Context, q *db.Conn) error {
	k.loading.Lock() // a slow load must not put old keys over newer ones
	defer k.loading.Unlock()
	rows, err := loadKeys(ctx, q)
	if err != nil {
		return err
	}
	before := k.current.Load()
	ring := &keyring{byID: make(map[string]loadedKey, len(rows))}
	var failed error
	for _, row := range rows {
		l := loadedKey{info: row.info, wrapped: row.wrapped}
		if same, ok := before.byID[row.info.ID]; ok && bytes.Equal(same.wrapped, row.wrapped) && same.info.Algorithm == row.info.Algorithm {
			l.private, l.verify, l.info.Public = same.private, same.verify, same.info.Public
		} else if err := l.open(k.secret); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		ring.keys = append(ring.keys, l)
		ring.byID[l.info.ID] = l
		if l.info.State == KeyActive {
			ring.signer = l.private
		}
	}
	switch {
	case failed != nil && len(ring.keys) == 0 && errors.Is(failed, ErrAltered):
		return ErrWrongSecret // all of them altered is less likely than another file
	case failed != nil:
		return failed
	case ring.signer == nil:
		return errNoSigner
	}
	if _, err := ring.publicSet(time.Time{}); err != nil {
		return err
	}
	k.current.Store(ring)
	return nil
}

// open unwraps a key and checks that it is what its row says.
func (l *loadedKey) open(secret []byte) error {
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

// Algorithms returns the algorithms of the keys that verify, each once. The list grows when a key of another algorithm is
// made: a verifier that outlives a Reload allows [jwt.Algorithms], which is safe since each key runs its own algorithm only.
func (k *Keys) Algorithms() []jwt.Algorithm {
	var algs []jwt.Algorithm
	now := time.Now()
	for _, l := range k.current.Load().keys {
		if l.info.verifiesAt(now) && !slices.Contains(algs, l.info.Algorithm) {
			algs = append(algs, l.info.Algorithm)
		}
	}
	return algs
}

// Derive returns a key for another use of the secret; see the function [Derive].
func (k *Keys) Derive(purpose string) []byte { return Derive(k.secret, purpose) }
