package app

import (
	"context"
	"errors"
	"strings"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
)

// SignUp is what somebody typed to get an account.
type SignUp struct {
	Email, Password, Name string
	Invitation            string // token of an invitation link; required where sign-up is by invitation
}

// SignUp makes an account and signs its owner in, in one transaction. Nobody becomes an administrator
// by signing up unless their invitation says so.
func (a *App) SignUp(ctx context.Context, s *session.Session, in SignUp, from Client) (account.Account, error) {
	link, err := a.SignupAllowed(ctx, in.Invitation)
	if err != nil {
		return account.Account{}, err
	}
	n := account.Draft{Email: in.Email, Name: in.Name, Groups: link.Groups, Admin: link.Admin}
	if link.Email != "" {
		// The link is bound to the address that the administrator wrote.
		if typed, err := account.CanonicalEmail(in.Email); err != nil || typed != link.Email {
			return account.Account{}, &Error{Reason: guard.InvalidInput, Detail: "The invitation was made for another address.", Field: "email", Err: err}
		}
		n.Email, n.EmailTrusted = link.Email, true
	}
	use := func(tx *db.Conn) error {
		if in.Invitation == "" {
			return nil
		}
		_, err := a.accounts.UseLink(ctx, tx, account.LinkInvitation, in.Invitation)
		return err
	}
	return a.create(ctx, s, n, in.Password, "signup", from, use)
}

// SignupAllowed finds the invitation, or says that none is needed.
func (a *App) SignupAllowed(ctx context.Context, invitation string) (account.Link, error) {
	switch {
	case a.Config.Signup == SignupClosed:
		return account.Link{}, refuse(guard.SignupClosed, "Nobody can sign up here.")
	case invitation != "":
		link, err := a.accounts.PeekLink(ctx, a.db.View(), account.LinkInvitation, invitation)
		return link, translate(err)
	case a.Config.Signup == SignupOpen:
		return account.Link{}, nil
	}
	return account.Link{}, refuse(guard.SignupClosed, "Sign-up here is by invitation. Ask an administrator for a link.")
}

// create makes an account, signs its owner in and uses up the link that allowed it.
func (a *App) create(ctx context.Context, s *session.Session, n account.Draft, password, action string, from Client, use func(tx *db.Conn) error) (account.Account, error) {
	email, err := account.CanonicalEmail(n.Email)
	if err != nil {
		return account.Account{}, &Error{Reason: guard.InvalidEmail, Field: "email", Err: err}
	}
	n.Name = strings.TrimSpace(n.Name)
	if err := account.CheckName(n.Name); err != nil {
		return account.Account{}, &Error{Reason: guard.InvalidInput, Detail: badName, Field: "name", Err: err}
	}
	// A taken address is told before a hash is computed: it would be told anyhow, and hashing is dear.
	if _, err := a.accounts.ByEmail(ctx, a.db.View(), email); err == nil {
		return account.Account{}, &Error{Reason: guard.Taken, Field: "email"}
	} else if !errors.Is(err, account.ErrNotFound) {
		return account.Account{}, err
	}
	if n.PasswordHash, err = a.accounts.HashPassword(ctx, password, email, n.Name, a.Config.origin.Hostname()); err != nil {
		return account.Account{}, translate(err)
	}
	var (
		acct account.Account
		plan *session.Plan
	)
	err = a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		if err := use(tx); err != nil {
			return nil, err
		}
		if acct, err = a.accounts.Create(ctx, tx, n); err != nil {
			return nil, err
		}
		if plan, err = a.planSignIn(ctx, tx, s, acct, false, from); err != nil {
			return nil, err
		}
		return plan.Change.End, a.record(ctx, tx, acct.ID, action, acct.ID, from, detail{"session": plan.Record.Handle, "device": plan.Record.Device})
	})
	if err != nil {
		return account.Account{}, err
	}
	s.Adopt(plan)
	return acct, nil
}
