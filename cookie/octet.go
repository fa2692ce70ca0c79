package cookie

// The octet classes of the grammar, one table of bits.
const (
	token       = 1 << iota // tchar, RFC 9110 section 5.6.2
	cookieOctet             // RFC 6265 section 4.1.1
	avOctet                 // any CHAR except CTL and ";", RFC 6265 section 4.1.1
)

var octets = func() (table [256]uint8) {
	for c := 0x20; c < 0x7F; c++ {
		if c != ';' {
			table[c] |= avOctet
		}
		if c != ' ' && c != '"' && c != ',' && c != ';' && c != '\\' {
			table[c] |= cookieOctet
		}
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
			table[c] |= token
		}
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		table[c] |= token
	}
	return table
}()

// firstNot returns the index of the first octet that is not in the class, or -1.
func firstNot(class uint8, s string) int {
	for i := range len(s) {
		if octets[s[i]]&class == 0 {
			return i
		}
	}
	return -1
}

// equalFold is ASCII only: strings.EqualFold knows letters outside ASCII, which
// no cookie name has.
func equalFold(a, b string) bool {
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
