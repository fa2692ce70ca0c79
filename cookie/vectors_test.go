package cookie

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// vectors reads a file of the public test vectors.
func vectors(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testenv.Vectors(t), filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

type goCookies struct {
	ParseCookieHeader, ParseSetCookie []struct {
		Header  http.Header
		Cookies []*http.Cookie
		Filter  string
	}
	SerializeSetCookie []struct {
		Cookie *http.Cookie
		Raw    string
	}
}

// differ compares the rows with what is known: a row must agree, or be listed
// with the reason why it does not, and a listed row must still differ.
func differ(t *testing.T, known map[int]string, row int, agrees bool, detail string) {
	t.Helper()
	reason, listed := known[row]
	switch {
	case !agrees && !listed:
		t.Errorf("row %d differs from net/http: %s", row, detail)
	case agrees && listed:
		t.Errorf("row %d is listed (%s) and does not differ", row, reason)
	}
}

// Where and why reading a Cookie header differs from Go 1.26.
func TestGoVectorsCookie(t *testing.T) {
	known := map[int]string{
		4: "quotes are part of the value (draft-22 section 4.1.1)",
		5: "quotes are part of the value (draft-22 section 4.1.1)",
		8: "Go's test set its limit to 5; ours is MaxCookies",
	}
	var v goCookies
	vectors(t, "go-cookiejar/go-cookie.json", &v)
	for i, row := range v.ParseCookieHeader {
		got, err := Parse(row.Header)
		if row.Filter != "" {
			value, err := Get(row.Header, row.Filter)
			differ(t, known, i, err == nil && len(row.Cookies) == 1 && value == row.Cookies[0].Value, fmt.Sprint(value, err))
			continue
		}
		agrees := len(got) == len(row.Cookies)
		for k := range got {
			agrees = agrees && got[k].Name == row.Cookies[k].Name && got[k].Value == row.Cookies[k].Value
		}
		differ(t, known, i, agrees, fmt.Sprintf("%d cookies, %v", len(got), err))
	}
}

// Where and why reading a Set-Cookie line differs from Go 1.26.
func TestGoVectorsParseSet(t *testing.T) {
	const (
		date   = "the date is not IMF-fixdate (RFC 9110 section 5.6.7)"
		octets = "space and comma are no cookie-octets, within quotes or without (RFC 6265 section 4.1.1)"
		site   = "SameSite without a known value: browsers fall back to their default, so the line does not say what it seems to"
	)
	known := map[int]string{
		1: date, 2: date, 4: site, 5: site,
		8: "SameSite=None without Secure, which browsers drop (draft-22 section 5.7 step 19)",
		9: octets, 10: octets, 11: octets, 12: octets, 13: octets, 14: octets, 15: octets, 16: octets,
		17: "a space behind the name; net/http drops it",
		18: "quotes are part of the value (draft-22 section 4.1.1)",
		19: "many lines: Go has a limit for a whole response, ParseSet reads one line",
		20: "many lines: Go has a limit for a whole response, ParseSet reads one line",
	}
	var v goCookies
	vectors(t, "go-cookiejar/go-cookie.json", &v)
	for i, row := range v.ParseSetCookie {
		if len(row.Cookies) != 1 {
			differ(t, known, i, false, fmt.Sprintf("%d cookies", len(row.Cookies)))
			continue
		}
		got, err := ParseSet(row.Header.Get("Set-Cookie"))
		// No attribute says more than Go's reading of "SameSite" alone.
		agrees := err == nil && fmt.Sprintf("%+v", *got) == fmt.Sprintf("%+v", *row.Cookies[0])
		differ(t, known, i, agrees, fmt.Sprintf("%q, %v", row.Header, err))
	}
}

// Where and why writing differs from Go 1.26: what net/http repairs, leaves out
// or writes against the grammar is refused.
func TestGoVectorsFormat(t *testing.T) {
	const octets = "space and comma are no cookie-octets; net/http adds quotes, which browsers keep as part of the value"
	known := map[int]string{
		2: "a dot in front of Domain, which net/http drops",
		4: "a Domain that is none, which net/http leaves out", 5: "a Domain that is none, which net/http leaves out",
		6: "a Domain that is an address", 7: "a Domain that is none, which net/http leaves out",
		10: "Expires before 1601, which net/http leaves out",
		14: "SameSite=None without Secure, which browsers drop (draft-22 section 5.7 step 19)",
		16: octets, 17: octets, 18: octets, 19: octets, 20: octets, 21: octets, 22: octets, 23: octets,
		32: "Quoted: put the quotes into Value", 33: octets, 34: octets,
	}
	var v goCookies
	vectors(t, "go-cookiejar/go-cookie.json", &v)
	now := time.Date(2009, 11, 10, 22, 0, 0, 0, time.UTC)
	for i, row := range v.SerializeSetCookie {
		got, err := unsafeFormat(row.Cookie, now)
		// Rows that Go writes as nothing are those that we refuse.
		agrees := got == row.Raw && (err != nil) == (row.Raw == "")
		differ(t, known, i, agrees, fmt.Sprintf("%q, %v, want %q", got, err, row.Raw))
	}
}

// What ParseSet accepts, browsers keep: over the vectors of web-platform-tests and
// http-state. Rows that depend on the URL (path, domain, scheme, a deletion) are
// the jar's and left out.
func TestBrowserVectorsKeepWhatWeAccept(t *testing.T) {
	accepted := 0
	for _, file := range []string{
		"http-state/http-state-6265bis.json", "wpt-cookies/wpt-attributes.json", "wpt-cookies/wpt-ctl.json",
		"wpt-cookies/wpt-name.json", "wpt-cookies/wpt-prefix.json", "wpt-cookies/wpt-size.json", "wpt-cookies/wpt-value.json",
	} {
		var rows []struct {
			ID, API, SetURL, GetURL, Expected string
			SetCookie                         []string
			Disabled                          any
		}
		vectors(t, file, &rows)
		for _, row := range rows {
			u, err := url.Parse(row.SetURL)
			if err != nil {
				t.Fatal(err)
			}
			if row.API != "http" || row.Disabled != nil || len(row.SetCookie) != 1 {
				continue
			}
			c, err := ParseSet(row.SetCookie[0])
			if err != nil {
				continue
			}
			secure := u.Scheme == "https"
			if c.MaxAge < 0 || c.Domain != "" || c.Path != "" && c.Path != "/" || c.Secure && !secure || !c.Expires.IsZero() || c.HttpOnly {
				continue
			}
			get, err := url.Parse(row.GetURL)
			if err != nil {
				t.Fatal(err)
			}
			if folder := u.Path[:strings.LastIndex(u.Path, "/")+1]; get.Host != u.Host || c.Path == "" && !strings.HasPrefix(get.Path, folder) {
				continue
			}
			accepted++
			if pair := c.Name + "=" + c.Value; row.Expected != pair {
				t.Errorf("%s %s: we accept %q, browsers send %.80q", file, row.ID, row.SetCookie[0], row.Expected)
			}
		}
	}
	if accepted < 50 {
		t.Errorf("only %d rows were accepted: the test says little", accepted)
	}
	t.Logf("%d lines", accepted)
}
