package app

import (
	"context"
	"errors"

	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
)

// Credentials are what a person typed, or a program sent.
type Credentials struct {
	Email, Password string
	Remember        bool
}

// SignIn checks the credentials and gives the browser's session a new id (SE-05): whatever id was
// there before is worthless afterwards. An unknown address, a wrong password and a disabled account
// are one refusal, after the same work (AU-10).
func (a *App) SignIn(ctx context.Context, s *session.Session, c Credentials, from Client) (account.Account, error) {
	acct, err := a.authenticate(ctx, c, from)
	if err != nil {
		return account.Account{}, err
	}
	var plan *session.Plan
	err = a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		if acct, err = a.stillWelcome(ctx, tx, acct); err != nil {
			return nil, err
		}
		plan, err = a.planSignIn(ctx, tx, s, acct, c.Remember, from)
		if err != nil {
			return nil, err
		}
		return plan.Change.End, a.record(ctx, tx, acct.ID, "signin", acct.ID, from, detail{"session": plan.Record.Handle, "device": from.Device})
	})
	if err != nil {
		return account.Account{}, err
	}
	s.Adopt(plan)
	return acct, nil
}

// authenticate checks a password and logs the outcome. What was typed is not logged: people type
// passwords into the address field.
func (a *App) authenticate(ctx context.Context, c Credentials, from Client) (account.Account, error) {
	acct, err := a.accounts.Authenticate(ctx, a.db, account.Attempt{
		Email: c.Email, Password: c.Password, Addr: from.Addr, KnownDevice: from.Known,
	})
	if err != nil {
		err = translate(err)
		var refused *Error
		if errors.As(err, &refused) {
			a.log.Warn("signin.refused", "reason", refused.Reason, "addr", from.Addr, "request", from.RequestID)
		}
		return account.Account{}, err
	}
	return acct, nil
}

// stillWelcome reads the account again inside the transaction: it may have been disabled, or its
// password changed, while the hash was computed.
func (a *App) stillWelcome(ctx context.Context, tx *db.Conn, was account.Account) (account.Account, error) {
	now, err := a.accounts.ByID(ctx, tx, was.ID)
	if errors.Is(err, account.ErrNotFound) || err == nil && (now.Disabled || !now.PasswordChanged.Equal(was.PasswordChanged)) {
		return account.Account{}, account.ErrWrongCredentials
	}
	return now, err
}

// planSignIn plans and commits, inside tx, the session that follows proof of the password.
func (a *App) planSignIn(ctx context.Context, tx *db.Conn, s *session.Session, acct account.Account, remember bool, from Client) (*session.Plan, error) {
	plan, err := s.PlanSignIn(ctx, a.store.In(tx.SQLTx()), session.SignIn{
		Subject: acct.ID, Remember: remember, AMR: []string{"pwd"}, Device: from.Device,
	})
	if err != nil {
		return nil, err
	}
	return plan, a.commitPlan(ctx, tx, plan)
}

// planRenew plans and commits, inside tx, a new id for the session.
func (a *App) planRenew(ctx context.Context, tx *db.Conn, s *session.Session) (*session.Plan, error) {
	plan, err := s.PlanRenew(ctx, a.store.In(tx.SQLTx()))
	if err != nil {
		return nil, err
	}
	return plan, a.commitPlan(ctx, tx, plan)
}

func (a *App) commitPlan(ctx context.Context, tx *db.Conn, plan *session.Plan) error {
	if err := a.store.In(tx.SQLTx()).Commit(ctx, plan.Change); err != nil {
		return err
	}
	return a.appsFollow(ctx, tx, plan)
}

// Reauthenticate proves again that the person at the keyboard is the session's: new id, both limits
// start again (SE-18), and what asks for a fresh sign-in is open for a while.
func (a *App) Reauthenticate(ctx context.Context, s *session.Session, password string, from Client) error {
	acct, err := a.Account(ctx, s.Subject())
	if err != nil {
		return translate(err)
	}
	acct, err = a.authenticate(ctx, Credentials{Email: acct.Email, Password: password}, from)
	if err != nil {
		return err
	}
	var plan *session.Plan
	err = a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		if _, err := a.stillWelcome(ctx, tx, acct); err != nil {
			return nil, err
		}
		if plan, err = a.planRenew(ctx, tx, s); err != nil {
			return nil, err
		}
		return plan.Change.End, a.record(ctx, tx, acct.ID, "reauthenticate", acct.ID, from, detail{"session": plan.Record.Handle, "device": plan.Record.Device})
	})
	if err != nil {
		return err
	}
	s.Adopt(plan)
	return nil
}
