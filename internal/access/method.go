package access

import (
	"net/url"
	"strings"
)

// methodParameter is what Rails, Laravel, Symfony and others read from a query in place of the method, or from a form, which nobody sees here.
const methodParameter = "_method"

// others yields the methods for which an app may take the request instead of its own, in capital letters.
func (q *Query) others(yield func(method string) bool) {
	for _, m := range q.Others {
		if m = asMethod(m); m != "" && !yield(m) {
			return
		}
	}
	query := q.Target[strings.IndexByte(q.Target, '?')+1:]
	if len(query) == len(q.Target) || !strings.Contains(query, methodParameter) && strings.IndexByte(query, '%') < 0 {
		return // as nearly always
	}
	for query != "" {
		end := strings.IndexAny(query, "&;")
		if end < 0 {
			end = len(query)
		}
		name, value, _ := strings.Cut(query[:end], "=")
		query = query[min(end+1, len(query)):]
		if decoded(name) != methodParameter {
			continue
		}
		if m := asMethod(decoded(value)); m != "" && !yield(m) {
			return
		}
	}
}

// asMethod reads a method as those frameworks do, which take it in any case.
func asMethod(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

// decoded is a part of a query as a form would have it; as it stands if it is broken.
func decoded(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}
