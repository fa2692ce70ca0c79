package password

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	MinLength = 15   // code points after NFC: NIST SP 800-63B for a single factor (AU-01)
	MaxBytes  = 1024 // after NFC

	// rawBytes is what is brought to NFC at all: decomposed Hangul is three times as long as composed.
	rawBytes = 3 * MaxBytes
)

// Reason is the stable code of a refusal.
type Reason string

const (
	TooShort Reason = "too-short"
	TooLong  Reason = "too-long"
	NotText  Reason = "not-text" // not UTF-8
	Common   Reason = "common"   // one of the passwords that guessers try first, perhaps decorated
	Context  Reason = "context"  // the person's address or name, or this site's name
	Pattern  Reason = "pattern"  // repeated, a sequence, a walk over the keyboard, a date
)

// PolicyError refuses a new password. Text is a sentence for the person; it holds nothing of the password.
type PolicyError struct {
	Reason Reason
	Text   string
	Also   []Reason // what would be refused next
	Got    int      // with TooShort code points, with TooLong bytes
	Limit  int
}

func (e *PolicyError) Error() string {
	if e.Limit > 0 {
		return fmt.Sprintf("password: refused: %s: got %d, limit %d", e.Reason, e.Got, e.Limit)
	}
	return "password: refused: " + string(e.Reason)
}

// Normalize brings a typed password to the form that is hashed: NFC, once, and nothing else (AU-03): no trimming, no change of case,
// nothing is cut off. It reports false for what can be nobody's password: not UTF-8, or longer than [MaxBytes].
func Normalize(typed string) (string, bool) {
	if len(typed) > rawBytes || !utf8.ValidString(typed) {
		return "", false
	}
	s := norm.NFC.String(typed)
	if len(s) > MaxBytes {
		return "", false
	}
	return s, true
}

// Check judges a new password and returns it normalized, ready for [Slot.Hash]. context is what guessers know of this account: its
// address, the person's name, the names of this site. There are no rules of composition (AU-02). The error is a [*PolicyError].
func Check(typed string, context ...string) (string, error) {
	if !utf8.ValidString(typed) {
		return "", &PolicyError{Reason: NotText, Text: "The password is not valid text. Type it again."}
	}
	s, ok := Normalize(typed)
	if !ok {
		return "", tooLong(typed)
	}
	weakness, weak := judge(s, context)
	if n := utf8.RuneCountInString(s); n < MinLength {
		e := &PolicyError{Reason: TooShort, Got: n, Limit: MinLength, Text: fmt.Sprintf(
			"The password has %s; it takes at least %d. Some words in a row that have nothing to do with each other are easy to keep in mind.",
			characters(n), MinLength)}
		// A short password is always weak. Say so only if making it longer is not enough.
		if weak && (weakness == Common || weakness == Context) {
			e.Also = []Reason{weakness}
			e.Text += " " + sentences[weakness]
		}
		return "", e
	}
	if weak {
		return "", &PolicyError{Reason: weakness, Text: sentences[weakness]}
	}
	return s, nil
}

func tooLong(typed string) *PolicyError {
	got := len(typed)
	if got <= rawBytes {
		got = len(norm.NFC.String(typed))
	}
	return &PolicyError{Reason: TooLong, Got: got, Limit: MaxBytes,
		Text: fmt.Sprintf("The password has %d bytes; the most is %d.", got, MaxBytes)}
}

func characters(n int) string {
	if n == 1 {
		return "1 character"
	}
	return fmt.Sprintf("%d characters", n)
}

var sentences = map[Reason]string{
	Common:  "It is little more than words that are tried first by whoever guesses passwords.",
	Context: "It is little more than your address, your name or the name of this site, which guessers try first.",
	Pattern: "It is little more than a repetition, a sequence, a date or a row of keys, which guessers try first.",
}

// contextWords takes context apart: "Lea Smith", "lea.smith@mail.example.com", "auth.example.com:8443" give each whole and in pieces, without
// the top-level domain.
func contextWords(context []string) [][]rune {
	seen := map[string]bool{}
	var words [][]rune
	add := func(w string) {
		if utf8.RuneCountInString(w) >= 3 && !seen[w] && len(words) < 64 {
			seen[w] = true
			words = append(words, []rune(w))
		}
	}
	for _, c := range append([]string{"cloakroom"}, context...) {
		if len(c) > rawBytes {
			continue
		}
		c = strings.ToLower(norm.NFC.String(strings.TrimSpace(c)))
		c, _, _ = strings.Cut(c, ":")
		if dot := strings.LastIndexByte(c, '.'); dot > 0 && !strings.ContainsAny(c, " \t") && dot > strings.LastIndexByte(c, '@') {
			c = c[:dot]
		}
		add(c)
		for part := range strings.SplitSeq(c, "@") {
			add(part)
		}
		pieces := strings.FieldsFunc(c, func(r rune) bool { return strings.ContainsRune(" \t@._-+/'", r) })
		for _, p := range pieces {
			add(p)
		}
		add(strings.Join(pieces, ""))
	}
	return words
}
