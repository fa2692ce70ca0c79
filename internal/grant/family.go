package grant

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
)

// Family is what a sign-in of a program stands for: a chain of refresh tokens of which each replaces the one before it.
type Family struct {
	ID            string // 22 characters, says nothing; made by Start
	SessionHandle string // the session that lives and dies with it
	Subject       string // account id
	ClientID      string // [BuiltinClient] if empty at Start
	Scope         string // RFC 6749 section 3.3; never widened afterwards
	Device        string // what signed in, in words for its owner: "curl/8.5.0"; "" = not known
	Started       time.Time
	Expires       time.Time // absolute: no refresh moves it. Valid at this instant, not after
	Refreshes     int64     // how many tokens were replaced so far
	AccessUntil   time.Time // when the newest access token expires, see Issued; given at Start

	EndedAt   time.Time // zero while it lives
	EndReason string    // a session.Reason: "signed-out", "token-reuse", …
}

// Narrow returns the scope that an access token gets if the request asks for asked: all of the family's scope if asked is
// empty, else asked, which must be part of it (RFC 6749 section 6); otherwise [ErrScope]. The family keeps its own scope.
func (f Family) Narrow(asked string) (string, error) {
	if asked == "" {
		return f.Scope, nil
	}
	granted, _ := scopeTokens(f.Scope)
	tokens, ok := scopeTokens(asked)
	if !ok {
		return "", ErrScope
	}
	var narrowed []string
	for _, t := range tokens {
		if !slices.Contains(granted, t) {
			return "", ErrScope
		}
		if !slices.Contains(narrowed, t) {
			narrowed = append(narrowed, t)
		}
	}
	return strings.Join(narrowed, " "), nil
}

// Families keeps the refresh tokens. It holds nothing itself: any number of them, in any number of processes, may work on
// one database.
type Families struct{}

// NewFamilies returns the keeper of refresh tokens.
func NewFamilies() *Families { return &Families{} }

// Start opens a family and returns its first refresh token. SessionHandle, Subject and Expires are required;
// ID, Started, Refreshes and the ending are set here.
func (g *Families) Start(ctx context.Context, tx *db.Conn, f Family) (refreshToken string, err error) {
	return g.start(ctx, tx, f, time.Now())
}

func (g *Families) start(ctx context.Context, tx *db.Conn, f Family, now time.Time) (string, error) {
	if tx.SQLTx() == nil {
		return "", ErrNoTransaction
	}
	if f.ClientID == "" {
		f.ClientID = BuiltinClient
	}
	f.ID, f.Started = newID(), now
	switch _, ok := scopeTokens(f.Scope); {
	case f.SessionHandle == "" || f.Subject == "":
		return "", errors.New("grant: a refresh family needs a session handle and a subject")
	case !ok:
		return "", ErrScope
	case !f.Expires.After(now):
		return "", fmt.Errorf("grant: a refresh family needs an expiry in the future: got %s, now %s", f.Expires.UTC(), now.UTC())
	}
	first := newToken()
	if err := insertFamily(ctx, tx, f); err != nil {
		return "", err
	}
	if err := insertToken(ctx, tx, f.ID, 0, first); err != nil {
		return "", err
	}
	return first.String(), nil
}

// Refreshed is the answer to a presented refresh token. When Refused is set, Family and Token are zero.
type Refreshed struct {
	Family   Family
	Token    string // the successor, for the answer
	Repeated bool   // the successor was given before: another tab was first, or the answer was lost

	// Refused says why there is no successor. It is data and not the error of Refresh, because the transaction must be
	// committed all the same: if the reason is [Reused] it holds the end of the family.
	Refused *RefreshError
}

// Err is Refused as an error, nil if the token was accepted. Ask it after the transaction was committed.
func (r Refreshed) Err() error {
	if r.Refused == nil {
		return nil // not a nil *RefreshError, which would be an error
	}
	return r.Refused
}

// Refresh replaces a refresh token, as DESIGN section 6 has it: its first use makes a successor; using it again
// gives the same successor until that one is used, and for [Grace] after; anything older is theft and ends the family.
// Access tokens that were issued before stay as they are.
//
// The error is for failures of the store only; then roll back, and the presented token is still good. Without an error
// commit, whatever Refused says:
//
//	err := d.Update(ctx, func(tx *db.Conn) (err error) {
//		res, err = families.Refresh(ctx, tx, token, clientID)
//		return err // not res.Err(): that would undo the end of a stolen family
//	})
//
// Whether the account may still sign in, and whether the session lives, is the caller's to check, in the same
// transaction and before it answers (TK-35, CVE-2026-43983). On [Reused] the caller ends Refused.Family.SessionHandle too.
// clientID is what the request named, "" if it named none.
func (g *Families) Refresh(ctx context.Context, tx *db.Conn, token, clientID string) (Refreshed, error) {
	return g.refresh(ctx, tx, token, clientID, time.Now())
}

// attempts bounds how often a lost race is looked at again. On SQLite none is ever lost: writers take turns.
const attempts = 8

func (g *Families) refresh(ctx context.Context, tx *db.Conn, text, clientID string, now time.Time) (Refreshed, error) {
	if tx.SQLTx() == nil {
		return Refreshed{}, ErrNoTransaction
	}
	t, ok := parseToken(text)
	if !ok {
		return refused(Unknown, Family{}), nil
	}
	for range attempts {
		p, err := findPresented(ctx, tx, t)
		if err != nil {
			return Refreshed{}, err
		}
		if p == nil {
			return refused(Unknown, Family{}), nil
		}
		// Before any judgement: who only guesses the client's name must not be able to end the family.
		if !p.family.OwnedBy(clientID) {
			return refused(WrongClient, Family{}), nil
		}
		res, err := g.apply(ctx, tx, t, p, now)
		if !errors.Is(err, ErrConflict) {
			return res, err
		}
	}
	return Refreshed{}, ErrConflict
}

// apply carries out the verdict about a presented token, or returns ErrConflict, having changed nothing, if the family
// is no longer what it was when it was read.
func (g *Families) apply(ctx context.Context, tx *db.Conn, t token, p *presented, now time.Time) (Refreshed, error) {
	after, v := p.rotation().present(p.generation, now)
	switch v {
	case rotate:
		successor := newToken()
		if err := advance(ctx, tx, p, after); err != nil {
			return Refreshed{}, err
		}
		if err := insertSuccessor(ctx, tx, p.family.ID, p.generation, t, successor); err != nil {
			return Refreshed{}, err
		}
		f := p.family
		f.Refreshes = after.Newest
		return Refreshed{Family: f, Token: successor.String()}, nil
	case repeat:
		successor, err := t.openSuccessor(p.family.ID, p.generation, p.successor)
		if err != nil {
			return Refreshed{}, fmt.Errorf("%w: successor %d of refresh family %s", err, p.generation+1, p.family.ID)
		}
		return Refreshed{Family: p.family, Token: successor.String(), Repeated: true}, nil
	case endReused:
		f := p.family
		f.EndedAt, f.EndReason = now, reasonTokenReuse
		if err := endPresented(ctx, tx, p, f); err != nil {
			return Refreshed{}, err
		}
		return refused(Reused, f), nil
	case refuseExpired:
		return refused(Expired, p.family), nil
	default:
		return refused(Ended, p.family), nil
	}
}

// Issued notes that an access token of the family is given out, which expires at until: while it lives, the end of the family is told to whoever
// follows the feed. Call it in the transaction of [Families.Refresh], for a successor that is repeated too. It returns [ErrConflict] if the family has
// ended.
func (g *Families) Issued(ctx context.Context, tx *db.Conn, id string, until time.Time) error {
	if tx.SQLTx() == nil {
		return ErrNoTransaction
	}
	return noteAccess(ctx, tx, id, until)
}

func refused(why Reason, f Family) Refreshed {
	return Refreshed{Refused: &RefreshError{Reason: why, Family: f}}
}

// Find returns the family that a refresh token belongs to, be the token its newest or an old one, the family living,
// expired or ended; it changes nothing. A token that is not known gives a [*RefreshError] with [Unknown].
//
// It is for POST /oauth/revoke: ask [Family.OwnedBy], end the session and then the family with [Families.EndFamily].
func (g *Families) Find(ctx context.Context, q *db.Conn, token string) (Family, error) {
	t, ok := parseToken(token)
	if !ok {
		return Family{}, &RefreshError{Reason: Unknown}
	}
	p, err := findPresented(ctx, q, t)
	if err != nil {
		return Family{}, err
	}
	if p == nil {
		return Family{}, &RefreshError{Reason: Unknown}
	}
	return p.family, nil
}

func newID() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
