// Package pattern holds regular expressions that are not compiled before they are used: a server that runs for months has no use for most
// of them.
package pattern

import (
	"regexp"
	"sync"
)

// Lazy is the regular expression, compiled once, when it is first asked for. One that does not compile panics then.
//
//go:noinline
func Lazy(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
