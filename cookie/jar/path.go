package jar

import "strings"

// maxPath is the longest path of a URL that a cookie without a Path may get. The draft has no limit; a jar must have one.
const maxPath = 8 << 10

// defaultPath is section 5.1.4: the folder of the URL, without its slash.
func defaultPath(path string) string {
	if path == "" || path[0] != '/' {
		return "/"
	}
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "/"
}

// pathMatch is section 5.1.4: the same path, or a folder above. Octets are compared: "%6F" is not "o".
func pathMatch(request, cookie string) bool {
	if !strings.HasPrefix(request, cookie) {
		return false
	}
	return len(request) == len(cookie) || cookie != "" && cookie[len(cookie)-1] == '/' || request[len(cookie)] == '/'
}
