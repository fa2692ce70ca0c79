package db

import (
	"strings"
	"sync"
	"sync/atomic"
)

// rebinds remembers rewritten queries. Queries are constants of the program; the limit only guards against one that is put together.
var rebinds struct {
	sync.Map
	n atomic.Int32
}

const maxRebinds = 1024

// rebind rewrites $n to ?n. SQLite reads "$1" as a name, and drivers bind names in order of appearance: "$2 … $1" would be
// bound wrongly, ?n never is.
func rebind(query string) string {
	if r, ok := rebinds.Load(query); ok {
		return r.(string)
	}
	r := rewrite(query)
	if rebinds.n.Load() < maxRebinds {
		rebinds.n.Add(1)
		rebinds.Store(query, r)
	}
	return r
}

// rewrite leaves literals ('$1'), quoted names and comments alone.
func rewrite(query string) string {
	var b strings.Builder
	for i := 0; i < len(query); {
		end := i + 1
		switch rest := query[i:]; {
		case rest[0] == '\'' || rest[0] == '"' || rest[0] == '`':
			end = i + 1 + after(rest[1:], rest[:1])
		case rest[0] == '[':
			end = i + 1 + after(rest[1:], "]")
		case strings.HasPrefix(rest, "--"):
			end = i + 2 + after(rest[2:], "\n")
		case strings.HasPrefix(rest, "/*"):
			end = i + 2 + after(rest[2:], "*/")
		case rest[0] == '$' && len(rest) > 1 && '0' <= rest[1] && rest[1] <= '9' && !inName(query, i):
			b.WriteByte('?')
			i++
			continue
		}
		b.WriteString(query[i:end])
		i = end
	}
	return b.String()
}

// after is the index just behind the next sep in s, or the end of s.
func after(s, sep string) int {
	if i := strings.Index(s, sep); i >= 0 {
		return i + len(sep)
	}
	return len(s)
}

// inName tells whether the $ at i continues a name, as SQLite allows: a$1.
func inName(query string, i int) bool {
	if i == 0 {
		return false
	}
	c := query[i-1]
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
