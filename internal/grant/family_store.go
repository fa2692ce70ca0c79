package grant

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
)

// MaxKnown is how many hashes of a family are remembered. A token older than that is answered as unknown instead of
// as theft: refused all the same. A family that is refreshed every ten minutes for thirty days has 4,320.
const MaxKnown = 8192

// presented is a token that was found, with the family as it was read.
type presented struct {
	family     Family
	version    int64
	rotated    time.Time
	generation int64  // number of the presented token
	successor  []byte // sealed; nil if there is none or it is past its grace
}

func (p *presented) rotation() rotation {
	return rotation{Newest: p.family.Refreshes, Rotated: p.rotated, Expires: p.family.Expires, Ended: !p.family.EndedAt.IsZero()}
}

// findPresented returns nil if the token is not known.
func findPresented(ctx context.Context, q *db.Conn, t token) (*presented, error) {
	var p presented
	var started, expires, rotated, ended, access int64
	f := &p.family
	err := q.QueryRow(ctx, `
		SELECT t.generation, t.successor,
		       f.id, f.version, f.session_handle, f.subject, f.client_id, f.scope, f.started, f.expires, f.newest, f.rotated, f.ended, f.end_reason,
		       f.access_until, f.device
		FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family
		WHERE t.hash = $1`, t.hash()).
		Scan(&p.generation, &p.successor,
			&f.ID, &p.version, &f.SessionHandle, &f.Subject, &f.ClientID, &f.Scope, &started, &expires, &f.Refreshes, &rotated, &ended, &f.EndReason,
			&access, &f.Device)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("grant: find a refresh token: %w", err)
	}
	f.Started, f.Expires, f.EndedAt, p.rotated, f.AccessUntil = stamp(started), stamp(expires), stamp(ended), stamp(rotated), stamp(access)
	return &p, nil
}

func insertFamily(ctx context.Context, tx *db.Conn, f Family) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO refresh_families (id, version, session_handle, subject, client_id, scope, started, expires, newest, rotated, access_until, device)
		VALUES ($1, 1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10)`,
		f.ID, f.SessionHandle, f.Subject, f.ClientID, f.Scope, f.Started.UnixNano(), f.Expires.UnixNano(), f.Started.UnixNano(), nanos(f.AccessUntil), f.Device)
	return storeError("start a refresh family", err)
}

func insertToken(ctx context.Context, tx *db.Conn, family string, generation int64, t token) error {
	_, err := tx.Exec(ctx, "INSERT INTO refresh_tokens (hash, family, generation) VALUES ($1, $2, $3)", t.hash(), family, generation)
	return storeError("store a refresh token", err)
}

// advance moves the family to the state after a first use. It comes before the tokens are written, so that who loses
// the race has written nothing.
func advance(ctx context.Context, tx *db.Conn, p *presented, after rotation) error {
	return swapped("advance a refresh family")(tx.Exec(ctx, `
		UPDATE refresh_families SET version = version + 1, newest = $1, rotated = $2
		WHERE id = $3 AND version = $4 AND ended = 0`,
		after.Newest, after.Rotated.UnixNano(), p.family.ID, p.version))
}

// insertSuccessor writes the successor of the token with number n, and forgets what nobody may ask for any more: the sealed
// successor of n-2, whose presentation is theft from now on, and the hash past MaxKnown. So a copy of the
// database and an old token together open nothing new.
func insertSuccessor(ctx context.Context, tx *db.Conn, family string, n int64, t, successor token) error {
	box := t.sealSuccessor(family, n, successor)
	if _, err := tx.Exec(ctx, "UPDATE refresh_tokens SET successor = $1 WHERE hash = $2", box, t.hash()); err != nil {
		return storeError("seal a successor", err)
	}
	if err := insertToken(ctx, tx, family, n+1, successor); err != nil {
		return err
	}
	if n >= 2 {
		if _, err := tx.Exec(ctx, "UPDATE refresh_tokens SET successor = NULL WHERE family = $1 AND generation = $2", family, n-2); err != nil {
			return storeError("forget a successor", err)
		}
	}
	if n+1 >= MaxKnown {
		if _, err := tx.Exec(ctx, "DELETE FROM refresh_tokens WHERE family = $1 AND generation <= $2", family, n+1-MaxKnown); err != nil {
			return storeError("forget an old refresh token", err)
		}
	}
	return nil
}

// noteAccess only moves the time forward: of two answers under way the longer-lived token counts. The row is locked until the commit, so that who ends
// the family meanwhile reads what is written here.
func noteAccess(ctx context.Context, tx *db.Conn, id string, until time.Time) error {
	return swapped("note an access token")(tx.Exec(ctx, `
		UPDATE refresh_families SET access_until = CASE WHEN access_until > $1 THEN access_until ELSE $1 END
		WHERE id = $2 AND ended = 0`, nanos(until), id))
}

func endPresented(ctx context.Context, tx *db.Conn, p *presented, f Family) error {
	return swapped("end a refresh family")(tx.Exec(ctx, `
		UPDATE refresh_families SET version = version + 1, ended = $1, end_reason = $2
		WHERE id = $3 AND version = $4 AND ended = 0`,
		f.EndedAt.UnixNano(), f.EndReason, f.ID, p.version))
}

// swapped turns "no row had that version" into ErrConflict.
func swapped(what string) func(sql.Result, error) error {
	return func(r sql.Result, err error) error {
		if err != nil {
			return storeError(what, err)
		}
		n, err := r.RowsAffected()
		if err != nil {
			return storeError(what, err)
		}
		if n != 1 {
			return ErrConflict
		}
		return nil
	}
}

func storeError(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("grant: %s: %w", what, err)
}

// stamp reads a stored time; 0 is the zero time.
func stamp(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// nanos is the other way round.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
