package explain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// TestElidingCutsOnlyLongStrings: what is short enough goes through unchanged, and what was cut is still too long.
func TestElidingCutsOnlyLongStrings(t *testing.T) {
	for _, row := range []struct {
		story string
		text  string // the string, as JSON writes it
		cut   bool
	}{
		{"as long as allowed", strings.Repeat("a", maxRaw), false},
		{"one octet more", strings.Repeat("a", maxRaw+1), true},
		{"the longest escapes of the longest text", strings.Repeat(`\u0041`, maxString+1), false},
		{"one escape more", strings.Repeat(`\u0041`, maxString+2), true},
		{"an escape that begins within the limit", strings.Repeat("a", maxRaw-1) + `\u0041`, false},
		{"an escape that begins after it", strings.Repeat("a", maxRaw) + `\u0041`, true},
		{"a quote that ends nothing", strings.Repeat("a", maxRaw) + `\"`, true},
		{"backslashes to the end", strings.Repeat(`\\`, maxRaw), true},
		{"characters of several octets", strings.Repeat("가", maxRaw), true},
	} {
		in := `{"x":"` + row.text + `","y":[1,"z"]}`
		out, err := io.ReadAll(&eliding{r: strings.NewReader(in)})
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			X string
			Y []any
		}
		if err := json.Unmarshal(out, &got); err != nil || len(got.Y) != 2 {
			t.Errorf("%s: %v", row.story, err)
			continue
		}
		if (len(out) < len(in)) != row.cut || row.cut && len(got.X) <= maxString {
			t.Errorf("%s: %d octets of %d, the string has %d", row.story, len(out), len(in), len(got.X))
		}
	}
}

func TestHARLimits(t *testing.T) {
	entry := `{"request":{"method":"GET","url":"https://a.example/"}}`
	list := func(n int) string {
		return `{"log":{"entries":[` + strings.TrimSuffix(strings.Repeat(entry+",", n), ",") + `]}}`
	}
	few := harLimits{entries: 100, octets: 1 << 20}
	for n, cut := range map[int]bool{few.entries: false, few.entries + 1: true} {
		r, err := explain(strings.NewReader(list(n)), nil, few)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.HAR.Totals.Requests; got != few.entries || (r.HAR.Cut != "") != cut {
			t.Errorf("%d requests: %d judged, cut: %q", n, got, r.HAR.Cut)
		}
	}
	long := func(n int) shot {
		return shot{url: "https://a.example/", took: 1, set: []string{"a=" + strings.Repeat("v", n-2)}}
	}
	for n, found := range map[int]int{maxString: 1, maxString + 1: 0} {
		r, err := Explain(strings.NewReader(record("x", long(n))), nil)
		if err != nil || len(r.HAR.Entries[0].SetCookies) != found {
			t.Errorf("a line of %d octets: %v, %s", n, err, asJSON(t, r.Findings))
		}
	}
	many := shot{url: "https://a.example/", took: 1}
	for i := range maxFields + 1 {
		many.set = append(many.set, fmt.Sprintf("a%d=1", i))
	}
	r, err := Explain(strings.NewReader(record("x", many)), nil)
	if err != nil || r.HAR.Totals.SetCookies != maxFields {
		t.Errorf("%d lines were judged, want %d", r.HAR.Totals.SetCookies, maxFields)
	}
	full := `{"request":{"url":"https://a.example/` + strings.Repeat("x", maxString-20) + `"}},`
	r, err = explain(strings.NewReader(`{"log":{"entries":[`+strings.Repeat(full, 30)+entry+`]}}`), nil, few)
	if err != nil || !strings.Contains(r.HAR.Cut, "fill the room") || len(r.HAR.Entries) > few.octets/maxString+1 {
		t.Errorf("long URLs: %v, %q", err, r.HAR.Cut)
	}
}

// endless is a HAR file with a body of n octets.
func endless(n int) io.Reader {
	return io.MultiReader(
		strings.NewReader(`{"log":{"entries":[{"request":{"method":"GET","url":"https://a.example/","headers":[{"name":"Cookie","value":"x=1"}]},"response":{"content":{"text":"`),
		io.LimitReader(letters{}, int64(n)), strings.NewReader(`"}}}]}}`))
}

type letters struct{}

func (letters) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("x"), len(p))), nil }

// TestHARKeepsNoBodies: twenty megabytes of a body leave nothing behind.
func TestHARKeepsNoBodies(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, err := Explain(endless(20<<20), nil)
	runtime.ReadMemStats(&after)
	if err != nil || r.HAR.Totals.Comparisons[FromBefore] != 1 {
		t.Fatal(err, r)
	}
	if got, limit := after.HeapSys-before.HeapSys, uint64(8<<20); after.HeapSys > before.HeapSys && got > limit {
		t.Errorf("the heap grew by %d octets, limit %d", got, limit)
	}
}

func BenchmarkHAR(b *testing.B) {
	var shots []shot
	for i := range 500 {
		shots = append(shots, shot{at: i * 10, took: 5, url: "https://shop.example.com/", headers: fetched, cookie: "a=1; b=2; c=3", set: []string{"a=1; Secure", "b=2; Secure"}})
	}
	text := record("WebInspector", shots...)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Explain(strings.NewReader(text), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHARBody(b *testing.B) {
	const size = 10 << 20
	b.SetBytes(size)
	for b.Loop() {
		if _, err := Explain(endless(size), nil); err != nil {
			b.Fatal(err)
		}
	}
}
