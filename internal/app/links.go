package app

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
)

const (
	setupLifetime = time.Hour
	resetLifetime = time.Hour

	// InvitationLifetime is how long an invitation can be accepted.
	InvitationLifetime = 7 * 24 * time.Hour
)

// SetupLink makes the one-time link by which the first administrator signs up. It is empty when there
// is an administrator already; an older link stops working.
func (a *App) SetupLink(ctx context.Context) (string, error) {
	var token string
	err := a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		has, err := a.accounts.HasAdmin(ctx, tx)
		if err != nil || has {
			return nil, err
		}
		token, err = a.accounts.NewLink(ctx, tx, account.Link{Kind: account.LinkSetup, Admin: true}, setupLifetime)
		return nil, err
	})
	if err != nil || token == "" {
		return "", err
	}
	return a.Config.Link("/setup", url.Values{"link": {token}}), nil
}

// Link is what an unused one-time link is for; nil error means that it still works.
func (a *App) Link(ctx context.Context, kind account.LinkKind, token string) (account.Link, error) {
	if kind == account.LinkSetup {
		if err := a.setupOpen(ctx, a.db.View()); err != nil {
			return account.Link{}, err
		}
	}
	l, err := a.accounts.PeekLink(ctx, a.db.View(), kind, token)
	return l, translate(err)
}

// setupOpen is nil while nobody is an administrator.
func (a *App) setupOpen(ctx context.Context, q *db.Conn) error {
	has, err := a.accounts.HasAdmin(ctx, q)
	if err == nil && has {
		err = &Error{Reason: guard.SetupDone}
	}
	return err
}

// SetUp makes the first administrator by the one-time link and signs them in.
func (a *App) SetUp(ctx context.Context, s *session.Session, in SignUp, link string, from Client) (account.Account, error) {
	if _, err := a.Link(ctx, account.LinkSetup, link); err != nil {
		return account.Account{}, err
	}
	n := account.Draft{Email: in.Email, Name: in.Name, Admin: true, EmailTrusted: true}
	return a.create(ctx, s, n, in.Password, "setup", from, func(tx *db.Conn) error {
		if err := a.setupOpen(ctx, tx); err != nil {
			return err
		}
		_, err := a.accounts.UseLink(ctx, tx, account.LinkSetup, link)
		return err
	})
}

// Invitation is what an administrator decides about somebody who has no account yet.
type Invitation struct {
	Email  string // "" lets whoever holds the link choose
	Groups []string
	Admin  bool
}

// Invite makes an invitation link, which is shown once and handed over by the administrator.
func (a *App) Invite(ctx context.Context, in Invitation, actor string, from Client) (string, error) {
	link := account.Link{Kind: account.LinkInvitation, Groups: in.Groups, Admin: in.Admin}
	if in.Email != "" {
		email, err := account.CanonicalEmail(in.Email)
		if err != nil {
			return "", &Error{Reason: guard.InvalidEmail, Field: "email", Err: err}
		}
		link.Email = email
	}
	for _, g := range in.Groups {
		if err := account.CheckGroup(g); err != nil {
			return "", &Error{Reason: guard.InvalidInput, Detail: strings.TrimPrefix(err.Error(), "account: "), Field: "groups", Err: err}
		}
	}
	var token string
	err := a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		if link.Email != "" {
			if _, err := a.accounts.ByEmail(ctx, tx, link.Email); err == nil {
				return nil, account.ErrTaken
			}
		}
		var err error
		if token, err = a.accounts.NewLink(ctx, tx, link, InvitationLifetime); err != nil {
			return nil, err
		}
		return nil, a.record(ctx, tx, actor, "invite", "", from, detail{"bound": link.Email != "", "groups": link.Groups, "admin": link.Admin})
	})
	if err != nil {
		return "", err
	}
	return a.Config.Link("/signup", url.Values{"invitation": {token}}), nil
}

// ResetLink makes a link by which an account's owner chooses a new password. The administrator who
// made it never learns the password (AU-06).
func (a *App) ResetLink(ctx context.Context, email, actor string, from Client) (string, error) {
	var token string
	err := a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		acct, err := a.accountByEmail(ctx, tx, email)
		if err != nil {
			return nil, err
		}
		token, err = a.accounts.NewLink(ctx, tx, account.Link{Kind: account.LinkReset, AccountID: acct.ID}, resetLifetime)
		if err != nil {
			return nil, err
		}
		return nil, a.record(ctx, tx, actor, "password.reset-link", acct.ID, from, nil)
	})
	if err != nil {
		return "", err
	}
	return a.Config.Link("/reset", url.Values{"link": {token}}), nil
}
