package jar

import (
	"bytes"
	"slices"
	"testing"
)

// What is read of any text, written and read again, is the same; and what is written is understood as a whole.
func FuzzCookieFile(f *testing.F) {
	for _, seed := range []string{
		"", "# Netscape HTTP Cookie File\n\napp.example\tFALSE\t/\tFALSE\t0\ta\t1\n",
		"#HttpOnly_.app.example\tTRUE\t/a\tTRUE\t4102444800\t__Secure-a\t\"1 2\"\r\n# note\r\n",
		"# cloakroom: {\"name\":\"a\",\"samesite\":\"Lax\",\"expires\":\"2100-01-01T00:00:00.5Z\",\"created\":\"2026-11-26T12:00:00+01:00\"}\napp.example\tFALSE\t/\tFALSE\t4102444800\ta\t1",
		"#Cloakroom_#HttpOnly_::1\tFALSE\t/\tFALSE\t-1\t\t%09%25\n", "app.example FALSE / FALSE 0 a 1\n", "\xEF\xBB\xBF[]", "127.0.0.1\tTRUE\t/\tFALSE\t9223372036854775807\t\xff\t\xe9\n",
		"# cloakroom: {\"name\":\"a\"}\n# cloakroom: {\"name\":\"a\",\"changed\":\"2026-11-26T12:00:00Z\"}\na\tTRUE\t/\tFALSE\t0\ta\t\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parseSheet(text)
		if err != nil {
			return
		}
		once, err := s.format()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := parseSheet(once)
		if err != nil || len(again.problems) > 0 {
			t.Fatalf("what was written cannot be read: %v %v\n%s", err, again.problems, once)
		}
		if !slices.Equal(s.cookies(), again.cookies()) {
			t.Fatalf("got\n%+v, want\n%+v", again.cookies(), s.cookies())
		}
		for i, r := range slices.Backward(s.rows) {
			b := again.rows[len(again.rows)-len(s.rows)+i]
			if b.text != r.text || !b.changed.Equal(r.changed) {
				t.Fatalf("line %q, changed %v, became %q, %v", r.text, r.changed, b.text, b.changed)
			}
		}
		if twice, err := again.format(); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("it is not the same twice: %v\n%s\n%s", err, once, twice)
		}
	})
}
