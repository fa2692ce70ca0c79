package jwt

import (
	"encoding/base64"
	"encoding/binary"
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

// alphabet is that of RFC 4648 section 5.
var alphabet = (*[64]byte)([]byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))

// noDigit is above the 24 bits of four digits.
const noDigit = 1 << 24

// digits are the values of base64url characters in each of the four places.
var digits = func() *[4][256]uint32 {
	d := new([4][256]uint32)
	for place := range d {
		for c := range d[place] {
			d[place][c] = noDigit
		}
		for i, c := range alphabet {
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
	d, wrong := digits, uint32(0)
	for len(s) >= 8 && len(to) >= 8 { // two octets too many are written, and overwritten by the next turn
		n, m := quantum(d, s), quantum(d, s[4:])
		wrong |= n | m
		binary.BigEndian.PutUint64(to, uint64(n)<<40|uint64(m)<<16)
		s, to = s[8:], to[6:]
	}
	for len(s) >= 4 && len(to) >= 3 {
		n := quantum(d, s)
		wrong |= n
		to[0], to[1], to[2] = byte(n>>16), byte(n>>8), byte(n)
		s, to = s[4:], to[3:]
	}
	switch len(s) {
	case 1:
		return nil, false
	case 2:
		n := d[0][s[0]] | d[1][s[1]]
		wrong |= n | n&0xffff<<12 // bits that are left over make it wrong
		to[0] = byte(n >> 16)
	case 3:
		n := d[0][s[0]] | d[1][s[1]] | d[2][s[2]]
		wrong |= n | n&0xff<<18
		to[0], to[1] = byte(n>>16), byte(n>>8)
	}
	return dst, wrong < noDigit
}

// quantum is what the first four characters of s stand for, or noDigit or more.
func quantum(d *[4][256]uint32, s string) uint32 {
	return d[0][s[0]] | d[1][s[1]] | d[2][s[2]] | d[3][s[3]]
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

// appendEncoded appends the base64url of b to dst, six octets at a time: encoding/base64 takes half as long again.
func appendEncoded(dst, b []byte) []byte {
	a, size := alphabet, encoding.EncodedLen(len(b))
	dst = slices.Grow(dst, size)
	to := dst[len(dst) : len(dst)+size]
	dst = dst[:len(dst)+size]
	for len(b) >= 8 && len(to) >= 8 {
		n := binary.BigEndian.Uint64(b)
		to[0] = a[n>>58]
		to[1] = a[n>>52&63]
		to[2] = a[n>>46&63]
		to[3] = a[n>>40&63]
		to[4] = a[n>>34&63]
		to[5] = a[n>>28&63]
		to[6] = a[n>>22&63]
		to[7] = a[n>>16&63]
		b, to = b[6:], to[8:]
	}
	encoding.Encode(to, b)
	return dst
}

func encodeBase64(b []byte) string { return encoding.EncodeToString(b) }
