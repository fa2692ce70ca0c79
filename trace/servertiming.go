package trace

import (
	"math"
	"strconv"
	"strings"
)

// serverTiming reads the Server-Timing field (W3C Server Timing, section 3): metrics between commas, each with parameters of
// which the first dur and the first desc count. What cannot be read is skipped up to the next comma.
func serverTiming(values []string) (all []Timing) {
	for _, v := range values {
		for v != "" && len(all) < maxServerNames {
			var t Timing
			var ok bool
			if t, v, ok = cutTiming(v); ok {
				all = append(all, t)
			}
		}
	}
	return all
}

// cutTiming reads one metric and returns what stands after its comma.
func cutTiming(s string) (t Timing, rest string, ok bool) {
	t.Name, s = cutToken(strings.TrimLeft(s, " \t"))
	ok = t.Name != ""
	var haveDur, haveDesc bool
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" {
			return t, "", ok
		}
		if s[0] == ',' {
			return t, s[1:], ok
		}
		if s[0] != ';' {
			return t, afterComma(s), ok
		}
		var name, value string
		name, s = cutToken(strings.TrimLeft(s[1:], " \t"))
		s = strings.TrimLeft(s, " \t")
		if strings.HasPrefix(s, "=") {
			value, s = cutValue(strings.TrimLeft(s[1:], " \t"))
		}
		switch name = strings.ToLower(name); {
		case name == "dur" && !haveDur:
			haveDur = true
			if ms, err := strconv.ParseFloat(value, 64); err == nil && !math.IsInf(ms, 0) && !math.IsNaN(ms) {
				t.MS = ms
			}
		case name == "desc" && !haveDesc:
			haveDesc, t.Desc = true, value
		}
	}
}

// cutToken reads a token (RFC 9110 section 5.6.2), "" if none stands there.
func cutToken(s string) (token, rest string) {
	i := strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
	if i < 0 {
		i = len(s)
	}
	return s[:i], s[i:]
}

// cutValue reads a token or a quoted string (RFC 9110 section 5.6.4), whose end may be missing.
func cutValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		return cutToken(s)
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// afterComma skips what cannot be read; a comma in a quoted string does not count.
func afterComma(s string) string {
	for s != "" {
		switch s[0] {
		case ',':
			return s[1:]
		case '"':
			_, s = cutValue(s)
		default:
			s = s[1:]
		}
	}
	return ""
}
