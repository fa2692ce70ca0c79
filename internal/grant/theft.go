package grant

import (
	"context"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
)

// Theft is a family that ended because a token of it came again long after it had been replaced.
type Theft struct {
	SessionHandle, Device string // as in Family
	At                    time.Time
}

// Thefts returns at most limit thefts from an account that were noticed after a time, newest first: what its owner is told. They
// are known for at least 30 days.
func (g *Families) Thefts(ctx context.Context, q *db.Conn, subject string, after time.Time, limit int) ([]Theft, error) {
	const what = "find thefts"
	rows, err := q.Query(ctx, `
		SELECT session_handle, device, ended FROM refresh_families
		WHERE subject = $1 AND end_reason = $2 AND ended > $3 ORDER BY ended DESC LIMIT $4`, subject, reasonTokenReuse, nanos(after), limit)
	if err != nil {
		return nil, storeError(what, err)
	}
	defer rows.Close()
	var all []Theft
	for rows.Next() {
		var theft Theft
		var at int64
		if err := rows.Scan(&theft.SessionHandle, &theft.Device, &at); err != nil {
			return nil, storeError(what, err)
		}
		theft.At = stamp(at)
		all = append(all, theft)
	}
	if err := rows.Err(); err != nil {
		return nil, storeError(what, err)
	}
	return all, nil
}
