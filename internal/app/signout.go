package app

import (
	"context"
	"errors"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
)

// SignOut ends the session of a browser. When it returns nil, no request with the old id is accepted
// any more (ASVS 7.4.1).
func (a *App) SignOut(ctx context.Context, s *session.Session, from Client) error {
	plan := s.PlanEnd(session.SignedOut)
	err := a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		return a.commitEnd(ctx, tx, plan.Change.End, s.Subject(), "signout", from)
	})
	if err != nil {
		return err
	}
	s.Adopt(plan)
	return nil
}

// SignOutFrom is [App.SignOut] at the host of an app: it ends the person's session, and so the sessions at all apps.
func (a *App) SignOutFrom(ctx context.Context, p *guard.Principal, host string, from Client) error {
	return a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		rec, ending, err := a.store.In(tx.SQLTx()).Find(ctx, p.Session)
		if err != nil || ending != nil {
			return nil, err // somebody was quicker
		}
		es := []session.Ending{rec.Ending(session.SignedOut, now())}
		if err := a.store.In(tx.SQLTx()).Commit(ctx, session.Change{End: es}); err != nil {
			return nil, err
		}
		return es, a.record(ctx, tx, p.ID, "signout", p.ID, from, detail{"session": rec.Handle, "reason": session.SignedOut, "host": host})
	})
}

// EndSession ends one session of an account by its public handle. An account never reaches another's:
// a foreign handle is unknown to it.
func (a *App) EndSession(ctx context.Context, subject, handle string, reason session.Reason, actor string, from Client) error {
	return a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		rec, ending, err := a.store.In(tx.SQLTx()).Find(ctx, handle)
		if err != nil && !errors.Is(err, session.ErrNotFound) {
			return nil, err
		}
		if err != nil || ending != nil || subject != "" && rec.Subject != subject {
			return nil, &Error{Reason: guard.NotFound, Detail: "There is no such session.", Ending: ownEnding(ending, subject)}
		}
		return a.commitEnd(ctx, tx, []session.Ending{rec.Ending(reason, now())}, actor, "session.end", from)
	})
}

func ownEnding(e *session.Ending, subject string) *session.Ending {
	if e == nil || subject != "" && e.Subject != subject {
		return nil
	}
	return e
}

// EndOthers ends all sessions of an account but one ("" = none is kept) and says how many.
func (a *App) EndOthers(ctx context.Context, subject, keep string, reason session.Reason, actor string, from Client) (int, error) {
	var n int
	err := a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		es, err := a.endAll(ctx, tx, subject, keep, reason)
		if err != nil {
			return nil, err
		}
		n = len(es)
		return es, a.record(ctx, tx, actor, "session.end-all", subject, from, detail{"ended": n, "kept": keep, "reason": reason})
	})
	return n, err
}

// endAll ends the sessions of an account inside tx, and has it told of the account itself: whatever token of it is somewhere is
// from before.
func (a *App) endAll(ctx context.Context, tx *db.Conn, subject, keep string, reason session.Reason) ([]session.Ending, error) {
	es, err := a.sessions.EndAll(ctx, a.store.In(tx.SQLTx()), subject, keep, reason)
	if err != nil {
		return nil, err
	}
	return es, a.feed.AccountEnded(ctx, tx, subject, keep, reason)
}

func (a *App) commitEnd(ctx context.Context, tx *db.Conn, es []session.Ending, actor, action string, from Client) ([]session.Ending, error) {
	if err := a.store.In(tx.SQLTx()).Commit(ctx, session.Change{End: es}); err != nil {
		return nil, err
	}
	for _, e := range es {
		if err := a.record(ctx, tx, actor, action, e.Subject, from, detail{"session": e.Handle, "reason": e.Reason}); err != nil {
			return nil, err
		}
	}
	return es, nil
}

// ChangePassword needs the current password (AU-06), ends every other session of the account with
// `password-changed`, and gives this one a new id.
func (a *App) ChangePassword(ctx context.Context, s *session.Session, current, next string, from Client) error {
	acct, err := a.Account(ctx, s.Subject())
	if err != nil {
		return translate(err)
	}
	if acct, err = a.authenticate(ctx, Credentials{Email: acct.Email, Password: current}, from); err != nil {
		return err
	}
	if next == current {
		return &Error{Reason: guard.WeakPassword, Detail: "This is the password that you have now. Please choose another.", Field: "password"}
	}
	hash, err := a.accounts.HashPassword(ctx, next, acct.Email, acct.Name, a.Config.origin.Hostname())
	if err != nil {
		return translate(err)
	}
	var plan *session.Plan
	err = a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		if _, err := a.stillWelcome(ctx, tx, acct); err != nil {
			return nil, err
		}
		if err := a.accounts.SetPasswordHash(ctx, tx, acct.ID, hash); err != nil {
			return nil, err
		}
		others, err := a.endAll(ctx, tx, acct.ID, s.Handle(), session.PasswordChanged)
		if err != nil {
			return nil, err
		}
		if plan, err = a.planRenew(ctx, tx, s); err != nil {
			return nil, err
		}
		return append(others, plan.Change.End...), a.record(ctx, tx, acct.ID, "password.change", acct.ID, from,
			detail{"ended": len(others), "session": plan.Record.Handle, "device": plan.Record.Device})
	})
	if err != nil {
		return err
	}
	a.accounts.Forget(acct.ID)
	s.Adopt(plan)
	return nil
}

// ResetPassword sets a new password by a one-time link, ends every session of the account, and signs
// nobody in: the link was handed over by somebody else.
func (a *App) ResetPassword(ctx context.Context, token, password string, from Client) error {
	link, err := a.accounts.PeekLink(ctx, a.db.View(), account.LinkReset, token)
	if err != nil {
		return translate(err)
	}
	acct, err := a.accounts.ByID(ctx, a.db.View(), link.AccountID)
	if err != nil {
		return translate(account.ErrLinkUnknown)
	}
	hash, err := a.accounts.HashPassword(ctx, password, acct.Email, acct.Name, a.Config.origin.Hostname())
	if err != nil {
		return translate(err)
	}
	err = a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		if _, err := a.accounts.UseLink(ctx, tx, account.LinkReset, token); err != nil {
			return nil, err
		}
		if err := a.accounts.SetPasswordHash(ctx, tx, acct.ID, hash); err != nil {
			return nil, err
		}
		es, err := a.endAll(ctx, tx, acct.ID, "", session.PasswordChanged)
		if err != nil {
			return nil, err
		}
		return es, a.record(ctx, tx, acct.ID, "password.reset", acct.ID, from, detail{"ended": len(es)})
	})
	if err == nil {
		a.accounts.Forget(acct.ID)
	}
	return err
}
