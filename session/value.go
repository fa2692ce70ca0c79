package session

import (
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"
)

var errUTF8 = errors.New("not valid UTF-8")

// encode writes a value as JSON. The types that sessions mostly hold do without
// reflection, to the same bytes but for characters that only HTML minds.
func encode[T any](v T) ([]byte, error) {
	switch v := any(v).(type) {
	case string:
		if !utf8.ValidString(v) { // encoding/json would repair it silently
			return nil, errUTF8
		}
		if plain(v) {
			b := make([]byte, 0, len(v)+2)
			return append(append(append(b, '"'), v...), '"'), nil
		}
	case int:
		return strconv.AppendInt(nil, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(nil, v, 10), nil
	case bool:
		return strconv.AppendBool(nil, v), nil
	}
	return json.Marshal(v)
}

// decode reads a value as encode wrote it. The pointer given to the type switch
// does not escape, so that the common types cost no allocation.
func decode[T any](raw []byte) (T, error) {
	var v T
	switch p := any(&v).(type) {
	case *string:
		if n := len(raw); n >= 2 && raw[0] == '"' && raw[n-1] == '"' && plain(raw[1:n-1]) {
			*p = string(raw[1 : n-1])
			return v, nil
		}
	case *int:
		if i, ok := atoi(raw); ok && int64(int(i)) == i {
			*p = int(i)
			return v, nil
		}
	case *int64:
		if i, ok := atoi(raw); ok {
			*p = i
			return v, nil
		}
	case *bool:
		switch string(raw) {
		case "true":
			*p = true
			return v, nil
		case "false":
			return v, nil
		}
	}
	return decodeAny[T](raw)
}

func decodeAny[T any](raw []byte) (T, error) {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		var zero T
		return zero, err
	}
	return v, nil
}

// plain tells whether a text stands in JSON as it is.
func plain[T string | []byte](text T) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// atoi reads a JSON integer of at most 18 digits; longer ones are left to encoding/json.
func atoi(raw []byte) (int64, bool) {
	digits := raw
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 18 || digits[0] == '0' && len(digits) > 1 {
		return 0, false
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(raw) {
		n = -n
	}
	return n, true
}
