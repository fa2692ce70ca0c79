package trace

import (
	_ "embed"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:generate go run gen_ksx1001.go

// ksx1001 is KS X 1001: 93 rows of 94 characters, U+FFFD where there is none. golang.org/x/text has the same, and four times as
// much for those who write it.
//
//go:embed ksx1001.txt
var ksx1001 string

const (
	firstSyllable = 0xac00 // of Hangul in Unicode
	lastSyllable  = 0xd7a3
)

// uhc is what euc-kr is on the Web: KS X 1001, and around it the Hangul syllables that it lacks, in the order of Unicode
// (Encoding standard, section 14.1).
type uhc struct {
	standard []rune
	lacking  []rune
}

var koreanTables = sync.OnceValue(func() uhc {
	u := uhc{standard: []rune(ksx1001)}
	var has [lastSyllable - firstSyllable + 1]bool
	for _, c := range u.standard {
		if firstSyllable <= c && c <= lastSyllable {
			has[c-firstSyllable] = true
		}
	}
	for i, there := range has {
		if !there {
			u.lacking = append(u.lacking, rune(firstSyllable+i))
		}
	}
	return u
})

// rune finds the character of two octets, U+FFFD if there is none.
func (u uhc) rune(lead, trail byte) rune {
	const wide, narrow = 178, 84 // places for syllables in a row before and beside the standard's
	at, table := 0, u.lacking
	switch {
	case lead >= 0xa1 && trail >= 0xa1:
		at, table = int(lead-0xa1)*94+int(trail-0xa1), u.standard
	case lead <= 0xa0:
		at = int(lead-0x81)*wide + place(trail)
	default:
		at = 0x20*wide + int(lead-0xa1)*narrow + place(trail)
	}
	if lead < 0x81 || trail == 0xff || place(trail) < 0 || at >= len(table) {
		return utf8.RuneError
	}
	return table[at]
}

// place numbers the octets that may come second: letters, and what is not ASCII.
func place(trail byte) int {
	switch {
	case 'A' <= trail && trail <= 'Z':
		return int(trail - 'A')
	case 'a' <= trail && trail <= 'z':
		return int(trail-'a') + 26
	case trail >= 0x81:
		return int(trail-0x81) + 52
	}
	return -1
}

func eucKR(b []byte) string {
	u := koreanTables()
	var text strings.Builder
	text.Grow(len(b))
	for len(b) > 0 {
		lead := b[0]
		b = b[1:]
		if lead < utf8.RuneSelf {
			text.WriteByte(lead)
			continue
		}
		c := rune(utf8.RuneError)
		if len(b) > 0 {
			c = u.rune(lead, b[0])
			if c != utf8.RuneError || lead != 0x80 && lead != 0xff && b[0] >= utf8.RuneSelf {
				b = b[1:] // an ASCII octet that belongs to nothing stands for itself
			}
		}
		text.WriteRune(c)
	}
	return text.String()
}
