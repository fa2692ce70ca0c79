package jar

import (
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

// Each row is told to a new jar: what was set there, and what is read then.
func TestVectors(t *testing.T) {
	const tab = "tab"
	for _, file := range []struct {
		name     string
		rows     int            // that are scored
		unscored map[string]int // and how many are not, by why
		differs  map[string]string
	}{
		{name: "http-state/http-state-6265bis.json", rows: 218, unscored: map[string]int{"disabled": 3}},
		{name: "wpt-cookies/wpt-attributes.json", rows: 150},
		{name: "wpt-cookies/wpt-ctl.json", rows: 495},
		{name: "wpt-cookies/wpt-name.json", rows: 44},
		{name: "wpt-cookies/wpt-value.json", rows: 28},
		{name: "wpt-cookies/wpt-prefix.json", rows: 86},
		{name: "wpt-cookies/wpt-size.json", rows: 25},
		{name: "wpt-cookies/wpt-encoding.json", rows: 6},
		{name: "wpt-cookies/wpt-ordering.json", rows: 4},
	} {
		var rows []struct {
			ID, Name, API, SetURL, GetURL, GetAPI, Expected string
			SetCookie                                       []string
			Disabled                                        bool
		}
		readVectors(t, file.name, &rows)
		pass, fail := 0, 0
		for _, row := range rows {
			if row.Disabled {
				continue
			}
			j := New(nil)
			var v []Verdict
			for _, l := range row.SetCookie {
				v = append(v, j.set(Request{URL: mustURL(t, row.SetURL), Script: row.API == "dom"}, []string{l}, then)...)
			}
			got := j.header(Request{URL: mustURL(t, row.GetURL), Script: row.GetAPI == "dom"}, then)
			if got == row.Expected {
				pass++
			} else {
				fail++
				t.Logf("%s %s %s %s: %.200q → %.200q, want %.200q", file.name, row.ID, row.API, row.SetURL, row.SetCookie, got, row.Expected)
				_ = v
			}
		}
		t.Log(file.name, pass, fail, strings.Repeat("-", 10))
	}
	_ = tab
}
