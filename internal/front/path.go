package front

import (
	"net/http"
	"net/url"
	"strings"
)

// Target is the path and query that an app will be sent for a request: what has to be judged.
func Target(r *http.Request) string { return upstreamURL(&url.URL{}, r.URL).RequestURI() }

// upstreamURL is the address of what was asked for at the app. The path is the one that came, octet for octet: the app must read what was judged. Octets
// that no URL may have are percent-encoded, each by itself; package url would decode the rest of such a path and make / of %2F.
func upstreamURL(upstream, in *url.URL) *url.URL {
	return &url.URL{
		Scheme: upstream.Scheme, Host: upstream.Host,
		Path: in.Path, RawPath: legalPath(in.RawPath),
		RawQuery: in.RawQuery, ForceQuery: in.ForceQuery,
	}
}

// legalPath encodes what RFC 3986 section 3.3 does not allow in a path. "" stays: it stands for a path in its usual spelling.
func legalPath(raw string) string {
	n := 0
	for i := range len(raw) {
		if !legal(raw[i]) {
			n++
		}
	}
	if n == 0 {
		return raw
	}
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(raw)+2*n)
	for i := range len(raw) {
		if c := raw[i]; legal(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// legal tells the octets of a path as it is sent. Brackets are not among those of the RFC, but every browser sends them.
func legal(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("-._~!$&'()*+,;=:@/%[]", c) >= 0
}
