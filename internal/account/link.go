package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
)

// LinkKind says what a one-time link is good for. A link is good for nothing else.
type LinkKind string

const (
	LinkSetup      LinkKind = "setup"      // makes the first administrator; an hour
	LinkInvitation LinkKind = "invitation" // makes an account; seven days
	LinkReset      LinkKind = "reset"      // sets a new password of one account; an hour
)

const (
	maxLinkLifetime = 31 * 24 * time.Hour
	keepLinks       = 7 * 24 * time.Hour // after the end, so that "expired" can be told from "unknown"
)

// Link is what a one-time link was made for. Whoever makes one fills in Kind and what the kind needs.
type Link struct {
	Kind      LinkKind
	Email     string   // invitation: for this address only; "" = the holder chooses
	Groups    []string // invitation: the new account's
	Admin     bool     // setup, invitation: the new account is an administrator's
	AccountID string   // reset
	Created   time.Time
	Expires   time.Time
}

// NewLink makes a link in the caller's transaction and returns its token, 43 characters, which is shown once and stored nowhere.
// lifetime is at most 31 days; 0 is what the kind says. A new setup link replaces older ones, a new reset link those of
// the same account.
func (a *Accounts) NewLink(ctx context.Context, tx *db.Conn, l Link, lifetime time.Duration) (token string, err error) {
	return a.newLink(ctx, tx, l, lifetime, time.Now())
}

func (a *Accounts) newLink(ctx context.Context, tx *db.Conn, l Link, lifetime time.Duration, now time.Time) (string, error) {
	if err := l.check(); err != nil {
		return "", err
	}
	if l.Email != "" {
		var err error
		if l.Email, err = CanonicalEmail(l.Email); err != nil {
			return "", err
		}
	}
	if lifetime == 0 {
		lifetime = map[LinkKind]time.Duration{LinkSetup: time.Hour, LinkInvitation: 7 * 24 * time.Hour, LinkReset: time.Hour}[l.Kind]
	}
	if lifetime < 0 || lifetime > maxLinkLifetime {
		return "", &Error{Err: ErrLink, What: "lifetime in hours", Got: int(lifetime.Hours()), Limit: int(maxLinkLifetime.Hours())}
	}
	switch l.Kind {
	case LinkReset:
		if _, err := a.ByID(ctx, tx, l.AccountID); err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM account_links WHERE kind = $1 AND account_id = $2`, LinkReset, l.AccountID); err != nil {
			return "", err
		}
	case LinkSetup:
		if err := a.DropLinks(ctx, tx, LinkSetup); err != nil {
			return "", err
		}
	}
	groups, err := json.Marshal(l.Groups)
	if err != nil {
		return "", err
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	token := base64.RawURLEncoding.EncodeToString(secret)
	_, err = tx.Exec(ctx, `INSERT INTO account_links (token_hash, kind, email, groups_json, admin, account_id, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		tokenHash(token), l.Kind, l.Email, string(groups), flag(l.Admin), l.AccountID, now.UnixNano(), now.Add(lifetime).UnixNano())
	return token, err
}

// check holds the fields of a link to its kind.
func (l Link) check() error {
	bad := func(what string) error { return &Error{Err: ErrLink, What: what} }
	switch l.Kind {
	case LinkReset:
		if l.AccountID == "" || l.Email != "" || l.Admin || len(l.Groups) > 0 {
			return bad("a reset link is for one account and for nothing else")
		}
	case LinkSetup, LinkInvitation:
		if l.AccountID != "" {
			return bad("an account that exists needs no " + string(l.Kind) + " link")
		}
	default:
		return bad("a kind that does not exist")
	}
	if len(l.Groups) > maxGroups {
		return &Error{Err: ErrGroup, What: "too many groups", Got: len(l.Groups), Limit: maxGroups}
	}
	for _, g := range l.Groups {
		if err := CheckGroup(g); err != nil {
			return err
		}
	}
	return nil
}

// tokenHash is what is stored of a token.
func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

const linkColumns = `kind, email, groups_json, admin, account_id, created_at, expires_at`

// PeekLink tells what a link is for and leaves it usable. [ErrLinkUnknown] also for a link of another kind and for one that was used;
// [ErrLinkExpired].
func (a *Accounts) PeekLink(ctx context.Context, q *db.Conn, kind LinkKind, token string) (Link, error) {
	return a.peekLink(ctx, q, kind, token, time.Now())
}

func (a *Accounts) peekLink(ctx context.Context, q *db.Conn, kind LinkKind, token string, now time.Time) (Link, error) {
	if len(token) != 43 {
		return Link{}, ErrLinkUnknown
	}
	return scanLink(q.QueryRow(ctx, `SELECT `+linkColumns+` FROM account_links WHERE token_hash = $1 AND kind = $2`, tokenHash(token), kind), now)
}

// UseLink uses a link up, in the transaction that does what it is good for: if that is undone, the link is good again. Of any number of
// callers one gets it (CV-65). Errors as PeekLink. Whether a link has expired is judged here and by no clockwork (CV-53).
func (a *Accounts) UseLink(ctx context.Context, tx *db.Conn, kind LinkKind, token string) (Link, error) {
	return a.useLink(ctx, tx, kind, token, time.Now())
}

func (a *Accounts) useLink(ctx context.Context, tx *db.Conn, kind LinkKind, token string, now time.Time) (Link, error) {
	if len(token) != 43 {
		return Link{}, ErrLinkUnknown
	}
	return scanLink(tx.QueryRow(ctx, `DELETE FROM account_links WHERE token_hash = $1 AND kind = $2 RETURNING `+linkColumns, tokenHash(token), kind), now)
}

func scanLink(row *sql.Row, now time.Time) (Link, error) {
	var (
		l                Link
		groups           string
		created, expires int64
	)
	err := row.Scan(&l.Kind, &l.Email, &groups, &l.Admin, &l.AccountID, &created, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return Link{}, ErrLinkUnknown
	}
	if err != nil {
		return Link{}, err
	}
	if err := json.Unmarshal([]byte(groups), &l.Groups); err != nil {
		return Link{}, err
	}
	l.Created, l.Expires = fromNanos(created), fromNanos(expires)
	if now.After(l.Expires) { // good at its last nanosecond, as sessions are
		return Link{}, ErrLinkExpired
	}
	return l, nil
}

// DropLinks makes all links of a kind unusable.
func (a *Accounts) DropLinks(ctx context.Context, tx *db.Conn, kind LinkKind) error {
	_, err := tx.Exec(ctx, `DELETE FROM account_links WHERE kind = $1`, kind)
	return err
}
