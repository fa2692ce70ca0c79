package page

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	now := time.Date(2026, time.March, 1, 0, 5, 0, 0, berlin)
	for _, row := range []struct {
		what, at, clock, rel string
	}{
		{"just now", "2026-02-28T23:05:00Z", "today 00:05", "just now"},
		{"a minute ago is yesterday already", "2026-02-28T22:59:59Z", "yesterday 23:59", "5 minutes ago"},
		{"the last second of a minute", "2026-02-28T23:04:01Z", "today 00:04", "just now"},
		{"the whole of yesterday", "2026-02-27T23:00:00Z", "yesterday 00:00", "1 day ago"},
		{"the day before", "2026-02-27T22:59:00Z", "27 February 23:59", "1 day ago"},
		{"later today", "2026-03-01T22:59:00Z", "today 23:59", "in 23 hours"},
		{"tomorrow", "2026-03-01T23:00:00Z", "tomorrow 00:00", "in 23 hours"},
		{"in a moment", "2026-02-28T23:05:30Z", "today 00:05", "in less than a minute"},
		{"last year", "2025-03-01T12:00:00Z", "1 March 2025 13:00", "364 days ago"},
	} {
		at, err := time.Parse(time.RFC3339, row.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := clock(now, at); got != row.clock {
			t.Errorf("%s: got %q, want %q", row.what, got, row.clock)
		}
		if got := relative(now, at); got != row.rel {
			t.Errorf("%s: got %q, want %q", row.what, got, row.rel)
		}
	}
}

func TestZone(t *testing.T) {
	for _, row := range []struct {
		name   string
		offset int
		want   string
	}{
		{"UTC", 0, "UTC"}, {"CET", 3600, "CET (UTC+1)"}, {"", -3 * 3600, "UTC-3"}, {"+0530", 19800, "UTC+5:30"}, {"NST", -12600, "NST (UTC-3:30)"},
	} {
		if got := zone(time.Now().In(time.FixedZone(row.name, row.offset))); got != row.want {
			t.Errorf("got %q, want %q", got, row.want)
		}
	}
}

func TestWaitIsRoundedUp(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Nanosecond: "1 second", 30 * time.Second: "30 seconds", 30*time.Second + 1: "31 seconds", 100 * time.Second: "2 minutes", time.Hour: "60 minutes", 100 * time.Minute: "2 hours",
	} {
		if got := wait(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
