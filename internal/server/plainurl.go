package server

import (
	"net/url"
	"strings"
)

// plainURL is url.Parse for what almost every link is: a name, perhaps a port, and a path and a query of characters that nobody escapes or reads in two
// ways. It is not ok for everything else, and for what might be wrong. A check asks for it each time, and it costs a tenth.
func plainURL(link string) (u url.URL, ok bool) {
	scheme, rest, absolute := strings.Cut(link, "://")
	slash := strings.IndexByte(rest, '/')
	if !absolute || slash <= 0 || scheme != "https" && scheme != "http" {
		return u, false
	}
	host, path := rest[:slash], rest[slash:]
	path, query, asks := strings.Cut(path, "?")
	name, port, _ := strings.Cut(host, ":")
	if name == "" || asks && query == "" || len(name) < len(host) && !isPlainPort(port) || !isPlain(name, "-.") || !isPlain(path, "/-._~") || !isPlain(query, "/-._~=&") {
		return u, false
	}
	return url.URL{Scheme: scheme, Host: host, Path: path, RawQuery: query}, true
}

// isPlain reports whether a text is of letters, digits and some more characters.
func isPlain(text, more string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte(more, c) < 0:
			return false
		}
	}
	return true
}

// isPlainPort: four digits are never too many.
func isPlainPort(port string) bool {
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' {
			return false
		}
	}
	return port != "" && len(port) <= 4
}
