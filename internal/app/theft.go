package app

import (
	"context"
	"time"

	"github.com/cloakroom/cloakroom/internal/grant"
)

// tellThefts is how long the owner of an account is told that a sign-in of theirs was stolen: as long as the record of an ended
// session is kept.
const tellThefts = 30 * 24 * time.Hour

// maxThefts bounds how many are told at once.
const maxThefts = 10

// Thefts lists the sign-ins of an account that were ended lately because a token of theirs was used twice, newest first.
func (a *App) Thefts(ctx context.Context, subject string) ([]grant.Theft, error) {
	return a.families.Thefts(ctx, a.db.View(), subject, now().Add(-tellThefts), maxThefts)
}
