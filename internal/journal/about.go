package journal

import (
	"context"

	"github.com/cloakroom/cloakroom/internal/db"
)

// About returns at most limit records of this node on a subject, newest first: what a person is shown of their own account.
func (j *Journal) About(ctx context.Context, q *db.Conn, subject string, limit int) ([]Record, error) {
	return j.query(ctx, q, "select "+columns+" from journal j where node = $1 and subject = $2 order by seq desc limit $3", subject, limit)
}
