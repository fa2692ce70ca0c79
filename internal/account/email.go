package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxEmail  = 254 // bytes: RFC 5321 section 4.5.3.1.3 less the angle brackets
	maxLocal  = 64  // bytes: section 4.5.3.1.1
	maxDomain = 253
	maxLabel  = 63 // RFC 1035 section 2.3.4
)

// CanonicalEmail brings the ways of writing an address to one: it is what is stored, compared and throttled by (AU-11).
// White space around it goes; all of it becomes lower case and NFC; a domain becomes its ASCII form (münchen.de → xn--mnchen-3ya.de). Dots and
// plus signs of the local part stay: only some providers ignore them. Calling it twice changes nothing more.
//
// Refused, with an [*Error] that holds ErrEmail: anything but one @; quoted local parts and address literals; spaces and controls inside; more than
// 254 bytes; a label that pretends to be an ASCII form and is none.
func CanonicalEmail(s string) (string, error) {
	bad := func(what string) (string, error) { return "", &Error{Err: ErrEmail, What: what} }
	if len(s) > 4*maxEmail {
		return "", &Error{Err: ErrEmail, What: "too many bytes", Got: len(s), Limit: maxEmail}
	}
	if !utf8.ValidString(s) {
		return bad("not UTF-8")
	}
	s = strings.TrimSpace(s)
	local, domain, ok := strings.Cut(s, "@")
	if !ok || strings.Contains(domain, "@") {
		return bad("not exactly one @")
	}
	local, err := canonicalLocal(local)
	if err != nil {
		return "", err
	}
	domain, err = canonicalDomain(domain)
	if err != nil {
		return "", err
	}
	if s = local + "@" + domain; len(s) > maxEmail {
		return "", &Error{Err: ErrEmail, What: "too many bytes", Got: len(s), Limit: maxEmail}
	}
	return s, nil
}

// fold is lower case in NFC. One can bring the other out of order, so it is done until it changes nothing; ok is false for text where that
// does not come to an end.
func fold(s string) (folded string, ok bool) {
	for range 4 {
		next := norm.NFC.String(strings.ToLower(s))
		if next == s {
			return s, true
		}
		s = next
	}
	return "", false
}

// canonicalLocal checks a dot-atom of RFC 5322 section 3.2.3, or RFC 6531 section 3.3 with letters of any script.
func canonicalLocal(s string) (string, error) {
	bad := func(what string) (string, error) { return "", &Error{Err: ErrEmail, What: what} }
	s, ok := fold(s)
	if !ok || s == "" {
		return bad("nothing before the @")
	}
	if len(s) > maxLocal {
		return "", &Error{Err: ErrEmail, What: "too many bytes before the @", Got: len(s), Limit: maxLocal}
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return bad("a dot at an end, or two dots together, before the @")
		}
		if first, _ := utf8.DecodeRuneInString(atom); unicode.IsMark(first) {
			return bad("an accent without a letter before the @")
		}
		for _, r := range atom {
			if !isAtext(r) {
				return bad("a character before the @ that cannot be there unquoted")
			}
		}
	}
	return s, nil
}

func isAtext(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd)
}

// canonicalDomain checks a host name of RFC 1123 section 2.1 after bringing each label to its ASCII form.
func canonicalDomain(s string) (string, error) {
	bad := func(what string) (string, error) { return "", &Error{Err: ErrEmail, What: what} }
	s, ok := fold(s)
	if !ok || s == "" {
		return bad("nothing behind the @")
	}
	labels := strings.Split(s, ".")
	for i, label := range labels {
		if label == "" {
			return bad("a dot at an end, or two dots together, behind the @")
		}
		a, ok := asciiLabel(label)
		if !ok {
			return bad("a domain that cannot exist")
		}
		labels[i] = a
	}
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		return bad("a number instead of a domain")
	}
	s = strings.Join(labels, ".")
	if len(s) > maxDomain {
		return "", &Error{Err: ErrEmail, What: "too many bytes behind the @", Got: len(s), Limit: maxDomain}
	}
	return s, nil
}

// asciiLabel returns the ASCII form of a label in lower case and NFC (RFC 5891 section 4, without its tables of each script's code
// points: the mail server that does not exist decides about those).
func asciiLabel(s string) (string, bool) {
	unicodeForm := s
	if encoded, ok := strings.CutPrefix(s, "xn--"); ok {
		if unicodeForm, ok = punycodeDecode(encoded); !ok {
			return "", false
		}
		// A true ASCII form stands for a label that is canonical itself, and, see the end, that needs it.
		if folded, ok := fold(unicodeForm); !ok || folded != unicodeForm {
			return "", false
		}
	}
	first, _ := utf8.DecodeRuneInString(unicodeForm)
	if unicode.IsMark(first) || strings.HasPrefix(unicodeForm, "-") || strings.HasSuffix(unicodeForm, "-") {
		return "", false
	}
	for _, r := range unicodeForm {
		if !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r >= utf8.RuneSelf && unicode.In(r, unicode.L, unicode.M, unicode.Nd)) {
			return "", false
		}
	}
	if len(unicodeForm) >= 4 && unicodeForm[2:4] == "--" {
		return "", false // RFC 5891 section 4.2.3.1
	}
	ascii := unicodeForm
	if !isASCII(unicodeForm) {
		ascii = "xn--" + punycodeEncode(unicodeForm)
	}
	return ascii, len(ascii) <= maxLabel && (ascii == s || !strings.HasPrefix(s, "xn--"))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
