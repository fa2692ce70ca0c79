package cookie

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// answer is what Get says, as a word or the quoted value.
func answer(value string, err error) string {
	switch {
	case err == nil:
		return strconv.Quote(value)
	case value != "":
		return "a value beside an error: " + value
	case err == http.ErrNoCookie:
		return "none"
	case errors.Is(err, ErrDuplicate):
		return "duplicate"
	case errors.Is(err, ErrCaseVariant):
		return "case-variant"
	case errors.Is(err, ErrTooMany):
		return "too-many"
	case errors.Is(err, ErrHeaderTooLarge):
		return "too-large"
	case errors.Is(err, ErrName):
		return "name"
	}
	return err.Error()
}

func get(name string, lines ...string) string {
	return answer(Get(http.Header{"Cookie": lines}, name))
}

func TestGet(t *testing.T) {
	for _, test := range []struct {
		story, name string
		lines       []string
		want        string
	}{
		{"no header at all", "sid", nil, `none`},
		{"an empty line", "sid", []string{""}, `none`},
		{"the only one", "sid", []string{"sid=1"}, `"1"`},
		{"the first", "sid", []string{"sid=1; a=2"}, `"1"`},
		{"the last", "sid", []string{"a=2; sid=1"}, `"1"`},
		{"no space behind the semicolon", "sid", []string{"a=2;sid=1;b=3"}, `"1"`},
		{"a semicolon at the end", "sid", []string{"sid=1;"}, `"1"`},
		{"empty pairs", "sid", []string{";;; ;sid=1; ; ;"}, `"1"`},
		{"an empty value", "sid", []string{"sid="}, `""`},
		{"no equals sign: a cookie without a name", "sid", []string{"sid"}, `none`},
		{"a longer name", "sid", []string{"sid2=1; xsid=2; sid.=3"}, `none`},
		{"in the value of another", "sid", []string{"a=sid=1"}, `none`},
		{"without a prefix other case is another cookie", "sid", []string{"SID=2; sid=1; Sid=3"}, `"1"`},
		{"without a prefix other case alone is not it", "sid", []string{"SID=2"}, `none`},
		{"two underscores are not a prefix yet", "__sid", []string{"__SID=2; __sid=1"}, `"1"`},
		{"two lines, one cookie in each", "sid", []string{"a=2", "sid=1"}, `"1"`},
		{"doubled over two lines", "sid", []string{"sid=1", "sid=1"}, `duplicate`},
		{"a case variant on another line", "__Secure-sid", []string{"__Secure-sid=1", "__secure-sid=1"}, `case-variant`},
		{"a wanted name that is empty", "", []string{"=1"}, `name`},
		{"a wanted name that is no name", "a=b", []string{"a=b=c"}, `name`},
		{"a wanted name with a space", "sid ", []string{"sid =1"}, `name`},
	} {
		if got := get(test.name, test.lines...); got != test.want {
			t.Errorf("%s: Get(%q, %q) = %s, want %s", test.story, test.lines, test.name, got, test.want)
		}
	}
}

func TestGetOddSpellings_CK_S3(t *testing.T) {
	f, err := os.Open("testdata/odd-spellings.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for in := bufio.NewScanner(f); in.Scan(); {
		line := in.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		want := strings.TrimSpace(line[len(quoted):])
		header, _ := strconv.Unquote(quoted)
		n++
		got := get("__Host-sid", header)
		if got != want || got == `"evil"` {
			t.Errorf("Cookie: %s: got %s, want %s", quoted, got, want)
		}
		// A good cookie on a line of its own: it or an error, never the other.
		got = get("__Host-sid", "__Host-sid=good", header)
		if got != `"good"` && got != "duplicate" && got != "case-variant" {
			t.Errorf("Cookie: __Host-sid=good, Cookie: %s: got %s", quoted, got)
		}
	}
	if n < 30 {
		t.Errorf("only %d vectors", n)
	}
}

func TestGetOverManyLines_CK_S1(t *testing.T) {
	pairs := make([]string, 50)
	for i := range pairs {
		pairs[i] = fmt.Sprintf("a%d=%d", i, i)
	}
	pairs[31] = "__Host-sid=mine"
	for k := 1; k <= 50; k++ {
		lines := make([]string, k)
		for i, p := range pairs {
			l := i * k / len(pairs)
			if lines[l] != "" {
				lines[l] += "; "
			}
			lines[l] += p
		}
		if got := get("__Host-sid", lines...); got != `"mine"` {
			t.Errorf("%d lines: got %s", k, got)
		}
		all, err := Parse(http.Header{"Cookie": lines})
		if err != nil || len(all) != 50 {
			t.Fatalf("%d lines: %d cookies, %v", k, len(all), err)
		}
		for i, c := range all {
			if c.Name+"="+c.Value != pairs[i] {
				t.Errorf("%d lines: cookie %d is %s=%s, want %s", k, i, c.Name, c.Value, pairs[i])
			}
		}
	}
}

func TestLimitsOfHeader_CK_S2(t *testing.T) {
	long := func(n int) string { return "sid=" + strings.Repeat("v", n-len("sid=")) }
	many := func(n int) string { return strings.Repeat("a=; ", n-1) + "sid=1" }
	for _, test := range []struct {
		story string
		lines []string
		want  string
	}{
		{"as many as allowed", []string{many(MaxCookies)}, `"1"`},
		{"one more", []string{many(MaxCookies + 1)}, "too-many"},
		{"one more, over two lines", []string{many(MaxCookies), "b=1"}, "too-many"},
		{"one more, and doubled", []string{many(MaxCookies), "sid=1"}, "too-many"},
		{"3001 cookies, where net/http finds none", []string{many(3001)}, "too-many"},
		{"more lines than cookies allowed", append(make([]string, MaxCookies), "sid=1"), "too-many"},
		{"empty pairs do not count", []string{strings.Repeat(";", 5000) + "sid=1"}, `"1"`},
		{"one byte too many", []string{long(MaxHeader + 1)}, "too-large"},
		{"one byte too many, over two lines", []string{long(MaxHeader), ";"}, "too-large"},
		{"a megabyte of a=;", []string{strings.Repeat("a=;", 1<<20/3)}, "too-large"},
	} {
		if got := get("sid", test.lines...); got != test.want {
			t.Errorf("%s: Get = %s, want %s", test.story, got, test.want)
		}
		_, err := Parse(http.Header{"Cookie": test.lines})
		if got := answer("", err); got != test.want && (err != nil || test.want != `"1"`) {
			t.Errorf("%s: Parse = %s, want %s", test.story, got, test.want)
		}
	}
	if _, err := Get(http.Header{"Cookie": {long(MaxHeader)}}, "sid"); err != nil {
		t.Errorf("as large as allowed: %v", err)
	}
}

func TestHeaderLimitsCostNothing_CK_S2_CV_22(t *testing.T) {
	for story, line := range map[string]string{
		"a megabyte of a=;": strings.Repeat("a=;", 1<<20/3),
		"3001 cookies":      strings.Repeat("a=;", 3001),
		"64 KiB of a=;":     strings.Repeat("a=;", MaxHeader/3),
		"64 KiB of ;":       strings.Repeat(";", MaxHeader),
	} {
		h := http.Header{"Cookie": {line}}
		for what, read := range map[string]func(){
			"Get":   func() { Get(h, "sid") },
			"Parse": func() { Parse(h) },
		} {
			// The limits of the checklist are 1 MB and 5 ms; an error is all that is
			// made. The best of some tries, because the machine may be busy.
			memory, took := uint64(1<<63), time.Hour
			for range 10 {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				start := time.Now()
				read()
				took = min(took, time.Since(start))
				runtime.ReadMemStats(&after)
				memory = min(memory, after.TotalAlloc-before.TotalAlloc)
			}
			if memory > 4<<10 {
				t.Errorf("%s of %s: %d bytes allocated", what, story, memory)
			}
			if took > 5*time.Millisecond {
				t.Errorf("%s of %s: took %v", what, story, took)
			}
		}
	}
}

func TestGetRefusesAllOrdersOfDuplicates_CK_S4(t *testing.T) {
	var permute func(done, left []string, visit func([]string))
	permute = func(done, left []string, visit func([]string)) {
		if len(left) == 0 {
			visit(done)
		}
		for i, s := range left {
			rest := append(append([]string{}, left[:i]...), left[i+1:]...)
			permute(append(done[:len(done):len(done)], s), rest, visit)
		}
	}
	visited := 0
	for n := 2; n <= 4; n++ {
		values := []string{"sid=good", "sid=evil", "sid=", `sid="good"`}[:n]
		permute(nil, append([]string{"a=1"}, values...), func(pairs []string) {
			visited++
			if got := get("sid", strings.Join(pairs, "; ")); got != "duplicate" {
				t.Errorf("%q on one line: %s", pairs, got)
			}
			if got := get("sid", pairs...); got != "duplicate" {
				t.Errorf("%q on many lines: %s", pairs, got)
			}
		})
	}
	if visited != 6+24+120 {
		t.Errorf("visited %d orders", visited)
	}
}

func TestGetRefusesAllCaseVariants_CK_S5(t *testing.T) {
	for _, name := range []string{"__Host-sid", "__Secure-sid", "__Http-sid", "__Host-Http-s"} {
		var letters []int
		for i := range len(name) {
			if lower(name[i]) != name[i] || 'a' <= name[i] && name[i] <= 'z' {
				letters = append(letters, i)
			}
		}
		for bits := range 1 << len(letters) {
			b := []byte(name)
			for k, i := range letters {
				if bits>>k&1 == 1 {
					b[i] ^= 'a' - 'A'
				}
			}
			want := "case-variant"
			if bits == 0 {
				want = `"x"`
			}
			if got := get(name, string(b)+"=x"); got != want {
				t.Fatalf("%s: %s, want %s", b, got, want)
			}
			if bits == 0 {
				continue
			}
			if got := get(name, name+"=good; "+string(b)+"=x"); got != want {
				t.Fatalf("%s beside ours: %s, want %s", b, got, want)
			}
		}
	}
}

func TestGetDoesNotAllocate(t *testing.T) {
	h := benchHeader(20)
	for _, name := range []string{benchName, "absent"} {
		if n := testing.AllocsPerRun(100, func() { Get(h, name) }); n != 0 {
			t.Errorf("Get(%s): %v allocations", name, n)
		}
	}
}

func TestParse(t *testing.T) {
	type pair struct{ name, value string }
	for _, test := range []struct {
		story string
		lines []string
		want  []pair
	}{
		{"no header", nil, nil},
		{"empty pairs", []string{"", ";; ;"}, nil},
		{"quotes are octets like others", []string{`a="1; b=2"; c=""`}, []pair{{"a", `"1`}, {"b", `2"`}, {"c", `""`}}},
		{"names are not trimmed", []string{"a =1;  b=2; \tc= 3 "}, []pair{{"a ", "1"}, {" b", "2"}, {"\tc", " 3 "}}},
		{"nor decoded", []string{"%61=%62; \u2000a=\u2000"}, []pair{{"%61", "%62"}, {"\u2000a", "\u2000"}}},
		{"without a name", []string{"a; =b; =c=d"}, []pair{{"", "a"}, {"", "b"}, {"", "c=d"}}},
		{"doubled names are both there", []string{"a=1", "a=2"}, []pair{{"a", "1"}, {"a", "2"}}},
	} {
		all, err := Parse(http.Header{"Cookie": test.lines})
		if err != nil {
			t.Errorf("%s: %v", test.story, err)
		}
		got := make([]pair, 0)
		for _, c := range all {
			got = append(got, pair{c.Name, c.Value})
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", test.want) {
			t.Errorf("%s: got %q, want %q", test.story, got, test.want)
		}
	}
}
