package account

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cloakroom/cloakroom/internal/account/password"
	"github.com/cloakroom/cloakroom/internal/db"
)

// Draft is what makes an account.
type Draft struct {
	Email        string // in any spelling
	Name         string
	PasswordHash string // from HashPassword; "" = cannot sign in by password
	Groups       []string
	Admin        bool
	EmailTrusted bool
}

// Create makes an account in the caller's transaction. Errors: [ErrTaken] if the address has one; [*Error] for an address, name or group that
// cannot be.
func (a *Accounts) Create(ctx context.Context, tx *db.Conn, n Draft) (Account, error) {
	return a.create(ctx, tx, n, time.Now())
}

func (a *Accounts) create(ctx context.Context, tx *db.Conn, n Draft, now time.Time) (Account, error) {
	email, err := CanonicalEmail(n.Email)
	if err != nil {
		return Account{}, err
	}
	if err := CheckName(n.Name); err != nil {
		return Account{}, err
	}
	changed := int64(0)
	if n.PasswordHash != "" {
		if _, err := password.ParseHash(n.PasswordHash); err != nil {
			return Account{}, err
		}
		changed = now.UnixNano()
	}
	id := randomID()
	done, err := tx.Exec(ctx, `INSERT INTO accounts (id, email, email_trusted, name, admin, disabled, password_hash, password_changed_at, created_at)
		VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8) ON CONFLICT (email) DO NOTHING`,
		id, email, flag(n.EmailTrusted), tidyName(n.Name), flag(n.Admin), n.PasswordHash, changed, now.UnixNano())
	if err != nil {
		return Account{}, err
	}
	if rows, err := done.RowsAffected(); err != nil || rows == 0 {
		return Account{}, errors.Join(err, ErrTaken)
	}
	if err := a.addGroups(ctx, tx, id, n.Groups); err != nil {
		return Account{}, err
	}
	return a.ByID(ctx, tx, id)
}

// randomID is a public name of 128 random bits.
func randomID() string {
	b := make([]byte, 16)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// flag is a boolean as both databases store it in a SMALLINT.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

const selectAccounts = `SELECT a.id, a.email, a.email_trusted, a.name, a.admin, a.disabled, a.password_changed_at, a.created_at, g.name
	FROM accounts a LEFT JOIN account_groups g ON g.account_id = a.id `

// ByID finds an account, disabled or not. [ErrNotFound] if there is none. The hot path calls [Accounts.Lookup].
func (a *Accounts) ByID(ctx context.Context, q *db.Conn, id string) (Account, error) {
	return one(a.query(ctx, q, selectAccounts+`WHERE a.id = $1 ORDER BY g.name`, id))
}

// ByEmail finds an account by its address in any spelling. [ErrNotFound] if there is none, also for what is no address.
func (a *Accounts) ByEmail(ctx context.Context, q *db.Conn, email string) (Account, error) {
	canonical, err := CanonicalEmail(email)
	if err != nil {
		return Account{}, ErrNotFound
	}
	return one(a.query(ctx, q, selectAccounts+`WHERE a.email = $1 ORDER BY g.name`, canonical))
}

// List returns all accounts, oldest first.
func (a *Accounts) List(ctx context.Context, q *db.Conn) ([]Account, error) {
	return a.query(ctx, q, selectAccounts+`ORDER BY a.created_at, a.id, g.name`)
}

func one(found []Account, err error) (Account, error) {
	if err != nil {
		return Account{}, err
	}
	if len(found) == 0 {
		return Account{}, ErrNotFound
	}
	return found[0], nil
}

// query reads rows of selectAccounts: one for each group of an account, one after the other.
func (a *Accounts) query(ctx context.Context, q *db.Conn, query string, args ...any) (found []Account, err error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			acct             Account
			changed, created int64
			group            sql.NullString
		)
		if err := rows.Scan(&acct.ID, &acct.Email, &acct.EmailTrusted, &acct.Name, &acct.Admin, &acct.Disabled, &changed, &created, &group); err != nil {
			return nil, err
		}
		acct.PasswordChanged, acct.Created = fromNanos(changed), fromNanos(created)
		if n := len(found); n == 0 || found[n-1].ID != acct.ID {
			found = append(found, acct)
		}
		if last := &found[len(found)-1]; group.Valid {
			last.Groups = append(last.Groups, group.String)
		}
	}
	for i := range found {
		found[i].Groups = slices.Clip(found[i].Groups) // whoever appends gets a copy
	}
	return found, rows.Err()
}

// fromNanos is a stored time; 0 is none.
func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// HasAdmin reports whether somebody is an administrator and may sign in: as long as nobody is, the setup link is offered.
func (a *Accounts) HasAdmin(ctx context.Context, q *db.Conn) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT count(*) FROM accounts WHERE admin = 1 AND disabled = 0`).Scan(&n)
	return n > 0, err
}

// SetDisabled locks an account or opens it again. The caller ends its sessions and tokens in the same transaction (ASVS 7.4.2). Opening it
// also forgets the failed sign-ins that were counted.
func (a *Accounts) SetDisabled(ctx context.Context, tx *db.Conn, id string, disabled bool) error {
	if err := a.change(ctx, tx, id, `UPDATE accounts SET disabled = $2 WHERE id = $1`, flag(disabled)); err != nil || disabled {
		return err
	}
	return a.ResetFailures(ctx, tx, id)
}

// SetAdmin makes an account an administrator's, or an ordinary one.
func (a *Accounts) SetAdmin(ctx context.Context, tx *db.Conn, id string, admin bool) error {
	return a.change(ctx, tx, id, `UPDATE accounts SET admin = $2 WHERE id = $1`, flag(admin))
}

// SetName changes the name that people see.
func (a *Accounts) SetName(ctx context.Context, tx *db.Conn, id, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	return a.change(ctx, tx, id, `UPDATE accounts SET name = $2 WHERE id = $1`, tidyName(name))
}

// SetPasswordHash replaces the password by what HashPassword made. Reset links of the account stop working, counted failures are forgotten. The
// caller ends the other sessions in the same transaction.
func (a *Accounts) SetPasswordHash(ctx context.Context, tx *db.Conn, id, hash string) error {
	return a.setPasswordHash(ctx, tx, id, hash, time.Now())
}

func (a *Accounts) setPasswordHash(ctx context.Context, tx *db.Conn, id, hash string, now time.Time) error {
	if _, err := password.ParseHash(hash); err != nil {
		return err
	}
	err := a.change(ctx, tx, id, `UPDATE accounts SET password_hash = $2, password_changed_at = $3 WHERE id = $1`, hash, now.UnixNano())
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM account_links WHERE account_id = $1`, id); err != nil {
		return err
	}
	return a.ResetFailures(ctx, tx, id)
}

// Delete removes an account with its groups and links. What is counted against its address stays: else deleting would tell.
func (a *Accounts) Delete(ctx context.Context, tx *db.Conn, id string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM account_groups WHERE account_id = $1`, id); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM account_links WHERE account_id = $1`, id); err != nil {
		return err
	}
	return a.change(ctx, tx, id, `DELETE FROM accounts WHERE id = $1`)
}

// change runs a statement that must meet one account, and keeps that account out of the cache until the caller has committed.
func (a *Accounts) change(ctx context.Context, tx *db.Conn, id, statement string, args ...any) error {
	a.cache.changing(id)
	done, err := tx.Exec(ctx, statement, append([]any{id}, args...)...)
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// Sweep removes what is of no use any more: failures that ended a month ago, links that expired a week ago. A bounded number at each
// call; it says how many. Nothing depends on it being called.
func (a *Accounts) Sweep(ctx context.Context, tx *db.Conn) (int, error) {
	return a.sweep(ctx, tx, time.Now())
}

func (a *Accounts) sweep(ctx context.Context, tx *db.Conn, now time.Time) (int, error) {
	const batch = 1000
	links, err := tx.Exec(ctx, `DELETE FROM account_links WHERE token_hash IN
		(SELECT token_hash FROM account_links WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`,
		now.Add(-keepLinks).UnixNano(), batch)
	if err != nil {
		return 0, fmt.Errorf("account: sweep: %w", err)
	}
	n, err := links.RowsAffected()
	if err != nil {
		return 0, err
	}
	m, err := sweepFailures(ctx, tx, now, a.throttle.Limit, batch, maxFailures)
	return int(n) + m, err
}
