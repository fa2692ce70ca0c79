package page

import (
	"fmt"
	"math"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestAssetsAreKeptForAYearUnderTheirHash(t *testing.T) {
	for _, row := range []struct {
		what, method, path string
		status             int
		media              string
	}{
		{"the sheet", "GET", AssetPath("cloakroom.css"), 200, "text/css; charset=utf-8"},
		{"the picture", "GET", AssetPath("tag.svg"), 200, "image/svg+xml"},
		{"only its head", "HEAD", AssetPath("tag.svg"), 200, "image/svg+xml"},
		{"a name without hash", "GET", AssetPrefix + "cloakroom.css", 404, ""},
		{"another hash", "GET", AssetPrefix + "cloakroom.0000000000000000.css", 404, ""},
		{"the directory", "GET", AssetPrefix, 404, ""},
		{"a way out", "GET", AssetPrefix + "../page.go", 404, ""},
		{"a change", "POST", AssetPath("tag.svg"), 405, ""},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(row.method, "http://localhost/", nil)
		r.URL.Path = row.path
		Assets().ServeHTTP(w, r)
		kept := strings.Contains(w.Header().Get("Cache-Control"), "immutable")
		if w.Code != row.status || kept != (row.status == 200) {
			t.Errorf("%s: status %d, kept %v, want %d", row.what, w.Code, kept, row.status)
		}
		if row.media != "" && w.Header().Get("Content-Type") != row.media {
			t.Errorf("%s: type %q, want %q", row.what, w.Header().Get("Content-Type"), row.media)
		}
	}
	if AssetPath("nothing.css") != "" {
		t.Error("a path for a file that is not there")
	}
}

// AU-35: a sheet that fetches something, or a picture with script, would need a wider policy.
func TestAssetsFetchNothing_AU35(t *testing.T) {
	for name, a := range inventory().byName {
		for _, word := range []string{"url(", "@import", "data:", "https:", "<script", "<style", "style=", "javascript:", "<foreignObject", "onload"} {
			if strings.Contains(string(a.content), word) {
				t.Errorf("%s holds %q", name, word)
			}
		}
	}
}

func TestPolicy_AU35(t *testing.T) {
	got := Policy("https://app.example", "https://evil.example; script-src *", "", "a b")
	want := "default-src 'none'; style-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' https://app.example"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Text needs 4.5:1, the edges of what can be filled in and the mark of the focus 3:1 (WCAG 1.4.3, 1.4.11), in both themes.
func TestContrast(t *testing.T) {
	sheet := string(inventory().byName["cloakroom.css"].content)
	pair := regexp.MustCompile(`--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)`)
	themes := [2]map[string]string{{}, {}}
	for _, m := range pair.FindAllStringSubmatch(sheet, -1) {
		themes[0][m[1]], themes[1][m[1]] = m[2], m[3]
		if !strings.Contains(sheet, fmt.Sprintf("--%s: %s;", m[1], m[2])) {
			t.Errorf("--%s is another colour in browsers without light-dark()", m[1])
		}
	}
	for _, row := range []struct {
		text, ground string
		min          float64
	}{
		{"ink", "paper", 4.5}, {"ink", "card", 4.5}, {"ink", "sunk", 4.5}, {"ink", "info-bg", 4.5}, {"ink", "good-bg", 4.5},
		{"soft", "paper", 4.5}, {"soft", "card", 4.5}, {"soft", "info-bg", 4.5}, {"soft", "good-bg", 4.5},
		{"green", "paper", 4.5}, {"green", "card", 4.5}, {"green-hi", "good-bg", 4.5}, {"green-hi", "sunk", 4.5}, {"on-green", "green", 4.5}, {"on-green", "green-hi", 4.5},
		{"brass-ink", "card", 4.5}, {"brass-ink", "info-bg", 4.5}, {"bad", "card", 4.5}, {"bad", "paper", 4.5}, {"bad", "bad-bg", 4.5},
		{"edge", "card", 3}, {"edge", "paper", 3}, {"focus", "card", 3}, {"focus", "paper", 3},
	} {
		for i, colours := range themes {
			a, b := luminance(t, colours[row.text]), luminance(t, colours[row.ground])
			if got := (max(a, b) + .05) / (min(a, b) + .05); got < row.min {
				t.Errorf("theme %d: %s on %s has %.2f:1, want %.1f:1", i, row.text, row.ground, got, row.min)
			}
		}
	}
}

// luminance is that of WCAG 2.2, of a colour such as #1f5c4c.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) != 7 {
		t.Fatalf("no such colour: %q", colour)
	}
	var sum float64
	for i, weight := range []float64{.2126, .7152, .0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
