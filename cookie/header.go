package cookie

import (
	"net/http"
	"strings"
)

// Get returns the value of the one cookie with this name, out of all Cookie
// lines of the request. Quotes are part of the value. The value is what the
// client sent: check its length and alphabet before anything is done with it.
//
// It returns [http.ErrNoCookie] if there is none, and an *[Error] that wraps
// [ErrDuplicate] if there are several, [ErrCaseVariant] if a name with a cookie
// prefix is also there in other upper and lower case, [ErrTooMany] or
// [ErrHeaderTooLarge] if the request is over the limits (answer 431), or
// [ErrName] if name cannot be a cookie's name. It does not allocate unless it
// fails.
func Get(h http.Header, name string) (string, error) {
	lines := h["Cookie"]
	if err := checkHeader(lines); err != nil {
		return "", err
	}
	var value, variant string
	var found, pairs int
	n := len(name)
	for _, rest := range lines {
		for rest != "" {
			pair := rest
			// A pair ends at ";", whatever quotes are open (RFC 6265 section 4.2.1
			// has no quoted strings), and one space belongs to the separator.
			if i := strings.IndexByte(rest, ';'); i < 0 {
				rest = ""
			} else {
				pair, rest = rest[:i], rest[i+1:]
				if rest != "" && rest[0] == ' ' {
					rest = rest[1:]
				}
			}
			if pair == "" {
				continue
			}
			pairs++
			if len(pair) > n && pair[n] == '=' {
				if pair[:n] == name {
					found++
					value = pair[n+1:]
				} else if equalFold(pair[:n], name) && PrefixOf(name) != nil {
					// Without a prefix, sid and SID are two cookies (RFC 6265 section 4.1.1).
					variant = pair[:n]
				}
			}
		}
	}
	if found == 1 && variant == "" && pairs <= MaxCookies && firstNot(token, name) < 0 && name != "" {
		return value, nil
	}
	return "", refuse(name, variant, found, pairs)
}

// refuse finds the reason that Get has no value. The order of the pairs in the
// header makes no difference.
func refuse(name, variant string, found, pairs int) error {
	if err := checkName(name); err != nil {
		return err
	}
	if pairs > MaxCookies {
		return over(ErrTooMany, "", "", pairs, MaxCookies)
	}
	if found > 1 {
		return over(ErrDuplicate, name, "", found, 1)
	}
	if variant != "" {
		return &Error{Name: name, Got: show(variant), Err: ErrCaseVariant}
	}
	return http.ErrNoCookie
}

// Parse returns all cookies of a request in the order of the header, from all
// Cookie lines, with Name and Value set and nothing else. To read one cookie,
// use [Get], which also refuses doubled names.
//
// Nothing is trimmed, folded or decoded: names and values are the octets between
// ";" (and the one space after it) and "=", quotes included. So a name may be
// one that no server can set. A pair without "=" is a cookie without a name
// (draft-22 section 5.8.3). Empty pairs are skipped.
//
// The error, if any, is an *[Error] that wraps [ErrTooMany] or
// [ErrHeaderTooLarge] (answer 431), found before anything is allocated.
func Parse(h http.Header) ([]*http.Cookie, error) {
	lines := h["Cookie"]
	if err := checkHeader(lines); err != nil {
		return nil, err
	}
	n := 0
	for _, line := range lines {
		for pair := range pairs(line) {
			if pair != "" {
				n++
			}
		}
	}
	if n > MaxCookies {
		return nil, over(ErrTooMany, "", "", n, MaxCookies)
	}
	cookies := make([]http.Cookie, n)
	all := make([]*http.Cookie, 0, n)
	for _, line := range lines {
		for pair := range pairs(line) {
			if pair == "" {
				continue
			}
			c := &cookies[len(all)]
			name, value, named := strings.Cut(pair, "=")
			if named {
				c.Name, c.Value = name, value
			} else {
				c.Value = pair
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// pairs yields what Get sees between the separators.
func pairs(line string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for more := true; more; {
			var pair string
			pair, line, more = strings.Cut(line, ";")
			line = strings.TrimPrefix(line, " ")
			if !yield(pair) {
				return
			}
		}
	}
}

// checkHeader holds the limits that need no look at the octets.
func checkHeader(lines []string) error {
	if len(lines) > MaxCookies {
		return over(ErrTooMany, "", "too many Cookie lines", len(lines), MaxCookies)
	}
	size := 0
	for _, line := range lines {
		size += len(line)
	}
	if size > MaxHeader {
		return over(ErrHeaderTooLarge, "", "", size, MaxHeader)
	}
	return nil
}
