package jar

import (
	"bufio"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// readVectors reads a file of the public test vectors.
func readVectors(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testenv.Vectors(t), filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// then is when the vectors are told: they have dates in 2027 that must lie ahead.
var then = time.Date(2020, 11, 24, 12, 0, 0, 0, time.UTC)

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Each row is told to a new jar: what is set, and what is sent then. A row must agree, or be listed with the reason why it
// does not, and a listed row must still differ.
func TestVectors(t *testing.T) {
	for _, file := range []struct {
		name    string
		scored  int
		apart   map[string]int // rows that are not scored, by why
		differs map[string]string
	}{
		{name: "http-state/http-state-6265bis.json", scored: 218, apart: map[string]int{"disabled": 3}},
		{name: "wpt-cookies/wpt-attributes.json", scored: 150},
		{name: "wpt-cookies/wpt-ctl.json", scored: 480, apart: map[string]int{"tab": 14, "doubtful": 1}},
		{name: "wpt-cookies/wpt-name.json", scored: 44},
		{name: "wpt-cookies/wpt-value.json", scored: 28, differs: map[string]string{
			"value/value.html#13": "a line feed ends the header line on the wire, so that no parser ever sees it; here it is a control character",
		}},
		{name: "wpt-cookies/wpt-prefix.json", scored: 86},
		{name: "wpt-cookies/wpt-size.json", scored: 25},
		{name: "wpt-cookies/wpt-encoding.json", scored: 6},
		{name: "wpt-cookies/wpt-ordering.json", scored: 4},
	} {
		t.Run(file.name, func(t *testing.T) {
			var rows []struct {
				ID, Name, API, SetURL, GetURL, GetAPI, Expected string
				SetCookie                                       []string
				Disabled                                        bool
			}
			readVectors(t, file.name, &rows)
			scored, apart := 0, map[string]int{}
			for _, row := range rows {
				j := New(nil)
				j.set(Request{URL: mustURL(t, row.SetURL), Script: row.API == "dom"}, row.SetCookie, then)
				got := j.header(Request{URL: mustURL(t, row.GetURL), Script: row.GetAPI == "dom"}, then)
				agrees := got == row.Expected
				switch why, listed := file.differs[row.ID]; {
				case row.Disabled:
					apart["disabled"]++
				case row.ID == "attributes/attributes-ctl.sub.html#127": // Secure<TAB> on an http page
					apart["doubtful"]++
				case strings.Contains(row.Name, "%x9"):
					apart["tab"]++
					if !agrees {
						t.Errorf("%s (%s): %.200q: %.200q is sent, want %.200q", row.ID, row.Name, row.SetCookie, got, row.Expected)
					}
				case agrees && listed:
					t.Errorf("%s is listed (%s) and does not differ", row.ID, why)
				case !agrees && !listed:
					t.Errorf("%s (%s): %.200q: %.200q is sent, want %.200q", row.ID, row.Name, row.SetCookie, got, row.Expected)
				default:
					scored++
				}
			}
			if scored != file.scored {
				t.Errorf("%d rows were scored, want %d", scored, file.scored)
			}
			for why, n := range file.apart {
				if apart[why] != n {
					t.Errorf("%d rows stand apart (%s), want %d", apart[why], why, n)
				}
			}
		})
	}
}

func TestDateVectors_CK_D3(t *testing.T) {
	for file, n := range map[string]int{"http-state/dates-bsd.json": 55, "http-state/dates-examples.json": 15} {
		var rows []struct {
			Test     string
			Expected *string
		}
		readVectors(t, file, &rows)
		if len(rows) != n {
			t.Errorf("%s has %d rows, want %d", file, len(rows), n)
		}
		for _, row := range rows {
			got, ok := ParseDate(row.Test)
			switch {
			case row.Expected == nil && ok:
				t.Errorf("%s: %q is %v, want none", file, row.Test, got)
			case row.Expected != nil && (!ok || got.Format("Mon, 02 Jan 2006 15:04:05 GMT") != *row.Expected):
				t.Errorf("%s: %q is %v, want %s", file, row.Test, got, *row.Expected)
			}
		}
	}
}

// Of each host the registrable domain, or none: then no cookie can have it as its Domain.
func TestSuffixVectors_CK_M03(t *testing.T) {
	f, err := os.Open(filepath.Join(testenv.Vectors(t), "psl", "tests.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scored := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		text, want, ok := strings.Cut(s.Text(), " ")
		if !ok || strings.HasPrefix(s.Text(), "//") {
			continue
		}
		scored++
		if text == "null" {
			text = ""
		}
		host, ok := canonicalHost(text)
		if !ok {
			if want != "null" {
				t.Errorf("%q is no host, want %s", text, want)
			}
			continue
		}
		if want == "null" {
			if !isPublicSuffix(host) || registrable(host) != host {
				t.Errorf("%q is not a public suffix: %q", text, registrable(host))
			}
			continue
		}
		canonical, _ := canonicalHost(want)
		if got := registrable(host); got != canonical || isPublicSuffix(host) {
			t.Errorf("the registrable domain of %q is %q, want %q", text, got, canonical)
		}
		// And as the jar does it: a host far below may set a cookie for it, and for what is above it not.
		j := New(nil)
		_, above, _ := strings.Cut(canonical, ".")
		at := Request{URL: &url.URL{Scheme: "https", Host: "a.b.c." + canonical}}
		for _, v := range j.Set(at, "a=1; Domain="+canonical, "b=1; Domain="+above) {
			if (v.Outcome == Stored) != (v.Name == "a") {
				t.Errorf("%s: %s %s %v %s", at.URL, v.Line, v.Outcome, v.Reasons, v.Detail)
			}
		}
	}
	if scored != 78 {
		t.Errorf("%d rows were scored, want 78", scored)
	}
}
