package account

import (
	"context"
	"database/sql"
	"errors"
	"net/netip"
	"time"

	"github.com/cloakroom/cloakroom/internal/account/password"
	"github.com/cloakroom/cloakroom/internal/db"
)

// Attempt is somebody who says who they are.
type Attempt struct {
	Email    string // as typed
	Password string // as typed
	Addr     netip.Addr

	// KnownDevice is the id of the account that this browser signed in as before, from its sealed visit cookie; "" if none. Attempts at that account
	// are counted apart, so that failures from elsewhere do not lock its owner out (ASVS 6.1.1).
	KnownDevice string
}

// recordTimeout is for writing down an outcome after the one who asked has gone: hanging up must not make a guess free.
const recordTimeout = 15 * time.Second

// Authenticate finds out whether an attempt is an account's owner. Every way in that takes a password calls it: there is no other comparison, and no
// other limit (AU-12).
//
// Errors: [ErrWrongCredentials] for an unknown address, a wrong password, a disabled account, an account without a password: after the same reads, one hash and
// the same write (AU-10, CV-52, CV-78). [*ThrottledError] and [*BusyError] before any hash. Anything else means that nothing is known and that nobody
// may be let in.
//
// An attempt takes time, in the queue and in the hash, so each of its steps looks at the clock anew. It uses transactions of its own and holds none while it hashes: never call it inside db.DB.Update. The answer is of now; the
// transaction that acts on it reads the account again.
func (a *Accounts) Authenticate(ctx context.Context, d *db.DB, at Attempt) (Account, error) {
	who, err := a.identify(ctx, d.View(), at)
	if err != nil {
		return Account{}, err
	}
	if err := a.admit(ctx, d.View(), at, who, 0); err != nil {
		return Account{}, err
	}
	slot, err := a.gate.Enter(ctx)
	if err != nil {
		return Account{}, err
	}
	defer slot.Leave()
	others, end := a.throttle.enter(who.bucket)
	defer end()
	// Again: the queue may have been long, and others have failed since.
	if err := a.admit(ctx, d.View(), at, who, others); err != nil {
		return Account{}, err
	}
	right, upgraded, err := a.compare(slot, who, at.Password)

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if !right || who.disabled {
		// In the slot until it is counted: else guesses would overtake their own count.
		return Account{}, a.refuse(ctx, d, at, who, err)
	}
	slot.Leave()
	return a.welcome(ctx, d, who, upgraded)
}

// refuse counts a failure and gives the one answer. damaged is what is wrong with a stored hash: for the log, the answer stays the same.
func (a *Accounts) refuse(ctx context.Context, d *db.DB, at Attempt, who candidate, damaged error) error {
	now := time.Now()
	a.throttle.failed(at.Addr, now)
	if err := countFailure(ctx, d, who.bucket, now); err != nil {
		return err // a refusal that was not counted is not given: guesses would be free while the disk is full
	}
	if damaged != nil {
		a.log.Error("account.damaged-hash", "account", who.id, "err", damaged)
	}
	return ErrWrongCredentials
}

// candidate is whom an attempt is about: an account, or nobody, whose fields are empty.
type candidate struct {
	id, hash string
	disabled bool
	bucket   string // where its failures are counted
	other    string // the account's bucket that this attempt does not use; a success clears it too
	known    bool   // the browser has a bucket of its own
}

// identify reads the account, if there is one. Nobody is read in the same way.
func (a *Accounts) identify(ctx context.Context, q *db.Conn, at Attempt) (candidate, error) {
	canonical, err := CanonicalEmail(at.Email)
	if err != nil {
		canonical = "" // no account has it
	}
	var who candidate
	err = q.QueryRow(ctx, `SELECT id, password_hash, disabled FROM accounts WHERE email = $1`, canonical).Scan(&who.id, &who.hash, &who.disabled)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return candidate{}, err
	}
	who.bucket, who.other = addressBucket(at.Email), deviceBucket(who.id)
	if who.known = who.id != "" && at.KnownDevice == who.id; who.known {
		who.bucket, who.other = who.other, who.bucket
	}
	return who, nil
}

// admit looks at the limits; others attempts at the same account are being compared.
func (a *Accounts) admit(ctx context.Context, q *db.Conn, at Attempt, who candidate, others int) error {
	counted, err := tallies(ctx, q, who.bucket, who.other)
	if err != nil {
		return err
	}
	now := time.Now()
	if err := a.throttle.account(counted[0], others, now); err != nil {
		return err
	}
	if who.known {
		return nil
	}
	return a.throttle.address(at.Addr, now)
}

// compare does one hash, whoever it is about. upgraded is a new hash to store if the stored one is weaker than new ones are.
func (a *Accounts) compare(slot *password.Slot, who candidate, typed string) (right bool, upgraded string, err error) {
	stored := who.hash
	normal, ok := password.Normalize(typed)
	if !ok {
		stored = "" // nobody's password
	}
	right, weak, err := slot.Verify(stored, normal)
	if right && weak && !who.disabled {
		upgraded = slot.Hash(normal)
	}
	return right, upgraded, err
}

// welcome forgets the failures, stores a better hash and reads the account.
func (a *Accounts) welcome(ctx context.Context, d *db.DB, who candidate, upgraded string) (Account, error) {
	counted, err := tallies(ctx, d.View(), who.bucket, who.other)
	if err != nil {
		return Account{}, err
	}
	if counted != ([2]tally{}) || upgraded != "" {
		err := d.Update(ctx, func(tx *db.Conn) error {
			if upgraded != "" { // unless the password was changed meanwhile; it is the same password, so the time of its change stays
				if _, err := tx.Exec(ctx, `UPDATE accounts SET password_hash = $1 WHERE id = $2 AND password_hash = $3`, upgraded, who.id, who.hash); err != nil {
					return err
				}
			}
			return forgetFailures(ctx, tx, who.bucket, who.other)
		})
		if err != nil {
			return Account{}, err
		}
	}
	acct, err := a.ByID(ctx, d.View(), who.id)
	if errors.Is(err, ErrNotFound) || err == nil && acct.Disabled {
		return Account{}, ErrWrongCredentials // since the hash began
	}
	return acct, err
}

// HashPassword judges a new password and makes the hash to store. context is what guessers know: the address, the name, this site's host. Call
// it before the transaction that stores the hash. Errors: [*PolicyError] with a sentence for the person, [*BusyError].
func (a *Accounts) HashPassword(ctx context.Context, typed string, context ...string) (string, error) {
	normal, err := password.Check(typed, context...)
	if err != nil {
		return "", err
	}
	slot, err := a.gate.Enter(ctx)
	if err != nil {
		return "", err
	}
	defer slot.Leave()
	return slot.Hash(normal), nil
}
