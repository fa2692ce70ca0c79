package explain

import (
	"fmt"
	"strconv"
	"time"
)

// excerpt quotes the beginning of what a stranger wrote.
func excerpt(s string) string {
	const most = 48
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "…"
	}
	return strconv.QuoteToASCII(s)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// span says a length of time in the one unit that tells a person enough.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 0 {
		d = -d
	}
	switch {
	case d >= 730*day:
		return fmt.Sprintf("%.1f years", d.Hours()/24/365.25)
	case d >= 2*day:
		return count(int(d/day), "day")
	case d >= 2*time.Hour:
		return count(int(d.Round(time.Hour)/time.Hour), "hour")
	case d >= 2*time.Minute:
		return count(int(d.Round(time.Minute)/time.Minute), "minute")
	}
	return count(int(d.Round(time.Second)/time.Second), "second")
}

// when says a moment, and how far it is from now.
func when(at, now time.Time) string {
	text := at.UTC().Format("2006-01-02 15:04:05 UTC")
	if at.Year() > 9999 {
		return text
	}
	switch d := between(now, at); {
	case d > 0:
		return text + ", in " + span(d)
	case d < 0:
		return text + ", " + span(d) + " ago"
	}
	return text + ", now"
}

// between is b−a, to the second, at most 292 years.
func between(a, b time.Time) time.Duration {
	return b.Truncate(time.Second).Sub(a.Truncate(time.Second))
}
