package server

import (
	"net/http"
	"strings"
)

// otherMethods are what apps of some frameworks take for the method in place of the one in the request line, as some browsers and proxies of old could send
// GET and POST alone.
func otherMethods(h http.Header) (methods []string) {
	for _, name := range [...]string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"} {
		for _, line := range h[name] {
			methods = append(methods, strings.Split(line, ",")...)
		}
	}
	return methods
}
