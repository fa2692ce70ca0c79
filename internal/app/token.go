package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/session"
)

const (
	// ScopeAccount lets a token act as the account that it was made for.
	ScopeAccount = "account"
	// TokenType is the `typ` of access tokens (RFC 9068 section 2.1).
	TokenType = "at+jwt"
)

// Tokens is what a program gets when it signs in, and at each refresh.
type Tokens struct {
	Access, Refresh, Scope string
	ExpiresIn              time.Duration
}

// accessClaims is the payload of an access token (RFC 9068 section 2.2).
type accessClaims struct {
	jwt.Claims
	Session  string   `json:"sid"`
	ClientID string   `json:"client_id"`
	Scope    string   `json:"scope"`
	AuthTime int64    `json:"auth_time"`
	AMR      []string `json:"amr"`
}

// IssueTokens signs a program in: a session without a cookie, a refresh token that lives as long as
// that session, and a first access token. They are for the client without a secret.
func (a *App) IssueTokens(ctx context.Context, c Credentials, from Client) (Tokens, error) {
	return a.IssueTokensTo(ctx, grant.Client{ID: grant.BuiltinClient}, c, from)
}

// IssueTokensTo is [App.IssueTokens] for a client that has proved who it is: nobody else can use the refresh token.
func (a *App) IssueTokensTo(ctx context.Context, client grant.Client, c Credentials, from Client) (Tokens, error) {
	acct, err := a.authenticate(ctx, c, from)
	if err != nil {
		return Tokens{}, err
	}
	var (
		plan  *session.Plan
		fresh string
		valid validity
	)
	err = a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		if acct, err = a.stillWelcome(ctx, tx, acct); err != nil {
			return nil, err
		}
		if err := a.stillRegistered(ctx, tx, client); err != nil {
			return nil, err
		}
		store := a.store.In(tx.SQLTx())
		plan, err = a.sessions.PlanSignIn(ctx, store, session.SignIn{
			Subject: acct.ID, Kind: session.Token, Lifetime: a.Config.RefreshLifetime, AMR: []string{"pwd"},
			Device: cmp.Or(client.Label, from.Device), // "Billing, 2nd floor" says more to the owner than "node"
		})
		if err != nil {
			return nil, err
		}
		if err := store.Commit(ctx, plan.Change); err != nil {
			return nil, err
		}
		valid = a.validity(plan.Record)
		fresh, err = a.families.Start(ctx, tx, grant.Family{
			SessionHandle: plan.Record.Handle, Subject: acct.ID, ClientID: client.ID, Scope: ScopeAccount, Expires: plan.Record.Expires,
			AccessUntil: valid.until, Device: plan.Record.Device,
		})
		if err != nil {
			return nil, err
		}
		return plan.Change.End, a.record(ctx, tx, acct.ID, "token.issue", acct.ID, from, detail{"session": plan.Record.Handle, "device": plan.Record.Device, "client": client.ID})
	})
	if err != nil {
		return Tokens{}, err
	}
	return a.sign(plan.Record, valid, client.ID, ScopeAccount, fresh)
}

// validity is from when until when an access token is valid. It is settled inside the transaction, which notes the end: so that whoever
// ends the session knows how long that must be told.
type validity struct{ from, until time.Time }

func (a *App) validity(rec session.Record) validity {
	at := now()
	return validity{at, at.Add(min(a.Config.TokenLifetime, rec.Expires.Sub(at)))}
}

func (a *App) sign(rec session.Record, valid validity, clientID, scope, refresh string) (Tokens, error) {
	claims := accessClaims{
		Session: rec.Handle, ClientID: clientID, Scope: scope, AuthTime: rec.AuthTime.Unix(), AMR: rec.AMR,
	}
	claims.Issuer, claims.Subject, claims.ID = a.Issuer(), rec.Subject, rand.Text()
	claims.Audience = jwt.Audience{a.Issuer()}
	if a.Config.TokenAudience != "" {
		claims.Audience = append(claims.Audience, a.Config.TokenAudience)
	}
	claims.IssuedAt, claims.Expires = jwt.At(valid.from), jwt.At(valid.until)
	access, err := jwt.Sign(a.keys.Signer(), TokenType, claims)
	if err != nil {
		return Tokens{}, err
	}
	return Tokens{Access: access, Refresh: refresh, Scope: scope, ExpiresIn: valid.until.Sub(valid.from).Truncate(time.Second)}, nil
}

// Refresh trades a refresh token for its successor and a new access token. A refusal is a
// *[grant.RefreshError]. clientID is the client that the request has proved to come from, "" if it named none: a token of another is not known to it.
func (a *App) Refresh(ctx context.Context, token, clientID, scope string, from Client) (Tokens, error) {
	var (
		rec     session.Record
		res     grant.Refreshed
		refused *grant.RefreshError
		granted string
		valid   validity
	)
	// A refusal may itself change something (theft ends the family), so it is committed like a success.
	err := a.update(ctx, func(tx *db.Conn) (ended []session.Ending, err error) {
		if res, err = a.families.Refresh(ctx, tx, token, clientID); err != nil {
			return nil, err
		}
		if refused = res.Refused; refused != nil {
			return a.endStolen(ctx, tx, refused, from)
		}
		rec, refused, ended, err = a.mayGoOn(ctx, tx, res.Family, from)
		if err == nil && refused == nil {
			granted, err = res.Family.Narrow(scope) // an error undoes the rotation: who asked for too much keeps their token
		}
		if err == nil && refused == nil {
			valid = a.validity(rec)
			err = a.families.Issued(ctx, tx, res.Family.ID, valid.until)
		}
		return ended, err
	})
	if err != nil {
		return Tokens{}, err
	}
	if refused != nil {
		if f := refused.Family; refused.Reason == grant.Reused {
			a.log.Warn("token-reuse", "subject", f.Subject, "session", f.SessionHandle, "addr", from.Addr, "request", from.RequestID)
		}
		return Tokens{}, refused
	}
	return a.sign(rec, valid, res.Family.ClientID, granted, res.Token)
}

// endStolen ends the session of a family in which a token came that was replaced long ago: somebody
// has stolen one of the two, and nobody can tell which.
func (a *App) endStolen(ctx context.Context, tx *db.Conn, refused *grant.RefreshError, from Client) ([]session.Ending, error) {
	if refused.Reason != grant.Reused {
		return nil, nil
	}
	rec, ending, err := a.store.In(tx.SQLTx()).Find(ctx, refused.Family.SessionHandle)
	if errors.Is(err, session.ErrNotFound) || err == nil && ending != nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	es := []session.Ending{rec.Ending(session.TokenReuse, now())}
	if err := a.store.In(tx.SQLTx()).Commit(ctx, session.Change{End: es}); err != nil {
		return nil, err
	}
	d := detail{"session": rec.Handle, "reason": session.TokenReuse, "device": rec.Device, "presented_by": from.Device}
	return es, a.record(ctx, tx, "system", "token.reuse", rec.Subject, from, d)
}

// mayGoOn looks at the account and the session again at each refresh (TK-35): a token alone is not
// enough to go on.
func (a *App) mayGoOn(ctx context.Context, tx *db.Conn, f grant.Family, from Client) (rec session.Record, refused *grant.RefreshError, ended []session.Ending, err error) {
	over := func(why session.Reason) *grant.RefreshError {
		f.EndReason = string(why)
		return &grant.RefreshError{Reason: grant.Ended, Family: f}
	}
	rec, ending, err := a.store.In(tx.SQLTx()).Find(ctx, f.SessionHandle)
	switch {
	case errors.Is(err, session.ErrNotFound):
		return rec, over(session.UnknownSession), nil, nil
	case err != nil:
		return rec, nil, nil, err
	case ending != nil:
		return rec, over(ending.Reason), nil, nil
	}
	why, expired := rec.ExpiredAt(now())
	if !expired {
		acct, err := a.accounts.ByID(ctx, tx, f.Subject)
		if err == nil && !acct.Disabled {
			return rec, nil, nil, nil
		}
		if err != nil && !errors.Is(err, account.ErrNotFound) {
			return rec, nil, nil, err
		}
		why = session.AccountDisabled
	}
	ended, err = a.commitEnd(ctx, tx, []session.Ending{rec.Ending(why, now())}, "system", "session.end", from)
	return rec, over(why), ended, err
}
