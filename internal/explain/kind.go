package explain

import (
	"encoding/base64"
	"strings"
)

// A Kind is what an input is.
type Kind string

// The kinds, by the names that --kind takes.
const (
	KindSetCookie Kind = "set-cookie" // Set-Cookie lines, with or without the header's name
	KindCookie    Kind = "cookie"     // a Cookie header
	KindToken     Kind = "token"      // JWTs
	KindHeaders   Kind = "headers"    // several of these, as curl -v and developer tools show them
	KindHAR       Kind = "har"        // what a browser recorded
)

// Kinds are all that [Options.Kind] may be, besides "".
func Kinds() []Kind { return []Kind{KindSetCookie, KindCookie, KindToken, KindHeaders, KindHAR} }

// attributes of a Set-Cookie line that browsers know, and one of the past that says nothing else.
var attributeNames = []string{"expires", "max-age", "domain", "path", "secure", "httponly", "samesite", "partitioned", "priority"}

func isAttribute(name string) bool {
	for _, known := range attributeNames {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}

// bareKind tells what a line without a header's name is: "" if it may be either.
func bareKind(line string) Kind {
	if looksLikeToken(line) {
		return KindToken
	}
	pairs, attributes, old := 0, 0, 0
	for i, part := range strings.Split(line, ";") {
		part = strings.Trim(part, " \t")
		name, _, named := strings.Cut(part, "=")
		name = strings.Trim(name, " \t")
		switch {
		case part == "":
		case strings.HasPrefix(name, "$"): // RFC 2109 and 2965, requests only
			old++
		case i > 0 && isAttribute(name):
			attributes++
		case named:
			pairs++
		}
	}
	switch {
	case old > 0 && pairs > 0:
		return KindCookie
	case attributes > 0 && pairs <= attributes+1:
		return KindSetCookie
	case pairs > 1:
		return KindCookie
	}
	return ""
}

// looksLikeToken: three or five parts of base64url with dots between, the first of which is JSON. Padding and the other
// base64 alphabet are looked through, since tokens with them are what somebody wants explained.
func looksLikeToken(s string) bool {
	if n := strings.Count(s, "."); n != 2 && n != 4 && n != 1 || strings.ContainsAny(s, " ;") {
		return false
	}
	head, rest, _ := strings.Cut(s, ".")
	return isHeaderPart(head) && onlyBase64(rest)
}

func isHeaderPart(part string) bool {
	b, _ := base64.RawURLEncoding.DecodeString(toURLAlphabet(part))
	return strings.HasPrefix(strings.TrimLeft(string(b), " \t\r\n"), "{")
}

func onlyBase64(s string) bool {
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=.%") == ""
}
