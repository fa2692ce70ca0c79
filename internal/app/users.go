package app

import (
	"context"
	"errors"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
)

// Users lists all accounts, oldest first.
func (a *App) Users(ctx context.Context) ([]account.Account, error) {
	return a.accounts.List(ctx, a.db.View())
}

// User finds an account by its address in any spelling.
func (a *App) User(ctx context.Context, email string) (account.Account, error) {
	return a.accountByEmail(ctx, a.db.View(), email)
}

func (a *App) accountByEmail(ctx context.Context, q *db.Conn, email string) (account.Account, error) {
	canonical, err := account.CanonicalEmail(email)
	if err != nil {
		return account.Account{}, &Error{Reason: guard.InvalidEmail, Field: "email", Err: err}
	}
	acct, err := a.accounts.ByEmail(ctx, q, canonical)
	if errors.Is(err, account.ErrNotFound) {
		return acct, &Error{Reason: guard.NotFound, Detail: "There is no account " + canonical + ".", Field: "email"}
	}
	return acct, err
}

// DisableUser locks an account and ends all its sessions and tokens in the same transaction (ASVS 7.4.2).
func (a *App) DisableUser(ctx context.Context, email, actor string) (ended int, err error) {
	err = a.changeUser(ctx, email, actor, "user.disable", func(tx *db.Conn, acct account.Account) ([]session.Ending, error) {
		if err := a.accounts.SetDisabled(ctx, tx, acct.ID, true); err != nil {
			return nil, err
		}
		es, err := a.endAll(ctx, tx, acct.ID, "", session.AccountDisabled)
		ended = len(es)
		return es, err
	})
	return ended, err
}

// EnableUser lets a disabled account sign in again, and forgets the failures that were counted against it.
func (a *App) EnableUser(ctx context.Context, email, actor string) error {
	return a.changeUser(ctx, email, actor, "user.enable", func(tx *db.Conn, acct account.Account) ([]session.Ending, error) {
		return nil, a.accounts.SetDisabled(ctx, tx, acct.ID, false)
	})
}

// DeleteUser removes an account with its sessions and tokens. What the journal says of it stays.
func (a *App) DeleteUser(ctx context.Context, email, actor string) (ended int, err error) {
	err = a.changeUser(ctx, email, actor, "user.delete", func(tx *db.Conn, acct account.Account) ([]session.Ending, error) {
		es, err := a.endAll(ctx, tx, acct.ID, "", session.AccountDisabled)
		if err != nil {
			return nil, err
		}
		ended = len(es)
		return es, a.accounts.Delete(ctx, tx, acct.ID)
	})
	return ended, err
}

// ChangeGroups adds and removes groups of an account; running servers know it within a second.
func (a *App) ChangeGroups(ctx context.Context, email string, add, remove []string, actor string) (account.Account, error) {
	var after account.Account
	err := a.changeUser(ctx, email, actor, "user.group", func(tx *db.Conn, acct account.Account) ([]session.Ending, error) {
		for _, g := range add {
			if err := a.accounts.AddGroup(ctx, tx, acct.ID, g); err != nil {
				return nil, err
			}
		}
		for _, g := range remove {
			if err := a.accounts.RemoveGroup(ctx, tx, acct.ID, g); err != nil {
				return nil, err
			}
		}
		var err error
		after, err = a.accounts.ByID(ctx, tx, acct.ID)
		return nil, err
	})
	return after, err
}

// changeUser finds the account, changes it and writes the journal, in one transaction.
func (a *App) changeUser(ctx context.Context, email, actor, action string, change func(tx *db.Conn, acct account.Account) ([]session.Ending, error)) error {
	var id string
	err := a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		acct, err := a.accountByEmail(ctx, tx, email)
		if err != nil {
			return nil, err
		}
		id = acct.ID
		es, err := change(tx, acct)
		if err != nil {
			return nil, err
		}
		return es, a.record(ctx, tx, actor, action, acct.ID, Client{}, detail{"ended": len(es)})
	})
	if err == nil {
		a.accounts.Forget(id)
	}
	return err
}
