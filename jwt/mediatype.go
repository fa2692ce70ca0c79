package jwt

import "strings"

// hasMediaType compares media types as RFC 7515 section 4.1.9 has it: without
// regard to case, and "application/" may be left out where there is no other slash.
func hasMediaType(typ, want string) bool {
	return equalASCII(shortType(typ), shortType(want))
}

func shortType(t string) string {
	const prefix = "application/"
	if len(t) > len(prefix) && equalASCII(t[:len(prefix)], prefix) && !strings.Contains(t[len(prefix):], "/") {
		return t[len(prefix):]
	}
	return t
}

// equalASCII ignores the case of A to Z only: strings.EqualFold would take the Kelvin sign for a k.
func equalASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
