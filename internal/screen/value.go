package screen

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// maxDescribed is how many octets of a value are looked into.
const maxDescribed = 16 << 10

// Describe says what a cookie's value looks like, in a few words and with no more of it than a secret may show.
func (s *Screen) Describe(value string) string {
	kind := kindOf(value, s.now())
	if value == "" || kind == "" {
		return "empty"
	}
	if s.Secrets {
		return kind + " " + value
	}
	return kind + " " + Short(value)
}

func kindOf(value string, now time.Time) string {
	if len(value) > maxDescribed {
		return "long"
	}
	if strings.Contains(value, "%") {
		if plain, err := url.PathUnescape(value); err == nil && plain != value {
			return kindOf(strings.ReplaceAll(plain, "%", ""), now) + ", percent-encoded"
		}
	}
	bare := strings.Trim(value, `"`)
	if kind := tokenKind(bare, now); kind != "" {
		return kind
	}
	switch {
	case bare == "":
		return ""
	case strings.Trim(bare, "0123456789") == "":
		return "number"
	case isJSON([]byte(bare)):
		return "JSON"
	case len(bare) >= 16 && strings.Trim(bare, "0123456789abcdefABCDEF") == "":
		return "hexadecimal"
	}
	if b, ok := fromBase64(bare); ok && len(bare) >= 8 {
		if isJSON(b) {
			return "JSON in base64"
		}
		if len(b) >= 8 && isText(b) {
			return "text in base64"
		}
	}
	if len(bare) >= 16 && !strings.ContainsAny(bare, " ,") && strings.ContainsAny(bare, "0123456789") {
		return "opaque"
	}
	return "text"
}

// tokenKind tells a token from its header; nothing of it is checked.
func tokenKind(s string, now time.Time) string {
	parts := strings.Split(s, ".")
	if len(parts) != 3 && len(parts) != 5 {
		return ""
	}
	var header struct {
		Alg string `json:"alg"`
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || json.Unmarshal(b, &header) != nil || header.Alg == "" {
		return ""
	}
	alg := Fit(header.Alg, 16)
	if len(parts) == 5 {
		return "encrypted token " + alg
	}
	var claims struct {
		Exp *float64 `json:"exp"`
	}
	b, err = base64.RawURLEncoding.DecodeString(parts[1])
	switch {
	case err != nil, json.Unmarshal(b, &claims) != nil:
		return "token (JWT " + alg + ")"
	case claims.Exp == nil:
		return "token (JWT " + alg + ", without end)"
	case *claims.Exp < 0, *claims.Exp > 253402300799: // the year 9999
		return "token (JWT " + alg + ", with an odd end)"
	}
	if left := time.Unix(int64(*claims.Exp), 0).Sub(now); left > 0 {
		return fmt.Sprintf("token (JWT %s, good for %s)", alg, span(left))
	} else {
		return fmt.Sprintf("token (JWT %s, expired %s ago)", alg, span(-left))
	}
}

func isJSON(b []byte) bool {
	return len(b) > 1 && (b[0] == '{' || b[0] == '[') && json.Valid(b)
}

func fromBase64(s string) ([]byte, bool) {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil
}

func isText(b []byte) bool { return utf8.Valid(b) && Printable(string(b)) == string(b) }

// span says how long something is, in the largest unit of which there are at least two.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 730*day:
		return count(int(d/(365*day)), "year")
	case d >= 2*day:
		return count(int(d.Round(time.Hour)/day), "day")
	case d >= 2*time.Hour:
		return count(int(d.Round(time.Minute)/time.Hour), "hour")
	case d >= 2*time.Minute:
		return count(int(d.Round(time.Second)/time.Minute), "minute")
	}
	return count(int(d.Round(time.Second)/time.Second), "second")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
