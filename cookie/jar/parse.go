package jar

import (
	"net/http"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
)

// A line is a Set-Cookie line as a browser understands it (draft-22 section 5.6), right or wrong.
type line struct {
	name, value string
	control     int         // where the first control character is, or -1
	attributes  []attribute // all, as they came: a corrected line keeps their order and spelling

	domain      string // the last Domain that counts, lower case, without a dot in front; "" if there is none
	path        string // the last Path that counts, "" if there is none or it does not begin with "/"
	maxAge      lifetime
	expires     lifetime
	sameSite    http.SameSite
	secure      bool
	httpOnly    bool
	partitioned bool

	warnings []Reason
}

// An attribute is what stands between two semicolons, without white space around it.
type attribute struct{ name, value, text string }

// A lifetime is an Expires or a Max-Age that could be read.
type lifetime struct {
	set   bool
	until time.Time
	cut   bool // it was longer than 400 days
}

// parse reads the value of a Set-Cookie header. It never fails: what is wrong with the line is for the steps of storing.
func parse(text string, now time.Time) line {
	l := line{control: firstControl(text), sameSite: http.SameSiteDefaultMode}

	// Section 5.6 steps 2 to 4.
	pair, rest, more := strings.Cut(text, ";")
	name, value, named := strings.Cut(pair, "=")
	if !named {
		name, value = "", pair
	}
	l.name, l.value = trim(name), trim(value)

	for more {
		var av string
		av, rest, more = strings.Cut(rest, ";")
		l.read(av, now)
	}
	return l
}

// read takes one attribute (section 5.6, the second list of steps). The last one of a name wins.
func (l *line) read(text string, now time.Time) {
	name, value, _ := strings.Cut(text, "=")
	a := attribute{name: trim(name), value: trim(value), text: trim(text)}
	if a.text == "" {
		return
	}
	l.attributes = append(l.attributes, a)
	if len(a.value) > cookie.MaxAttribute { // step 6
		l.warn(WarnAttributeValueExceedsMaxSize)
		return
	}
	switch lower(a.name) {
	case "expires": // section 5.6.1
		until, ok := ParseDate(a.value)
		if !ok {
			l.warn(WarnIgnoredAttribute)
			return
		}
		l.expires = cap400(until, now)
	case "max-age": // section 5.6.2
		seconds, ok := parseMaxAge(a.value)
		if !ok {
			l.warn(WarnIgnoredAttribute)
			return
		}
		l.maxAge = lifetime{set: true} // zero: the earliest time there is
		if seconds > 0 {
			l.maxAge = cap400(now.Add(min(time.Duration(seconds)*time.Second, cookie.MaxAge+time.Second)), now)
		}
	case "domain": // section 5.6.3
		l.domain = lower(strings.TrimPrefix(a.value, "."))
	case "path": // section 5.6.4
		l.path = ""
		if strings.HasPrefix(a.value, "/") {
			l.path = a.value
		} else if a.value != "" {
			l.warn(WarnIgnoredAttribute)
		}
	case "secure": // section 5.6.5
		l.secure = true
	case "httponly": // section 5.6.6
		l.httpOnly = true
	case "samesite": // section 5.6.7
		var known bool
		if l.sameSite, known = parseSameSite(a.value); !known {
			l.warn(WarnIgnoredAttribute)
		}
	case "partitioned": // draft-cutler-httpbis-partitioned-cookies
		l.partitioned = true
	default:
		l.warn(WarnIgnoredAttribute)
	}
}

func (l *line) warn(r Reason) { l.warnings = appendNew(l.warnings, r) }

// lifetime is the one that counts: Max-Age before Expires, in whatever order they stand (section 5.7 step 6).
func (l *line) lifetime() lifetime {
	if l.maxAge.set {
		return l.maxAge
	}
	return l.expires
}

// cap400 is section 5.5.
func cap400(until, now time.Time) lifetime {
	if limit := now.Add(cookie.MaxAge); until.After(limit) {
		return lifetime{set: true, until: limit, cut: true}
	}
	return lifetime{set: true, until: until}
}

// parseMaxAge returns a number of seconds, at least -1 and at most one more than 400 days have: what is beyond makes no
// difference.
func parseMaxAge(s string) (seconds int64, ok bool) {
	digits, negative := strings.CutPrefix(s, "-")
	if digits == "" {
		return 0, false
	}
	const most = int64(cookie.MaxAge/time.Second) + 1
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return 0, false
		}
		seconds = min(seconds*10+int64(digits[i]-'0'), most)
	}
	if negative {
		return -1, true
	}
	return seconds, true
}

func parseSameSite(s string) (mode http.SameSite, known bool) {
	switch lower(s) {
	case "none":
		return http.SameSiteNoneMode, true
	case "lax":
		return http.SameSiteLaxMode, true
	case "strict":
		return http.SameSiteStrictMode, true
	}
	return http.SameSiteDefaultMode, false
}

// firstControl returns the index of the first octet 00-08, 0A-1F or 7F, or -1. A tab is allowed.
func firstControl(s string) int {
	for i := range len(s) {
		if c := s[i]; c < 0x20 && c != '\t' || c == 0x7F {
			return i
		}
	}
	return -1
}

// trim takes spaces and tabs from both ends, and nothing else.
func trim(s string) string { return strings.Trim(s, " \t") }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// lower is ASCII only: what is not ASCII stays as it came.
func lower(s string) string {
	isUpper := func(c byte) bool { return 'A' <= c && c <= 'Z' }
	for i := range len(s) {
		if !isUpper(s[i]) {
			continue
		}
		b := []byte(s)
		for ; i < len(b); i++ {
			if isUpper(b[i]) {
				b[i] += 'a' - 'A'
			}
		}
		return string(b)
	}
	return s
}
