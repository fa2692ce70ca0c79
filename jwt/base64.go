package jwt

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// encoding is base64url without padding (RFC 7515 section 2) that refuses
// trailing bits which are not zero, so that one value has one spelling.
var encoding = base64.RawURLEncoding.Strict()

type base64Error struct{ text string }

func (e *base64Error) Error() string { return e.text }

// appendBase64 appends what s stands for to dst. Only A-Z a-z 0-9 - _ may
// occur, and s must be canonical.
func appendBase64(dst []byte, s string) ([]byte, error) {
	if dst, ok := appendCanonical(dst, s); ok {
		return dst, nil
	}
	return nil, explainBase64(s)
}

// noDigit is above the 24 bits of four digits.
const noDigit = 1 << 24

// digits are the values of base64url characters in each of the four places.
var digits = func() (d [4][256]uint32) {
	for place := range d {
		for c := range d[place] {
			d[place][c] = noDigit
		}
		for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
			d[place][c] = uint32(i) << (18 - 6*place)
		}
	}
	return d
}()

// appendCanonical reads a string as it is, where encoding/base64 wants a copy of it, and skips nothing.
func appendCanonical(dst []byte, s string) ([]byte, bool) {
	dst = slices.Grow(dst, encoding.DecodedLen(len(s)))
	start := len(dst)
	to := dst[start : start+encoding.DecodedLen(len(s))]
	dst = dst[:start+len(to)]
	wrong := uint32(0)
	for len(s) >= 4 && len(to) >= 3 {
		n := digits[0][s[0]] | digits[1][s[1]] | digits[2][s[2]] | digits[3][s[3]]
		wrong |= n
		to[0], to[1], to[2] = byte(n>>16), byte(n>>8), byte(n)
		s, to = s[4:], to[3:]
	}
	switch len(s) {
	case 1:
		return nil, false
	case 2:
		n := digits[0][s[0]] | digits[1][s[1]]
		wrong |= n | n&0xffff<<12 // bits that are left over make it wrong
		to[0] = byte(n >> 16)
	case 3:
		n := digits[0][s[0]] | digits[1][s[1]] | digits[2][s[2]]
		wrong |= n | n&0xff<<18
		to[0], to[1] = byte(n>>16), byte(n>>8)
	}
	return dst, wrong < noDigit
}

// explainBase64 says why s is refused. encoding/base64 would skip line ends, so they are looked for first.
func explainBase64(s string) error {
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		return &base64Error{"line end at base64url character " + strconv.Itoa(i)}
	}
	_, err := encoding.DecodeString(s)
	if at, ok := err.(base64.CorruptInputError); ok {
		return &base64Error{"not canonical base64url at character " + strconv.FormatInt(int64(at), 10)}
	}
	return &base64Error{"not canonical base64url"}
}

func encodeBase64(b []byte) string { return encoding.EncodeToString(b) }
