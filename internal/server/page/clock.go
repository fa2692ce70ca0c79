package page

import (
	"fmt"
	"time"
)

// moment is a time as a page shows it: exact for programs, in words for people.
type moment struct {
	ISO  string // 2026-11-23T14:05:00Z
	Text string // today 14:05
	Rel  string // 12 minutes ago, in 3 days
}

func at(now, t time.Time) moment {
	return moment{ISO: t.UTC().Format(time.RFC3339), Text: clock(now, t), Rel: relative(now, t)}
}

// clock names t as seen from now, in the location of now.
func clock(now, t time.Time) string {
	t = t.In(now.Location())
	hour := t.Format("15:04")
	switch days(t) - days(now) {
	case 0:
		return "today " + hour
	case -1:
		return "yesterday " + hour
	case 1:
		return "tomorrow " + hour
	}
	if t.Year() == now.Year() {
		return t.Format("2 January 15:04")
	}
	return t.Format("2 January 2006 15:04")
}

// days counts calendar days, so that "yesterday" is right over a change of the clocks too.
func days(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// relative says how far t is from now, in one rounded-down unit.
func relative(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case d > -time.Minute && d < time.Minute:
		if d < 0 {
			return "in less than a minute"
		}
		return "just now"
	case d < 0:
		return "in " + span(-d)
	}
	return span(d) + " ago"
}

// span is a length of time in one rounded-down unit: "45 seconds", "1 hour", "30 days".
func span(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d >= u.unit {
			return plural(int(d/u.unit), u.name)
		}
	}
	return plural(int((d+time.Second-1)/time.Second), "second")
}

// wait is a length of time in one unit, rounded up, so that who waits that long has waited enough.
func wait(d time.Duration) string {
	switch {
	case d <= 99*time.Second:
		return plural(int((d+time.Second-1)/time.Second), "second")
	case d <= 99*time.Minute:
		return plural(int((d+time.Minute-1)/time.Minute), "minute")
	}
	return plural(int((d+time.Hour-1)/time.Hour), "hour")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// zone names the location of now for the foot of a page: "UTC", "CET (UTC+1)".
func zone(now time.Time) string {
	name, offset := now.Zone()
	if offset == 0 {
		return "UTC"
	}
	utc := fmt.Sprintf("UTC%+d", offset/3600)
	if m := offset % 3600 / 60; m != 0 {
		utc += fmt.Sprintf(":%02d", max(m, -m))
	}
	if name == "" || name[0] == '+' || name[0] == '-' {
		return utc
	}
	return name + " (" + utc + ")"
}
