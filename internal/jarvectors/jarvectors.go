// Package jarvectors holds the scores of the public cookie vectors, with every exception and its reason: for package
// cookie/jar and for `cloakroom jar replay`, which must have the same.
//
// Only test files import it.
package jarvectors

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// Then is when the vectors are told: they have dates in 2027 that must lie ahead.
var Then = time.Date(2020, 11, 24, 12, 0, 0, 0, time.UTC)

// A Row is told to a new jar: what is set, and what is sent then.
type Row struct {
	ID, Name, API, SetURL, GetURL, GetAPI, Expected string
	SetCookie                                       []string
	Disabled                                        bool
}

// SetByScript and GetByScript report whether it is document.cookie that sets and asks.
func (r *Row) SetByScript() bool { return r.API == "dom" }

// GetByScript is SetByScript for what is read.
func (r *Row) GetByScript() bool { return r.GetAPI == "dom" }

// files are the vectors with their scores. A row must agree, or be listed with the reason why it does not; a listed row
// must still differ.
var files = []struct {
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
}

// Score holds the scores. play returns the Cookie header that is sent for each row.
func Score(t *testing.T, play func(t *testing.T, rows []Row) (sent []string)) {
	for _, file := range files {
		t.Run(file.name, func(t *testing.T) {
			var rows []Row
			read(t, file.name, &rows)
			sent := play(t, rows)
			if len(sent) != len(rows) {
				t.Fatalf("%d rows were played, want %d", len(sent), len(rows))
			}
			scored, apart := 0, map[string]int{}
			for i, row := range rows {
				got := sent[i]
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

// A Date is the text of an Expires attribute, and what it means; zero if it is no date.
type Date struct {
	Text string
	Want time.Time
}

// Dates are the vectors of dates: 55 and 15.
func Dates(t testing.TB) (dates []Date) {
	t.Helper()
	for file, n := range map[string]int{"http-state/dates-bsd.json": 55, "http-state/dates-examples.json": 15} {
		var rows []struct {
			Test     string
			Expected *string
		}
		read(t, file, &rows)
		if len(rows) != n {
			t.Errorf("%s has %d rows, want %d", file, len(rows), n)
		}
		for _, row := range rows {
			d := Date{Text: row.Test}
			if row.Expected != nil {
				var err error
				if d.Want, err = time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", *row.Expected); err != nil {
					t.Fatal(err)
				}
			}
			dates = append(dates, d)
		}
	}
	return dates
}

// A Suffix is a host and its registrable domain, "" if it has none.
type Suffix struct{ Host, Registrable string }

// Suffixes are the 78 vectors of public suffixes.
func Suffixes(t testing.TB) (suffixes []Suffix) {
	t.Helper()
	f, err := os.Open(filepath.Join(testenv.Vectors(t), "psl", "tests.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	none := func(s string) string {
		if s == "null" {
			return ""
		}
		return s
	}
	for s := bufio.NewScanner(f); s.Scan(); {
		if host, want, ok := strings.Cut(s.Text(), " "); ok && !strings.HasPrefix(s.Text(), "//") {
			suffixes = append(suffixes, Suffix{none(host), none(want)})
		}
	}
	if len(suffixes) != 78 {
		t.Errorf("%d rows, want 78", len(suffixes))
	}
	return suffixes
}

func read(t testing.TB, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testenv.Vectors(t), filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}
