package access

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// TestEveryCharacterIsReadAsSystemsMay_FA06: Unicode says which characters are other forms of ASCII ones. Each of them is in doubt, or is compared as
// a letter with an accent; and none of them leads up.
func TestEveryCharacterIsReadAsSystemsMay_FA06(t *testing.T) {
	ascii := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 0x80 {
				return -1
			}
			return r
		}, s)
	}
	found := 0
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		s := string(r)
		for _, form := range []norm.Form{norm.NFKC, norm.NFKD} {
			read := ascii(form.String(s))
			if read == "" || 0xd800 <= r && r < 0xe000 {
				continue
			}
			found++
			if !isLookalike(r) && !(mayBeLatin(r) && len(read) == 1) {
				t.Errorf("U+%04X may be %q, and is not in doubt", r, read)
			}
			for _, target := range []string{"/x/" + s, "/x/." + s, "/x/" + s + ".", "/x/.." + s + "admin", "/x" + s + ".." + s + "admin", "/x/" + s + "2e" + s + "2e"} {
				normal := unescapeLoosely(form.String(target))
				if checkPieces(normal) == "" {
					continue
				}
				if _, why := readTarget(target); why == "" {
					t.Errorf("%q may be %q, and is not refused", target, normal)
				}
			}
		}
		if unicode.Is(unicode.Cf, r) && !isLookalike(r) && r > 0x61c && !(r < 0x1000) && r < 0x11000 {
			t.Errorf("U+%04X cannot be seen, and is not in doubt", r)
		}
	}
	if found < 1000 {
		t.Errorf("only %d characters", found)
	}
}

// readTarget reads a target that has no escapes and no characters of the query in it.
func readTarget(target string) (reading, string) {
	if strings.ContainsAny(target, "?#") {
		return reading{}, whyFragment
	}
	return read(target)
}

// TestPlainLettersAreNotInDoubt: people write paths in their own language.
func TestPlainLettersAreNotInDoubt(t *testing.T) {
	for _, word := range []string{"über", "naïve", "ελληνικά", "русский", "українська", "עברית", "العربية", "हिन्दी", "日本語", "カタカナ", "中文", "한국어", "ไทย", "Tiếng"} {
		word = norm.NFC.String(word)
		for _, r := range word {
			if isLookalike(r) {
				t.Errorf("%c in %s is in doubt", r, word)
			}
		}
	}
	for _, r := range "🎉😀🚀" {
		if isLookalike(r) {
			t.Errorf("%c is in doubt", r)
		}
	}
}
