package jwt

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestJSONAccepted(t *testing.T) {
	for _, text := range []string{
		`{}`, ` { } `, `[]`, `[ ]`, `{"a":1}`, "\t{\r\n\"a\" : [ 1 , 2 ] }\n", `{"":1}`, `{"a":{"a":{"a":1}}}`, `[{"a":1},{"a":1}]`,
		`0`, `-0`, `10`, `1.5`, `-1.50e+10`, `1E-5`, `1e400`, `true`, `false`, `null`, `""`, `"\"\\\/\b\f\n\r\t\u0000"`, `"\ud83d\ude00"`, `"😀é"`,
		"\"\u007f\u2028\"", `{"a":1,"A":2}`, strings.Repeat("[", 32) + strings.Repeat("]", 32),
	} {
		if _, err := checkJSON(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestJSONRefused_TK06(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{`, `}`, `[`, `]`, `{]`, `[}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `{a:1}`, `{'a':1}`, `{1:1}`, `{null:1}`, `{"a";1}`, `{"a"=1}`, `{"\:1}`,
		`[1,]`, `[,1]`, `[1 2]`, `1 2`, `{}{}`, `{} x`, `01`, `-`, `-a`, `+1`, `1.`, `.1`, `1e`, `1e+`, `0x1`, `1_0`, `--1`, `NaN`, `Infinity`,
		`tru`, `True`, `truex`, `nul`, `undefined`, `"`, `"\"`, `"\x"`, `"\u"`, `"\u12"`, `"\u12g4"`, `"\u`, `"\u1`, `"\u123`, `"\U0000"`, `"a` + "\n" + `"`, "\"\x00\"", "\"\x1f\"",
		`"\ud800"`, `"\udc00"`, `"\ud800\ud800"`, `"\ud800x"`, `"\ud800\n"`, `"\ud800\u0041"`, `"\ude00\ud83d"`,
		"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\xef\xbb\xbf{}", "{}\x00", "\u00a0{}", "{}\v", `//x`, `/**/{}`,
		`{"a":1,"a":1}`, `{"a":1,"b":2,"a":3}`, `{"a":1,"\u0061":1}`, `{"é":1,"\u00e9":2}`, `{"😀":1,"\ud83d\ude00":2}`, `{"":1,"":2}`,
		`[{"a":[{"b":1,"b":2}]}]`, `{"/":1,"\/":2}`,
		strings.Repeat("[", 33) + strings.Repeat("]", 33), strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33), strings.Repeat("[", 1<<20),
	} {
		if v, err := checkJSON(text); err == nil {
			t.Errorf("%.60q: got %v, want a refusal", text, v.kind)
		}
	}
}

// Doubled members are found wherever they stand, also where names are kept in a map.
func TestJSONManyMembers_TK06(t *testing.T) {
	for _, n := range []int{1, 11, 12, 13, 14, 100, 20000} {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"m%d":%d,`, i, i)
		}
		if _, err := checkJSON("{" + b.String() + `"last":1}`); err != nil {
			t.Errorf("%d members: %v", n, err)
		}
		for _, again := range []int{0, n / 2, n - 1} {
			if _, err := checkJSON(fmt.Sprintf(`{%s"m%d":1}`, b.String(), again)); err == nil {
				t.Errorf("%d members, m%d again: accepted", n, again)
			}
		}
	}
}

func TestJSONStringsReadAsEncodingJSONDoes(t *testing.T) {
	for _, text := range []string{
		`"plain"`, `"\"\\\/\b\f\n\r\t"`, `"\u0041\u00e9\u20ac\ud83d\ude00"`, `"a\u0000b"`, `"\\u0041"`, `"\uD83D\uDE00x"`, `"\u0061\\\u0062"`,
	} {
		v, err := checkJSON(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var want string
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		if v.text() != want {
			t.Errorf("%s: got %q, want %q", text, v.text(), want)
		}
		var again string
		if err := json.Unmarshal(appendString(nil, want), &again); err != nil || again != want {
			t.Errorf("%q written as %s is read as %q, %v", want, appendString(nil, want), again, err)
		}
	}
}

// The usual header and payload cost no allocation to read.
func TestJSONAllocatesNothing(t *testing.T) {
	const text = `{"iss":"https://login.example","sub":"alice","exp":1800000000,"x":{"y":[1,2,{"z":null}]},"scope":"a b"}`
	var c Claims
	if n := testing.AllocsPerRun(100, func() {
		if _, err := parseClaims(text, &c, nil); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("got %v allocations", n)
	}
}

func TestDecode(t *testing.T) {
	type access struct {
		Claims
		Scope string         `json:"scope"`
		Extra map[string]any `json:"extra"`
	}
	in := access{Claims: testClaims(), Scope: "account", Extra: map[string]any{"n": 1.5}}
	k := testKeys()[HS256]
	v := testVerifier(t, k, nil)
	token, err := v.Verify(mustSign(t, k, "", in))
	if err != nil {
		t.Fatal(err)
	}
	var out access
	if err := token.Decode(&out); err != nil {
		t.Fatal(err)
	}
	if out.Subject != in.Subject || out.Scope != in.Scope || !out.Expires.Equal(in.Expires.Time) || out.Extra["n"] != 1.5 || out.Audience[0] != testAudience {
		t.Errorf("got %+v, want %+v", out, in)
	}
	if err := token.Decode(&struct {
		Scope int `json:"scope"`
	}{}); !errors.Is(err, ErrClaim) {
		t.Errorf("a claim of another type: got %v, want %v", err, ErrClaim)
	}
	// encoding/json would put both into one field and let the last one win.
	c, err := testClaimsText()
	if err != nil {
		t.Fatal(err)
	}
	for _, more := range []string{`,"SUB":"root"}`, `,"scope":"a","Scope":"admin"}`, `,"x":{"k":1,"\u212a":2}}`} {
		token, err := v.Verify(claimsToken(t, k, "", c[:len(c)-1]+more))
		if err != nil {
			t.Fatal(err)
		}
		if err := token.Decode(&out); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v, want %v", more, err, ErrMalformed)
		}
	}
}
