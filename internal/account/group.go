package account

import (
	"context"
	"errors"

	"github.com/cloakroom/cloakroom/internal/db"
)

const (
	maxGroup  = 64  // bytes
	maxGroups = 100 // an account
)

// CheckGroup accepts what can stand in a comma-separated Remote-Groups header and be typed on a command line: 1 to 64 of a-z, 0-9, ".", "_",
// "-", a letter or digit first. The error is an [*Error] with ErrGroup.
func CheckGroup(name string) error {
	if name == "" || len(name) > maxGroup {
		return &Error{Err: ErrGroup, What: "not 1 to 64 bytes", Got: len(name), Limit: maxGroup}
	}
	for i := range len(name) {
		c := name[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || i > 0 && (c == '.' || c == '_' || c == '-')) {
			return &Error{Err: ErrGroup, What: "only a-z, 0-9 and, not at the start, . _ - may stand in it"}
		}
	}
	return nil
}

// AddGroup puts an account into a group; a group exists as long as somebody is in it. Being in it already is no error.
func (a *Accounts) AddGroup(ctx context.Context, tx *db.Conn, id, name string) error {
	if err := CheckGroup(name); err != nil {
		return err
	}
	acct, err := a.ByID(ctx, tx, id)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO account_groups (account_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, name)
	if err != nil {
		return err
	}
	a.cache.changing(id)
	var n int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM account_groups WHERE account_id = $1`, acct.ID).Scan(&n); err != nil {
		return err
	}
	if n > maxGroups {
		return &Error{Err: ErrGroup, What: "too many groups", Got: n, Limit: maxGroups}
	}
	return nil
}

// RemoveGroup takes an account out of a group. Not being in it is no error; an account that does not exist is.
func (a *Accounts) RemoveGroup(ctx context.Context, tx *db.Conn, id, name string) error {
	if _, err := a.ByID(ctx, tx, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM account_groups WHERE account_id = $1 AND name = $2`, id, name)
	a.cache.changing(id)
	return err
}

// SetGroups replaces the groups of an account.
func (a *Accounts) SetGroups(ctx context.Context, tx *db.Conn, id string, names []string) error {
	if _, err := a.ByID(ctx, tx, id); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM account_groups WHERE account_id = $1`, id); err != nil {
		return err
	}
	a.cache.changing(id)
	return a.addGroups(ctx, tx, id, names)
}

func (a *Accounts) addGroups(ctx context.Context, tx *db.Conn, id string, names []string) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, a.AddGroup(ctx, tx, id, name))
	}
	return errors.Join(errs...)
}
