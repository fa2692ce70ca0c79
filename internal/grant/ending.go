package grant

import (
	"context"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
)

// EndFamily ends one family. It reports how many were ended: 0 if it had ended before (the first reason stays) or is not known.
// The reason is a session.Reason.
func (g *Families) EndFamily(ctx context.Context, tx *db.Conn, id, reason string) (int, error) {
	return g.end(ctx, tx, "id", id, "", reason, time.Now())
}

// EndSession ends the families of one session, in the transaction that ends the session.
func (g *Families) EndSession(ctx context.Context, tx *db.Conn, handle, reason string) (int, error) {
	return g.end(ctx, tx, "session_handle", handle, "", reason, time.Now())
}

// EndSubject ends every family of an account: it is disabled or deleted, its password was changed, or the person signed out everywhere
// (ASVS 7.4.2, CVE-2023-22492). The families of the session with the handle except live on; "" spares none.
func (g *Families) EndSubject(ctx context.Context, tx *db.Conn, subject, except, reason string) (int, error) {
	return g.end(ctx, tx, "subject", subject, except, reason, time.Now())
}

// end is one statement; column is one of the three names above. An empty value names nobody: Start takes none.
func (g *Families) end(ctx context.Context, tx *db.Conn, column, value, except, reason string, now time.Time) (int, error) {
	if tx.SQLTx() == nil {
		return 0, ErrNoTransaction
	}
	r, err := tx.Exec(ctx, `
		UPDATE refresh_families SET version = version + 1, ended = $1, end_reason = $2
		WHERE `+column+` = $3 AND ended = 0 AND session_handle <> $4`, now.UnixNano(), reason, value, except)
	if err != nil {
		return 0, storeError("end refresh families", err)
	}
	n, err := r.RowsAffected()
	return int(n), storeError("end refresh families", err)
}

const reasonTokenReuse = string(session.TokenReuse)
