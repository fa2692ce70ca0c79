package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

const (
	maxEmail  = 254 // bytes: RFC 5321 section 4.5.3.1.3 less the angle brackets
	maxLocal  = 64  // bytes: section 4.5.3.1.1
	maxDomain = 253
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

// domains is UTS 46 as browsers look names up, with the rules for a host name (RFC 1123 section 2.1) and for each label.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.ValidateLabels(true), idna.CheckHyphens(true), idna.VerifyDNSLength(true))

// canonicalDomain brings a host name to its ASCII form in lower case.
func canonicalDomain(s string) (string, error) {
	bad := func(what string) (string, error) { return "", &Error{Err: ErrEmail, What: what} }
	switch {
	case s == "":
		return bad("nothing behind the @")
	case strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, ".."):
		return bad("a dot at an end, or two dots together, behind the @")
	}
	ascii, err := domains.ToASCII(s)
	if err != nil || strings.HasSuffix(ascii, ".") {
		return bad("a domain that cannot exist")
	}
	if len(ascii) > maxDomain {
		return "", &Error{Err: ErrEmail, What: "too many bytes behind the @", Got: len(ascii), Limit: maxDomain}
	}
	// A label that pretends to be an ASCII form and is none must not pass for what it seems (CVE-2026-39821).
	spelled, err := domains.ToUnicode(ascii)
	if err != nil {
		return bad("a domain that cannot exist")
	}
	if again, err := domains.ToASCII(spelled); err != nil || again != ascii {
		return bad("a domain that cannot exist")
	}
	if last := ascii[strings.LastIndexByte(ascii, '.')+1:]; strings.Trim(last, "0123456789") == "" {
		return bad("a number instead of a domain")
	}
	return ascii, nil
}
