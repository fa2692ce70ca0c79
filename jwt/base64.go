package jwt

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// encoding is base64url without padding (RFC 7515 section 2) that refuses
// trailing bits which are not zero, so that one value has one spelling.
var encoding = base64.RawURLEncoding.Strict()

type base64Error struct{ text string }

func (e *base64Error) Error() string { return e.text }

// appendBase64 appends what s stands for to dst. Only A-Z a-z 0-9 - _ may
// occur: encoding/base64 would skip line ends, so they are looked for first.
func appendBase64(dst []byte, s string) ([]byte, error) {
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		return nil, &base64Error{"line end at base64url character " + strconv.Itoa(i)}
	}
	dst, err := encoding.AppendDecode(dst, []byte(s))
	if err != nil {
		if at, ok := err.(base64.CorruptInputError); ok {
			return nil, &base64Error{"not canonical base64url at character " + strconv.FormatInt(int64(at), 10)}
		}
		return nil, &base64Error{err.Error()}
	}
	return dst, nil
}

func encodeBase64(b []byte) string { return encoding.EncodeToString(b) }
