package jar

import (
	"strings"
	"time"
)

// ParseDate reads the date of an Expires attribute as browsers do (draft-22 section 5.1.1): in whatever order and with
// whatever words between, as long as there are a time, a day, a month and a year. The zone is always UTC, whatever the text
// says. It reports whether there is such a date.
func ParseDate(s string) (time.Time, bool) {
	var d date
	for s != "" {
		start := strings.IndexFunc(s, isNotDelimiter)
		if start < 0 {
			break
		}
		s = s[start:]
		end := 0
		for end < len(s) && !isDelimiter(s[end]) {
			end++
		}
		d.take(s[:end]) // step 2
		s = s[end:]
	}
	return d.time()
}

// A date is what has been found of it so far. Each part is found once.
type date struct {
	hour, minute, second, day, year            int
	month                                      time.Month
	foundTime, foundDay, foundMonth, foundYear bool
}

// take is step 2: a token is the first part that it can be and that is still missing.
func (d *date) take(token string) {
	switch {
	case !d.foundTime && d.takeTime(token):
		d.foundTime = true
	case !d.foundDay && takeDigits(token, 1, 2, &d.day):
		d.foundDay = true
	case !d.foundMonth && d.takeMonth(token):
		d.foundMonth = true
	case !d.foundYear && takeDigits(token, 2, 4, &d.year):
		d.foundYear = true
	}
}

// time is steps 3 to 7.
func (d *date) time() (time.Time, bool) {
	switch {
	case 70 <= d.year && d.year <= 99:
		d.year += 1900
	case d.year <= 69:
		d.year += 2000
	}
	switch {
	case !d.foundTime || !d.foundDay || !d.foundMonth || !d.foundYear,
		d.day < 1 || d.day > 31,
		d.year < 1601,
		d.hour > 23 || d.minute > 59 || d.second > 59:
		return time.Time{}, false
	}
	t := time.Date(d.year, d.month, d.day, d.hour, d.minute, d.second, 0, time.UTC)
	if t.Day() != d.day { // 30 February would have become 1 or 2 March
		return time.Time{}, false
	}
	return t, true
}

// takeTime is h:m:s, each of one or two digits, and behind it anything that does not begin with a digit.
func (d *date) takeTime(token string) bool {
	h, rest, ok1 := strings.Cut(token, ":")
	m, s, ok2 := strings.Cut(rest, ":")
	var hour, minute, second int
	if !ok1 || !ok2 || !allDigits(h, 1, 2, &hour) || !allDigits(m, 1, 2, &minute) || !takeDigits(s, 1, 2, &second) {
		return false
	}
	d.hour, d.minute, d.second = hour, minute, second
	return true
}

// takeMonth looks at the first three letters, in any case.
func (d *date) takeMonth(token string) bool {
	if len(token) < 3 {
		return false
	}
	const months = "janfebmaraprmayjunjulaugsepoctnovdec"
	i := strings.Index(months, lower(token[:3]))
	if i < 0 || i%3 != 0 {
		return false
	}
	d.month = time.Month(i/3 + 1)
	return true
}

// takeDigits reads the digits in front of a token if there are at least and at most so many; what follows is not a digit.
func takeDigits(token string, least, most int, n *int) bool {
	end := 0
	for end < len(token) && isDigit(token[end]) {
		end++
	}
	return allDigits(token[:end], least, most, n)
}

func allDigits(s string, least, most int, n *int) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	v := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
		v = v*10 + int(s[i]-'0')
	}
	*n = v
	return true
}

func isNotDelimiter(r rune) bool { return r > 0x7F || !isDelimiter(byte(r)) }

// isDelimiter is the delimiter of section 5.1.1.
func isDelimiter(c byte) bool {
	return c == 0x09 || 0x20 <= c && c <= 0x2F || 0x3B <= c && c <= 0x40 || 0x5B <= c && c <= 0x60 || 0x7B <= c && c <= 0x7E
}
