package jwks

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// freshness is how long an answer is fresh from the moment it was asked for (RFC 9111 section 4.2), within our bounds.
// This is a private cache: s-maxage is not for us.
func freshness(h http.Header) time.Duration {
	fresh, said := DefaultFresh, false
	for _, line := range h.Values("Cache-Control") {
		for directive := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
			switch strings.ToLower(name) {
			case "no-store", "no-cache":
				return LeastFresh
			case "max-age":
				// Section 4.2.1: of several the shortest counts, and what cannot be read counts as stale.
				d := seconds(strings.Trim(value, `"`))
				if !said || d < fresh {
					fresh, said = d, true
				}
			}
		}
	}
	if said { // Section 5.1: how long it lay in caches on the way.
		fresh -= seconds(h.Get("Age"))
	}
	return min(max(fresh, LeastFresh), MostFresh)
}

// seconds reads delta-seconds (RFC 9111 section 1.2.2): at most 2^31, and 0 if it is no number.
func seconds(s string) time.Duration {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		n = 1 << 31
	}
	return time.Duration(min(n, 1<<31)) * time.Second
}
