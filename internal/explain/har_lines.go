package explain

import (
	"net/http"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
)

// setCookies are the Set-Cookie lines of the response. Some programs join them with line ends (Firefox once, chrome-har) or
// commas (Safari), and some have taken them out and left the list of cookies.
func (e *harEntry) setCookies() (lines []string, long bool) {
	for _, value := range e.responseHeaders["Set-Cookie"] {
		for line := range strings.SplitSeq(value, "\n") {
			if line = strings.Trim(line, "\r"); line != "" && len(lines) < maxFields {
				lines = append(lines, line)
			}
		}
	}
	if len(lines) == 1 && len(e.responseCookies) > 1 {
		if joined := splitJoined(lines[0]); len(joined) == len(e.responseCookies) {
			lines = joined
		}
	}
	if len(lines) == 0 {
		for _, c := range e.responseCookies {
			lines = append(lines, c.line(e))
		}
	}
	kept := lines[:0]
	for _, line := range lines {
		if len(line) > maxString {
			long = true
			continue
		}
		kept = append(kept, strings.TrimLeft(line, " "))
	}
	return kept, long
}

// line writes a cookie of a list as the Set-Cookie line that it may have been.
func (c *harCookie) line(e *harEntry) string {
	b := c.name + "=" + c.value
	if c.name == "" {
		b = c.value
	}
	if c.path != "" {
		b += "; Path=" + c.path
	}
	if u := e.target(); c.domain != "" && (u == nil || !strings.EqualFold(c.domain, u.Hostname())) {
		b += "; Domain=" + c.domain
	}
	if at, err := time.Parse(time.RFC3339, c.expires); err == nil && at.Year() > 1600 {
		b += "; Expires=" + at.UTC().Format(http.TimeFormat)
	}
	if c.secure {
		b += "; Secure"
	}
	if c.httpOnly {
		b += "; HttpOnly"
	}
	if c.sameSite != "" {
		b += "; SameSite=" + c.sameSite
	}
	return b
}

// sent are the cookies that the browser sent, as a server reads them; the header is believed before the list.
func (e *harEntry) sent() []*http.Cookie {
	if lines := e.requestHeaders["Cookie"]; len(lines) > 0 {
		parsed, err := cookie.Parse(http.Header{"Cookie": lines})
		if err == nil {
			return parsed
		}
		return nil
	}
	var list []*http.Cookie
	for _, c := range e.requestCookies {
		list = append(list, &http.Cookie{Name: c.name, Value: c.value})
	}
	return list
}

// isRedacted: sanitizers put words in the place of values.
func isRedacted(value string) bool {
	lower := strings.ToLower(value)
	return strings.Contains(lower, "redact") || strings.Contains(lower, "removed") || strings.Contains(lower, "sanitized") ||
		value != "" && strings.Trim(value, "*") == ""
}
