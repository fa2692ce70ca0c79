package trace

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestServerTiming(t *testing.T) {
	tests := []struct{ what, in, want string }{
		{"as the standard shows it", `miss, db;dur=53, app;dur=47.2, dc;desc="a b, c"`, `miss=0"" db=53"" app=47.2"" dc=0"a b, c"`},
		{"in any order and spacing", `a ; DESC = b ; Dur = 1 ,b`, `a=1"b" b=0""`},
		{"the first of each counts", `a;dur=1;dur=2;desc=x;desc=y`, `a=1"x"`},
		{"escapes", `a;desc="\"b\\"`, `a=0""b\"`},
		{"no end of the quotes", `a;desc="b, c`, `a=0"b, c"`},
		{"no number", `a;dur=x, b;dur=NaN, c;dur=Inf, d;dur=1e999`, `a=0"" b=0"" c=0"" d=0""`},
		{"what cannot be read", `=x, "a,b", c d, e`, `c=0"" e=0""`},
		{"parameters that nobody knows", `a;x;y=z;dur=3`, `a=3""`},
		{"nothing", ` , ,`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			var got []string
			for _, m := range serverTiming([]string{tt.in}) {
				got = append(got, fmt.Sprintf(`%s=%v"%s"`, m.Name, m.MS, m.Desc))
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
		})
	}
	if n := len(serverTiming([]string{strings.Repeat("a,", maxServerNames+1)})); n != maxServerNames {
		t.Errorf("%d of %d metrics", n, maxServerNames+1)
	}
}

// Whatever comes can be written as JSON, is bounded, and ends.
func FuzzServerTiming(f *testing.F) {
	f.Add(`miss, db;dur=53, app;dur=47.2;desc="a \"b\" c"`)
	f.Add(`a;dur=0x1p-2,b;dur=1_0;;=;"`)
	f.Fuzz(func(t *testing.T, s string) {
		all := serverTiming([]string{s})
		if len(all) > maxServerNames || len(all) > len(s) {
			t.Fatalf("%d metrics", len(all))
		}
		for _, m := range all {
			if m.Name == "" || math.IsNaN(m.MS) || len(m.Name)+len(m.Desc) > len(s) {
				t.Fatalf("%+v", m)
			}
		}
		if _, err := json.Marshal(all); err != nil {
			t.Fatal(err)
		}
	})
}
