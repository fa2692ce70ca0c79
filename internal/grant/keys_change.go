package grant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/jwt"
)

// Make makes the keys that a plan needs as the keys in memory are, for [Keys.Carry]. It belongs before the transaction: an RSA
// key takes a second, during which nobody else could write. Without an error and without steps there is nothing to do.
func (k *Keys) Make(plan Plan, now time.Time) (made []*jwt.Key, steps []Step, err error) {
	if steps, err = plan(k.List(), now); err != nil {
		return nil, nil, err
	}
	for _, s := range steps {
		if s.Key != "" || s.Act != PublishKey && s.Act != UseKey {
			continue
		}
		key, err := generateKey(s.Algorithm)
		if err != nil {
			return nil, nil, err
		}
		made = append(made, key)
	}
	return made, steps, nil
}

// Carry carries out a plan for the keys as the database has them, and returns the steps that it took. Another process may have taken them
// before: then the plan finds nothing to do, or fails. Made keys that are not needed are thrown away. The change holds in this process
// from the next Reload on.
func (k *Keys) Carry(ctx context.Context, tx *db.Conn, plan Plan, now time.Time, made ...*jwt.Key) ([]Step, error) {
	if tx.SQLTx() == nil {
		return nil, ErrNoTransaction
	}
	rows, err := loadKeys(ctx, tx)
	if err != nil {
		return nil, err
	}
	keys := make([]KeyInfo, len(rows))
	for i, r := range rows {
		keys[i] = r.info
	}
	steps, err := plan(keys, now)
	if err != nil {
		return nil, err
	}
	for i := range steps {
		s := &steps[i]
		switch s.Act {
		case PublishKey:
			err = k.add(ctx, tx, s, KeyNext, s.Signs, now, &made)
		case UseKey:
			err = k.use(ctx, tx, s, now, &made)
		case DropKey:
			err = dropKey(ctx, tx, s, now)
		case ForgetKey:
			err = forgetKey(ctx, tx, s.Key)
		}
		if err != nil {
			return nil, err
		}
	}
	return steps, nil
}

func (k *Keys) use(ctx context.Context, tx *db.Conn, s *Step, now time.Time, made *[]*jwt.Key) error {
	if err := retireActive(ctx, tx, s.Purpose, now); err != nil {
		return err
	}
	if s.Key != "" {
		return activateKey(ctx, tx, s.Key, now)
	}
	return k.add(ctx, tx, s, KeyActive, now, now, made)
}

// add stores a key that was made before, or makes it now if another process changed what is needed.
func (k *Keys) add(ctx context.Context, tx *db.Conn, s *Step, state KeyState, signs, now time.Time, made *[]*jwt.Key) error {
	verifying, err := countVerifying(ctx, tx, s.Purpose, now)
	if err != nil {
		return err
	}
	if verifying >= maxKeys {
		return fmt.Errorf("grant: too many signing keys still verify: got %d, limit %d", verifying, maxKeys)
	}
	key, err := takeKey(made, s.Algorithm)
	if err != nil {
		return err
	}
	jwk, err := key.PrivateJWK()
	if err != nil {
		return err
	}
	s.Key = key.ID()
	s.Public, _ = key.Public()
	info := KeyInfo{ID: s.Key, Purpose: s.Purpose, Algorithm: s.Algorithm, State: state, Created: now, NotBefore: signs}
	return insertKey(ctx, tx, info, wrapKey(k.secret, info.ID, jwk))
}

func takeKey(made *[]*jwt.Key, alg jwt.Algorithm) (*jwt.Key, error) {
	i := slices.IndexFunc(*made, func(m *jwt.Key) bool { return m.Algorithm() == alg })
	if i < 0 {
		return generateKey(alg)
	}
	key := (*made)[i]
	*made = slices.Delete(*made, i, i+1)
	return key, nil
}

// generateKey makes a key whose kid does not begin with a hyphen: who types `cloakroom key retire KID` in a hurry must not be told that it is no flag.
func generateKey(alg jwt.Algorithm) (*jwt.Key, error) {
	for {
		if key, err := jwt.GenerateKey(alg); err != nil || !strings.HasPrefix(key.ID(), "-") {
			return key, err
		}
	}
}
