package front

import (
	"net/http"
	"slices"
	"strings"
)

// KeepCookies takes cookies that are not the app's out of the request, and leaves the others as they are, octet for octet.
func KeepCookies(h http.Header, ours []string) {
	lines := h["Cookie"]
	if !slices.ContainsFunc(lines, func(line string) bool { return hasAny(line, ours) }) {
		return
	}
	var kept []string
	for _, line := range lines {
		if line = without(line, ours); line != "" {
			kept = append(kept, line)
		}
	}
	if kept == nil {
		delete(h, "Cookie")
		return
	}
	h["Cookie"] = kept
}

func hasAny(line string, ours []string) bool {
	for pair := range strings.SplitSeq(line, ";") {
		if isOurs(pair, ours) {
			return true
		}
	}
	return false
}

func without(line string, ours []string) string {
	var kept []string
	for pair := range strings.SplitSeq(line, ";") {
		if !isOurs(pair, ours) {
			kept = append(kept, pair)
		}
	}
	return strings.TrimLeft(strings.Join(kept, ";"), " \t")
}

// isOurs reports whether a pair, name=value, names one of our cookies, in any case. A cookie without a name whose value looks like such a pair counts:
// it reads the same where it is sent (draft-ietf-httpbis-rfc6265bis-22 section 5.7, step 22).
func isOurs(pair string, ours []string) bool {
	name, _, _ := strings.Cut(strings.TrimLeftFunc(pair, func(c rune) bool { return c <= ' ' || c == '=' || c == 0x7f }), "=")
	name = strings.TrimRightFunc(name, func(c rune) bool { return c <= ' ' || c == 0x7f })
	return slices.ContainsFunc(ours, func(o string) bool { return strings.EqualFold(name, o) })
}

// cleanAnswer takes out of an app's answer what is not the app's to say: it neither sets nor clears our cookies, and does not send the browser to
// another server. Everything else stays.
func cleanAnswer(h http.Header, ours []string) {
	if lines := h["Set-Cookie"]; lines != nil {
		kept := slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
			pair, _, _ := strings.Cut(line, ";")
			return isOurs(pair, ours)
		})
		if h["Set-Cookie"] = kept; len(kept) == 0 {
			delete(h, "Set-Cookie")
		}
	}
	if lines := h["Clear-Site-Data"]; lines != nil {
		if kept := keepSiteData(lines); kept != "" {
			h["Clear-Site-Data"] = []string{kept}
		} else {
			delete(h, "Clear-Site-Data")
		}
	}
	delete(h, "Alt-Svc") // it is about the app's own connection (RFC 7838)
}

// keepSiteData leaves what an app may clear of its own. Cookies go by registrable domain there (W3C Clear Site Data section 4.2.3): an app would sign the browser out
// of all its neighbours and of the sign-in host. Wildcard means all, so it becomes the rest.
func keepSiteData(lines []string) string {
	var kept []string
	for part := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		switch part = strings.Trim(part, " \t"); part {
		case "", `"cookies"`:
		case `"*"`:
			kept = append(kept, `"cache"`, `"storage"`, `"executionContexts"`)
		default:
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ", ")
}
