package db

import (
	"strings"
	"testing"
)

var rebindCases = []struct{ story, in, want string }{
	{"in order", "select $1, $2", "select ?1, ?2"},
	{"against the order, twice, two digits", "select $2, $1, $10, $1", "select ?2, ?1, ?10, ?1"},
	{"in a literal", "select '$1', '''$2', $3", "select '$1', '''$2', ?3"},
	{"in a JSON path", "select json_extract(x, '$.a[0]') = $1", "select json_extract(x, '$.a[0]') = ?1"},
	{"in quoted names", `select "$1", [$2], ` + "`$3`, $4", `select "$1", [$2], ` + "`$3`, ?4"},
	{"in comments", "select $1 -- $2\n, $3 /* $4 ' */, $5", "select ?1 -- $2\n, ?3 /* $4 ' */, ?5"},
	{"inside a name", "select a$1, $1", "select a$1, ?1"},
	{"a dollar alone", "select $, $a, $", "select $, $a, $"},
	{"an open literal", "select '$1", "select '$1"},
	{"nothing", "", ""},
}

func TestRebind(t *testing.T) {
	for _, tc := range rebindCases {
		for range 2 { // from the scanner, then from the cache
			if got := rebind(tc.in); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.story, got, tc.want)
			}
		}
	}
}

// Rewriting changes dollars to question marks and nothing else, and doing it again changes nothing.
func FuzzRebind(f *testing.F) {
	for _, tc := range rebindCases {
		f.Add(tc.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out := rewrite(in)
		if len(out) != len(in) {
			t.Fatalf("%q became %q", in, out)
		}
		for i := range len(in) {
			if in[i] != out[i] && (in[i] != '$' || out[i] != '?') {
				t.Fatalf("%q became %q", in, out)
			}
		}
		if again := rewrite(out); again != out {
			t.Fatalf("%q became %q, then %q", in, out, again)
		}
		if !strings.ContainsAny(in, "'\"`[-/") && strings.Contains(" "+out, " $1") {
			t.Fatalf("%q kept a parameter: %q", in, out)
		}
	})
}
