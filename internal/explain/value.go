package explain

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cloakroom/cloakroom/internal/pattern"
)

// A Value is what the value of a cookie looks like.
type Value struct {
	Text  string `json:"text"`
	Bytes int    `json:"bytes"`
	Kind  string `json:"kind"` // "empty", "token", "encrypted-token", "uuid", "json", "email", "number", "time", "hex", "base64", "signed", "text", "opaque"
	Says  string `json:"says"` // the kind in words

	bits    float64 // at most so many can be random; 0 where that is no question
	decoded string  // without percent-encoding
}

var (
	uuidForm  = pattern.Lazy(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	emailForm = pattern.Lazy(`^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,24}$`)
	digits    = pattern.Lazy(`^[0-9]+$`)
	hexForm   = pattern.Lazy(`^(?:[0-9a-f]{16,}|[0-9A-F]{16,})$`)
	plainWord = pattern.Lazy(`^[A-Za-z]+(?:[ _.,:+-][A-Za-z]+)*$`)
	oneWord   = pattern.Lazy(`^[A-Za-z0-9_+/=.:-]+$`)
)

// maxClassified is how much of a value is looked into.
const maxClassified = 64 << 10

// classify finds out what a value may be. It is a guess, and says so little that the guess cannot hurt.
func classify(value string) Value {
	v := Value{Text: value, Bytes: len(value), decoded: value}
	if len(value) > maxClassified {
		v.Kind, v.Says = "text", "too long to look into"
		return v
	}
	if strings.Contains(value, "%") {
		if d, err := url.PathUnescape(value); err == nil {
			v.decoded = d
		}
	}
	v.Kind, v.Says = v.guess(strings.Trim(v.decoded, `"`))
	if v.decoded != value {
		v.Says += ", percent-encoded"
	}
	return v
}

func (v *Value) guess(s string) (kind, says string) {
	switch {
	case s == "":
		return "empty", "empty"
	case isToken(s) && strings.Count(s, ".") == 2:
		return "token", "a signed token (JWT)"
	case isToken(s) && strings.Count(s, ".") == 4:
		return "encrypted-token", "an encrypted token (JWE)"
	case uuidForm().MatchString(s):
		v.bits = 122
		return "uuid", "a UUID: at most 122 random bits"
	case emailForm().MatchString(s):
		return "email", "an e-mail address"
	case (s[0] == '{' || s[0] == '[') && json.Valid([]byte(s)):
		return "json", "JSON that anybody can read and change"
	case digits().MatchString(s):
		if at, ok := unixTime(s); ok {
			return "time", "a moment: " + at.Format(time.DateTime) + " UTC"
		}
		v.bits = float64(len(s)) * math.Log2(10)
		return "number", "a number"
	case hexForm().MatchString(s):
		v.bits = float64(len(s)) * 4
		return "hex", fmt.Sprintf("%d hexadecimal digits: at most %d random bits", len(s), len(s)*4)
	}
	if base64JSON(s) {
		return "base64", "JSON in base64: anybody can read it"
	}
	if name := signedForm(s); name != "" {
		return "signed", "a value signed in the way of " + name
	}
	if !oneWord().MatchString(s) || plainWord().MatchString(s) && len(s) < 20 || len(s) < 16 {
		return "text", "text"
	}
	v.bits = float64(len(s)) * bitsPerCharacter(s)
	return "opaque", fmt.Sprintf("%d characters that say nothing: at most %.0f random bits", len(s), v.bits)
}

// isToken asks for more than looksLikeToken, since the sessions of Flask have three parts, too: an algorithm.
func isToken(s string) bool {
	if !looksLikeToken(s) {
		return false
	}
	head, _, _ := strings.Cut(s, ".")
	b, _ := base64.RawURLEncoding.DecodeString(toURLAlphabet(head))
	o, _ := readObject(b)
	_, ok := o.get("alg")
	return ok
}

// bitsPerCharacter of the smallest usual alphabet that holds s.
func bitsPerCharacter(s string) float64 {
	size := 0
	for _, class := range []struct {
		holds func(c byte) bool
		size  int
	}{
		{func(c byte) bool { return '0' <= c && c <= '9' }, 10},
		{func(c byte) bool { return 'a' <= c && c <= 'z' }, 26},
		{func(c byte) bool { return 'A' <= c && c <= 'Z' }, 26},
		{func(c byte) bool { return strings.IndexByte("-_+/", c) >= 0 }, 2},
	} {
		for i := range len(s) {
			if class.holds(s[i]) {
				size += class.size
				break
			}
		}
	}
	return math.Log2(float64(max(size, 2)))
}

// unixTime takes seconds or milliseconds between 2001 and 2100 for a moment.
func unixTime(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	switch len(s) {
	case 10:
	case 13:
		n /= 1000
	default:
		return time.Time{}, false
	}
	return time.Unix(n, 0).UTC(), n >= 1e9 && n < 4_102_444_800
}

// base64JSON decodes what many frameworks keep their session in.
func base64JSON(s string) bool {
	s, _, _ = strings.Cut(s, "--") // Rails
	s, _, _ = strings.Cut(s, ".")  // Flask, Django
	b, err := base64.RawURLEncoding.DecodeString(toURLAlphabet(s))
	return err == nil && len(b) >= 2 && b[0] == '{' && utf8.Valid(b) && json.Valid(b)
}

func toURLAlphabet(s string) string {
	return strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(s)
}

var (
	expressForm = pattern.Lazy(`^s:[^.]+\.[A-Za-z0-9+/]{43}=?$`)
	railsForm   = pattern.Lazy(`^[A-Za-z0-9+/=]{16,}--[0-9a-f]{40,64}$|^[A-Za-z0-9+/=]+--[A-Za-z0-9+/]{16}--[A-Za-z0-9+/]{22}==$`)
	flaskForm   = pattern.Lazy(`^\.?[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,43}$`)
)

func signedForm(s string) string {
	switch {
	case expressForm().MatchString(s):
		return "Express"
	case railsForm().MatchString(s):
		return "Rails"
	case flaskForm().MatchString(s):
		return "Flask and Django"
	}
	return ""
}
