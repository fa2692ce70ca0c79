package server

import (
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

// What is told of a session is what package session will do with it.
func TestRemainingBody(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rows := []struct {
		story             string
		seen, idle, after time.Duration // seen ago, idle limit, expires after now
		remaining         int64
		endsBy            session.Reason
	}{
		{"just used", 0, time.Hour, 24 * time.Hour, 3600, session.Idle},
		{"used a nanosecond ago: no whole hour is left", 1, time.Hour, 24 * time.Hour, 3599, session.Idle},
		{"half a second is left", time.Hour - time.Second/2, time.Hour, 24 * time.Hour, 0, session.Idle},
		{"at its limit it is still valid", time.Hour, time.Hour, 24 * time.Hour, 0, session.Idle},
		{"another process may know of a later use", time.Hour + time.Minute, time.Hour, 24 * time.Hour, 0, session.Idle},
		{"the lifetime is nearer", 0, time.Hour, 10 * time.Minute, 600, session.Lifetime},
		{"both at once: the lifetime, as the ending will say", 0, time.Hour, time.Hour, 3600, session.Lifetime},
		{"no idle limit: a program's", 5 * time.Hour, 0, 720 * time.Hour, 720 * 3600, session.Lifetime},
	}
	for _, row := range rows {
		rec := session.Record{Handle: "h", Seen: now.Add(-row.seen), Idle: row.idle, Expires: now.Add(row.after)}
		got := remainingBody(rec, now)
		if got.ID != "h" || got.Remaining != row.remaining || got.EndsBy != row.endsBy || !got.ExpiresAt.Equal(rec.Expires) {
			t.Errorf("%s: %+v, want %d by %s", row.story, got, row.remaining, row.endsBy)
		}
		if (got.IdleAt == nil) != (row.idle == 0) || got.IdleAt != nil && !got.IdleAt.Equal(rec.Seen.Add(row.idle)) {
			t.Errorf("%s: idle at %v", row.story, got.IdleAt)
		}
		if _, over := rec.ExpiredAt(now.Add(time.Duration(got.Remaining) * time.Second)); over && got.Remaining > 0 {
			t.Errorf("%s: promised more than is left", row.story)
		}
	}
}
