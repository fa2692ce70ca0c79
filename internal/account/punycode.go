package account

import (
	"strings"
	"unicode/utf8"
)

// Parameters of RFC 3492 section 5.
const (
	punyBase = 36
	punyMin  = 1
	punyMax  = 26
	punySkew = 38
	punyDamp = 700
	punyBias = 72
	punyFrom = 128
)

// punycodeEncode is RFC 3492 section 6.3 for a label in lower case.
func punycodeEncode(s string) string {
	var out strings.Builder
	runes := []rune(s)
	for _, r := range runes {
		if r < punyFrom {
			out.WriteByte(byte(r))
		}
	}
	basic := out.Len()
	if basic > 0 {
		out.WriteByte('-')
	}
	n, delta, bias := rune(punyFrom), 0, punyBias
	for done := basic; done < len(runes); n, delta = n+1, delta+1 {
		next := rune(utf8.MaxRune)
		for _, r := range runes {
			if r >= n {
				next = min(next, r)
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := punyBase; ; k += punyBase {
				t := threshold(k, bias)
				if q < t {
					break
				}
				out.WriteByte(punyDigit(t + (q-t)%(punyBase-t)))
				q = (q - t) / (punyBase - t)
			}
			out.WriteByte(punyDigit(q))
			bias = punyAdapt(delta, done+1, done == basic)
			delta = 0
			done++
		}
	}
	return out.String()
}

// punycodeDecode is RFC 3492 section 6.2 for what a label of at most 59 bytes can hold.
func punycodeDecode(s string) (string, bool) {
	if len(s) > maxLabel || !isASCII(s) {
		return "", false
	}
	var out []rune
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		out, s = []rune(s[:i]), s[i+1:]
	}
	n, i, bias := int64(punyFrom), int64(0), punyBias
	for s != "" {
		old, w := i, int64(1)
		for k := punyBase; ; k += punyBase {
			if s == "" {
				return "", false
			}
			digit, ok := punyValue(s[0])
			if s = s[1:]; !ok {
				return "", false
			}
			if i += int64(digit) * w; i > 1<<40 { // far above what a code point can need
				return "", false
			}
			t := threshold(k, bias)
			if digit < t {
				break
			}
			if w *= int64(punyBase - t); w > 1<<40 {
				return "", false
			}
		}
		size := int64(len(out) + 1)
		bias = punyAdapt(int(i-old), int(size), old == 0)
		n += i / size
		i %= size
		if n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
			return "", false
		}
		out = append(out, 0)
		copy(out[i+1:], out[i:])
		out[i] = rune(n)
		i++
	}
	return string(out), true
}

func threshold(k, bias int) int { return min(max(k-bias, punyMin), punyMax) }

func punyAdapt(delta, points int, first bool) int {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for delta > (punyBase-punyMin)*punyMax/2 {
		delta /= punyBase - punyMin
		k += punyBase
	}
	return k + (punyBase-punyMin+1)*delta/(delta+punySkew)
}

func punyDigit(d int) byte {
	if d < 26 {
		return byte('a' + d)
	}
	return byte('0' + d - 26)
}

func punyValue(c byte) (int, bool) {
	switch {
	case 'a' <= c && c <= 'z':
		return int(c - 'a'), true
	case '0' <= c && c <= '9':
		return int(c-'0') + 26, true
	}
	return 0, false
}
