package explain

import (
	"strings"
	"testing"
)

func TestCookieHeader(t *testing.T) {
	id := "31d4d96e407aad42b6f1d4e0c2a85f77"
	for _, row := range []struct {
		story, header string
		want          []string
		server        string // of the last pair
	}{
		{"nothing is wrong", "__Host-sid=" + id + "; theme=dark", nil, "the value"},
		{"one name twice", "sid=" + id + "; a=1; sid=x", []string{"duplicate-cookie"}, "refused: more than one cookie of this name"},
		{"a prefix in another spelling", "theme=dark; __host-x=1", []string{"prefix-case"}, "the value"},
		{"two spellings of one name", "__host-x=2; __Host-x=" + id, []string{"prefix-case", "case-variant", "case-variant"}, "refused: a cookie whose name differs only in case"},
		{"spaces around a name", "a=1;  __Host-sid =x", []string{"space-around"}, "refused: bad cookie name"},
		{"spaces around a value", "a=1; b= 2", []string{"space-around"}, "the value"},
		{"no name", "a=1; token", []string{"no-name"}, "refused: bad cookie name"},
		{"a name that no server may set", "a=1; b[c]=2", []string{"odd-name"}, "refused: bad cookie name"},
		{"a value outside ASCII", "a=1; b=가", []string{"odd-value"}, "the value"},
		{"a line of RFC 2965", `$Version=1; a="1"; $Path="/"`, []string{"dollar-name"}, "the value"},
		{"a Set-Cookie line in the wrong place", "a=1; b=2; c=3; d=4; Path=/", []string{"attribute-in-cookie"}, "the value"},
		{"an empty place", "a=1;; b=2", nil, "the value"},
		{"a control character", "a=1; b=\x01", []string{"control-character"}, "the value"},
		{"more than servers take", "a=" + strings.Repeat("x", 4090) + "; b=" + strings.Repeat("x", 4090), []string{"header-too-large"}, "the value"},
		{"just what servers take", "a=" + strings.Repeat("x", 4090) + "; b=" + strings.Repeat("x", 8192-len("Cookie: a=; b=")-4090), nil, "the value"},
		{"a pair that no browser stored", "b=1; a=" + strings.Repeat("x", 4096), []string{"pair-too-large"}, "the value"},
		{"more than 64 KiB", strings.Repeat("a=1; ", 13200), []string{"header-too-large", "header-refused"}, ""},
		{"601 cookies", strings.TrimSuffix(strings.Repeat("a=1; ", 601), "; "), []string{"header-refused"}, ""},
		{"a token that has ended", "a=1; auth=" + signed(t, "HS256", strong, strings.Replace(fine, "1795695000", "1795694101", 1)), []string{"expired"}, "the value"},
	} {
		r, err := Explain(strings.NewReader("Cookie: "+row.header), &Options{Now: noon})
		if err != nil {
			t.Errorf("%s: %v", row.story, err)
			continue
		}
		if got := serious(r.Findings); !sameCodes(got, row.want) {
			t.Errorf("%s: %v, want %v", row.story, got, row.want)
		}
		pairs := r.Cookies[0].Pairs
		if row.server == "" && len(pairs) == 0 {
			continue
		}
		if got := pairs[len(pairs)-1].Server; got != row.server {
			t.Errorf("%s: the server says %q, want %q", row.story, got, row.server)
		}
		checkSentences(t, r)
	}
}

func TestValues(t *testing.T) {
	for _, row := range []struct {
		value, kind string
		bits        float64
	}{
		{"", "empty", 0},
		{"dark", "text", 0},
		{"en-US", "text", 0},
		{"1795694400", "time", 0},
		{"1795694400000", "time", 0},
		{"12345", "number", 16.6},
		{"31d4d96e407aad42b6f1d4e0c2a85f77", "hex", 128},
		{"5f1c8b1e-0d0c-4b3e-9a52-1f7a3f4f7a11", "uuid", 122},
		{"anna@example.org", "email", 0},
		{`{"n":1}`, "json", 0},
		{"%7B%22n%22%3A1%7D", "json", 0},
		{encode([]byte(`{"n":1}`)), "base64", 0},
		{"eyJ1c2VyIjoxfQ.ZxYwVu.abcdefghijklmnopqrstuvwxyz0", "base64", 0},
		{"s%3AabcDEF123.MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI", "signed", 0},
		{"LZ7nT3mQ0yXw4vR8sK2bH6dJ9fG1aC5e", "opaque", 190.5},
		{signed(t, "HS256", strong, fine), "token", 0},
		{encode([]byte(`{"alg":"dir"}`)) + "....", "encrypted-token", 0},
	} {
		v := classify(row.value)
		if v.Kind != row.kind || v.bits < row.bits-0.1 || v.bits > row.bits+0.1 {
			t.Errorf("%q: %s, %.1f bits; want %s, %.1f", row.value, v.Kind, v.bits, row.kind, row.bits)
		}
	}
}
