package account

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCanonicalEmail_AU_11(t *testing.T) {
	for _, tt := range []struct{ what, in, want string }{
		{"as it is", "lea@example.com", "lea@example.com"},
		{"white space around", " \t lea@example.com\u00a0\n", "lea@example.com"},
		{"capitals", "LeA@EXAMPLE.com", "lea@example.com"},
		{"dots and plus signs stay", "le.a+x@gmail.com", "le.a+x@gmail.com"},
		{"signs of RFC 5322", "!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"},
		{"a host in the house", "root@localhost", "root@localhost"},
		{"letters of any script, decomposed", "Jose\u0301@example.com", "jos\u00e9@example.com"},
		{"한글", "홍길동@예제.한국", "홍길동@xn--2j5b21b.xn--3e0b707e"},
		{"a domain with an umlaut", "x@MÜNCHEN.de", "x@xn--mnchen-3ya.de"},
		{"its ASCII form", "x@XN--MNCHEN-3YA.de", "x@xn--mnchen-3ya.de"},
		{"the Kelvin sign is a k", "\u212a@example.com", "k@example.com"},
		{"64 bytes before the @", strings.Repeat("a", 64) + "@b.c", strings.Repeat("a", 64) + "@b.c"},
		{"65 bytes before the @", strings.Repeat("a", 65) + "@b.c", ""},
		{"a label of 63 bytes", "a@" + strings.Repeat("b", 63) + ".c", "a@" + strings.Repeat("b", 63) + ".c"},
		{"a label of 64 bytes", "a@" + strings.Repeat("b", 64) + ".c", ""},
		{"254 bytes", "a@" + strings.Repeat("bcdefghij.", 25) + "cd", "a@" + strings.Repeat("bcdefghij.", 25) + "cd"},
		{"255 bytes", "a@" + strings.Repeat("bcdefghij.", 25) + "cde", ""},
		{"nothing", "", ""},
		{"no @", "example.com", ""},
		{"two @", "lea@home@example.com", ""},
		{"a quoted @", `"lea@home"@example.com`, ""},
		{"a full-width @", "lea\uff20example.com", ""},
		{"nothing before the @", "@example.com", ""},
		{"nothing behind the @", "lea@", ""},
		{"a space inside", "le a@example.com", ""},
		{"a space in the domain", "lea@exam ple.com", ""},
		{"a zero byte", "lea\x00@example.com", ""},
		{"a line break and a header", "lea@example.com\r\nBcc: x@example.com", ""},
		{"a display name", "Lea <lea@example.com>", ""},
		{"a comma", "lea,bob@example.com", ""},
		{"a dot first", ".lea@example.com", ""},
		{"two dots", "le..a@example.com", ""},
		{"a dot last in the domain", "lea@example.com.", ""},
		{"an address literal", "lea@[192.0.2.1]", ""},
		{"a bare address", "lea@192.0.2.1", ""},
		{"an underscore in the domain", "lea@ex_ample.com", ""},
		{"a hyphen first", "lea@-example.com", ""},
		{"a hyphen last", "lea@example-.com", ""},
		{"hyphens where an ASCII form has them", "lea@ab--cd.com", ""},
		{"an ASCII form of ASCII", "lea@xn--example-.com", ""},
		{"an ASCII form of capitals", "lea@xn--Mnchen-psa.com", ""}, // mÜnchen would be told apart from münchen
		{"an ASCII form of nothing", "lea@xn--.com", ""},
		{"no ASCII form at all", "lea@xn--999999999.com", ""},
		{"an invisible character", "le\u200ba@example.com", ""},
		{"an invisible character in the domain is none, as in a browser", "lea@exam\u00adple.com", "lea@example.com"},
		{"a character that turns the direction", "lea\u202e@example.com", ""},
		{"an accent alone", "\u0301@example.com", ""},
		{"an ideographic full stop is a dot, as in a browser", "lea@example\u3002com", "lea@example.com"},
		{"not UTF-8", "lea\xff@example.com", ""},
	} {
		got, err := CanonicalEmail(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") || err != nil && !errors.Is(err, ErrEmail) {
			t.Errorf("%s: got %q, %v; want %q", tt.what, got, err, tt.want)
		}
		if err != nil && len(tt.in) > 3 && strings.Contains(err.Error(), tt.in) {
			t.Errorf("%s: the error repeats what was typed", tt.what)
		}
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

func FuzzCanonicalEmail(f *testing.F) {
	for _, s := range []string{
		"lea@example.com", " LEA@münchen.DE ", "홍길동@예제.한국", "x@xn--mnchen-3ya.de", "İ@example.com", "ΑΣ@example.com", "a@xn--a-0ga.b", "x@xn--999999999.com",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := CanonicalEmail(s)
		if err != nil {
			if got != "" {
				t.Fatalf("%q came with an error", got)
			}
			return
		}
		again, err := CanonicalEmail(got)
		if err != nil || again != got {
			t.Fatalf("%q → %q → %q, %v", s, got, again, err)
		}
		if len(got) > maxEmail || strings.Count(got, "@") != 1 || strings.ContainsAny(got, " \r\n\t\x00\"<>,;:\\()[]") {
			t.Fatalf("%q → %q", s, got)
		}
		_, domain, _ := strings.Cut(got, "@")
		if !isASCII(domain) {
			t.Fatalf("%q → domain %q", s, domain)
		}
		if upper, err := CanonicalEmail(" " + strings.ToUpper(got)); isASCII(got) && (err != nil || upper != got) {
			t.Fatalf("%q in capitals → %q, %v", got, upper, err)
		}
	})
}
