package front

import (
	"net/http"
	"net/netip"
	"strings"
)

// identify sets all four fields, empty ones too (FA-02).
func identify(h http.Header, v *Visitor) {
	h["Remote-User"] = []string{v.User}
	h["Remote-Email"] = []string{v.Email}
	h["Remote-Name"] = []string{v.Name}
	h["Remote-Groups"] = []string{v.Groups}
}

// forwarded says what the app cannot see by itself any more.
func forwarded(h http.Header, host, scheme string, addr netip.Addr) {
	h["X-Forwarded-Host"] = []string{host}
	h["X-Forwarded-Proto"] = []string{scheme}
	if addr.IsValid() {
		h["X-Forwarded-For"] = []string{addr.String()}
	}
}

// takeOut deletes what a client must not say to an app: who it is, where it comes from, and which address it asked for.
func takeOut(h http.Header) {
	for name := range h {
		if isReserved(name) {
			delete(h, name)
		}
	}
}

// isReserved tells the fields that are ours to set, however a server between here and the app's code may spell them: CGI, WSGI and PHP make one
// of Remote-User and Remote_User, others of remote.user too. So letters and digits alone are compared, and case is not (FA-03).
func isReserved(name string) bool {
	var room [64]byte
	s := room[:0]
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			s = append(s, c)
		}
	}
	switch folded := string(s); folded {
	case "remoteuser", "remoteemail", "remotename", "remotegroups",
		"forwarded", "xrealip", "xclientip", "xclusterclientip", "trueclientip",
		"xrewriteurl", // by which some servers serve another path than the one that was judged
		"proxy":       // which CGI makes HTTP_PROXY of (CVE-2016-5385)
		return true
	default:
		return strings.HasPrefix(folded, "xforwarded") || strings.HasPrefix(folded, "xoriginal")
	}
}
