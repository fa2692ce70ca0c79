package explain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

const (
	typed    = "Sec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\nSec-Fetch-Site: none"
	linked   = "Sec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\nSec-Fetch-Site: cross-site\nReferer: https://news.example.org/"
	fetched  = "Sec-Fetch-Mode: cors\nSec-Fetch-Dest: empty\nSec-Fetch-Site: same-origin"
	picture  = "Sec-Fetch-Mode: no-cors\nSec-Fetch-Dest: image\nSec-Fetch-Site: cross-site\nReferer: https://shop.example.com/"
	fetchOut = "Sec-Fetch-Mode: cors\nSec-Fetch-Dest: empty\nSec-Fetch-Site: cross-site\nOrigin: https://shop.example.com"
)

// outcomes are the comparisons of a recording, in the order of its requests: "1 sid sent", "2 ads withheld SameSiteLax".
func outcomes(h *HAR) (all []string) {
	for _, e := range h.Entries {
		for _, v := range e.SetCookies {
			text := fmt.Sprintf("%d set %s %s", e.N, v.Name, v.Outcome)
			if len(v.Reasons) > 0 {
				text += " " + string(v.Reasons[0])
			}
			all = append(all, text)
		}
		for _, c := range e.Cookies {
			text := fmt.Sprintf("%d %s %s", e.N, c.Name, c.Result)
			if len(c.Reasons) > 0 {
				text += " " + string(c.Reasons[0])
			}
			all = append(all, text)
		}
	}
	slices.SortStableFunc(all, func(a, b string) int {
		return strings.Compare(a[:strings.IndexByte(a, ' ')], b[:strings.IndexByte(b, ' ')])
	})
	return all
}

func TestHAR(t *testing.T) {
	shop := "https://shop.example.com/"
	sid := "__Host-sid=31d4d96e407aad42b6f1d4e0c2a85f77; Path=/; Secure; HttpOnly; SameSite=Lax"
	for _, row := range []struct {
		story   string
		browser string // "" is WebInspector, which is Chrome
		shots   []shot
		want    []string // all outcomes
		found   []string // codes of problems and warnings, of all that there are
		skipped map[int]string
	}{
		{story: "a cookie is set and comes back", shots: []shot{
			{at: 0, took: 50, url: shop, headers: typed, set: []string{sid}},
			{at: 100, url: shop + "a", headers: fetched, cookie: "__Host-sid=31d4d96e407aad42b6f1d4e0c2a85f77"},
		}, want: []string{"1 set __Host-sid stored", "2 __Host-sid sent"}},
		{story: "a line that browsers refuse, and the cookie that is missing then", shots: []shot{
			{at: 0, took: 50, url: shop, headers: typed, set: []string{"__Host-pref=dark; Path=/"}},
			{at: 100, url: shop + "a", headers: fetched, cookie: "other=1"},
		}, want: []string{"1 set __Host-pref rejected InvalidPrefix", "2 other by-script"}, found: []string{"InvalidPrefix"}},
		{story: "the browser had a cookie before the recording, and one that script made", shots: []shot{
			{at: 0, url: shop, headers: typed, cookie: "old=1"},
			{at: 100, url: shop + "a", headers: fetched, cookie: "old=1; made=2"},
		}, want: []string{"1 old from-before", "2 old from-before", "2 made by-script"}},
		{story: "a picture of another site gets no Lax cookie", shots: []shot{
			{at: 0, took: 9, page: "page_0", url: "https://ads.example.net/", headers: typed, set: []string{"ads=1; Secure; SameSite=Lax"}},
			{at: 100, url: shop, headers: typed, cookie: "x=1"},
			{at: 200, url: "https://ads.example.net/p.gif", headers: picture},
		}, want: []string{"1 set ads stored", "2 x from-before", "3 ads withheld SameSiteLax"}},
		{story: "the browser sends it all the same", shots: []shot{
			{at: 0, took: 9, page: "page_0", url: "https://ads.example.net/", headers: typed, set: []string{"ads=1; Secure; SameSite=Lax"}},
			{at: 100, url: shop, headers: typed},
			{at: 200, url: "https://ads.example.net/p.gif", headers: picture, cookie: "ads=1"},
		}, want: []string{"1 set ads stored", "3 ads sent-though-withheld SameSiteLax"}, found: []string{"sent-though-withheld"}},
		{story: "a picture of another site may not set a Lax cookie", shots: []shot{
			{at: 0, url: shop, headers: typed, cookie: "x=1"},
			{at: 200, took: 9, url: "https://ads.example.net/p.gif", headers: picture, set: []string{"ads=1; Secure; SameSite=Lax"}},
		}, want: []string{"1 x from-before", "2 set ads rejected SameSiteLax"}, found: []string{"SameSiteLax"}},
		{story: "a link from elsewhere carries Lax, and not Strict", shots: []shot{
			{at: 0, took: 9, page: "page_0", url: shop, headers: typed, set: []string{"lax=1; Secure; SameSite=Lax", "strict=1; Secure; SameSite=Strict"}},
			{at: 100, page: "page_2", url: shop, headers: linked, cookie: "lax=1"},
		}, want: []string{"1 set lax stored", "1 set strict stored", "2 lax sent", "2 strict withheld SameSiteStrict"}},
		{story: "script deleted a cookie", shots: []shot{
			{at: 0, took: 9, url: shop, headers: typed, set: []string{"theme=dark; Secure; SameSite=Lax"}},
			{at: 100, url: shop, headers: fetched, cookie: "other=1"},
		}, want: []string{"1 set theme stored", "2 other by-script", "2 theme withheld-though-sent"}, found: []string{"withheld-though-sent"}},
		{story: "script changed a value", shots: []shot{
			{at: 0, took: 9, url: shop, headers: typed, set: []string{"theme=dark; Secure; SameSite=Lax"}},
			{at: 100, url: shop, headers: fetched, cookie: "theme=light"},
		}, want: []string{"1 set theme stored", "2 theme other-value"}},
		{story: "a redirect that started in the millisecond in which its answer came", shots: []shot{
			{at: 0, took: 41, url: shop + "login", method: "POST", headers: typed, status: 303, location: "/account", set: []string{sid}},
			{at: 40, url: shop + "account", headers: typed, cookie: "__Host-sid=31d4d96e407aad42b6f1d4e0c2a85f77"},
		}, want: []string{"1 set __Host-sid stored", "2 __Host-sid sent"}},
		{story: "a redirect that started well before its answer is said to have come", shots: []shot{
			{at: 0, took: 90, url: shop + "login", method: "POST", headers: typed, status: 303, location: "/account", set: []string{sid}},
			{at: 40, url: shop + "account", headers: typed, cookie: "__Host-sid=31d4d96e407aad42b6f1d4e0c2a85f77"},
		}, want: []string{"1 set __Host-sid stored", "2 __Host-sid sent"}},
		{story: "clocks that differ by a millisecond", shots: []shot{
			{at: 0, took: 41, url: shop, headers: typed, set: []string{sid}},
			{at: 40, url: shop + "a", headers: fetched, cookie: "__Host-sid=31d4d96e407aad42b6f1d4e0c2a85f77"},
		}, want: []string{"1 set __Host-sid stored", "2 __Host-sid sent"}},
		{story: "a frame of another site asks for something of the page's own site", shots: []shot{
			{at: 0, took: 9, url: shop, headers: typed, set: []string{"lax=1; Secure; SameSite=Lax"}},
			{at: 100, url: shop + "p.gif", headers: "Sec-Fetch-Mode: no-cors\nSec-Fetch-Dest: image\nSec-Fetch-Site: cross-site\nReferer: https://frame.example.org/", cookie: "x=1"},
		}, want: []string{"1 set lax stored", "2 x by-script", "2 lax withheld SameSiteLax"}},
		{story: "a redirect to another site, seen by a program that keeps no Sec-Fetch headers", browser: "mitmproxy", shots: []shot{
			{at: 0, took: 9, page: "page_0", url: "http://b.example.net/", set: []string{"lax=1; SameSite=Lax"}},
			{at: 100, took: 9, url: "http://a.example.org/", status: 302, location: "http://b.example.net/in"},
			{at: 200, url: "http://b.example.net/in", cookie: "lax=1"},
		}, want: []string{"1 set lax stored", "3 lax sent"}},
		{story: "a request that left before the answer to another one came", shots: []shot{
			{at: 0, timings: map[string]float64{"blocked": -1, "dns": 5, "connect": 20, "ssl": 10, "send": 1, "wait": 400, "receive": 3000}, url: shop, headers: typed, set: []string{sid}},
			{at: 200, url: shop + "early", headers: fetched, cookie: "-"},
			{at: 500, url: shop + "late", headers: fetched, cookie: "__Host-sid=31d4d96e407aad42b6f1d4e0c2a85f77"},
		}, want: []string{"1 set __Host-sid stored", "3 __Host-sid sent"}},
		{story: "a file that is not in the order of time", shots: []shot{
			{at: 100, url: shop + "a", headers: fetched, cookie: "__Host-sid=31d4d96e407aad42b6f1d4e0c2a85f77"},
			{at: 0, took: 50, url: shop, headers: typed, set: []string{sid}},
		}, want: []string{"1 __Host-sid sent", "2 set __Host-sid stored"}},
		{story: "Firefox joins lines with line ends", browser: "Firefox old", shots: []shot{
			{at: 0, took: 9, url: shop, headers: typed, set: []string{"a=1; Secure", "b=2; Expires=Wed, 01 Dec 2027 00:00:00 GMT; Secure"}},
			{at: 100, url: shop, headers: fetched, cookie: "a=1; b=2"},
		}, want: []string{"1 set a stored", "1 set b stored", "2 a sent", "2 b sent"}},
		{story: "Safari joins lines with commas", browser: "WebKit Web Inspector", shots: []shot{
			{at: 0, took: 9, url: shop, headers: typed, set: []string{"a=1; Expires=Wed, 01 Dec 2027 00:00:00 GMT; Secure", "b=2", "c=3"}},
			{at: 100, url: shop, headers: fetched, cookie: "a=1; b=2; c=3"},
		}, want: []string{"1 set a stored", "1 set b stored", "1 set c stored", "2 a sent", "2 b sent", "2 c sent"}},
		{story: "Safari keeps what was sent in the list of cookies", browser: "WebKit Web Inspector", shots: []shot{
			{at: 0, took: 9, url: shop, headers: typed, set: []string{"a=1; Secure"}},
			{at: 100, url: shop, headers: fetched, list: []string{"a=1"}},
		}, want: []string{"1 set a stored", "2 a sent"}},
		{story: "only the list of what was set is left", shots: []shot{
			{at: 0, took: 9, url: shop, headers: typed, cookies: []map[string]any{{"name": "a", "value": "1", "path": "/", "domain": "shop.example.com", "expires": "2026-12-01T00:00:00.000Z", "httpOnly": true, "secure": true, "sameSite": "Lax"}}},
			{at: 100, url: shop, headers: fetched, cookie: "a=1"},
		}, want: []string{"1 set a stored", "2 a sent"}},
		{story: "a sanitizer left the names", shots: []shot{
			{at: 0, took: 9, url: shop, headers: typed, set: []string{"a=[redacted]; Secure"}},
			{at: 100, url: shop, headers: fetched, cookie: "a=REDACTED"},
		}, want: []string{"1 set a stored", "2 a sent"}},
		{story: "all cookies were taken out", shots: []shot{
			{at: 0, url: shop, headers: typed}, {at: 100, url: shop, headers: fetched},
		}, found: []string{"no-cookies"}},
		{story: "what was sent was taken out", shots: []shot{
			{at: 0, took: 9, url: shop, headers: typed, set: []string{sid}}, {at: 100, url: shop, headers: fetched},
		}, want: []string{"1 set __Host-sid stored"}, found: []string{"no-request-cookies"}},
		{story: "answers from the cache, of a service worker and none at all carry nothing", shots: []shot{
			{at: 0, took: 9, url: shop, headers: typed, set: []string{sid}},
			{at: 100, url: shop + "a.css", headers: fetched, custom: map[string]any{"_fromCache": "disk"}, set: []string{"never=1"}},
			{at: 200, url: "data:text/plain,hi"},
			{at: 300, url: shop, headers: fetched, cookie: "__Host-sid=31d4d96e407aad42b6f1d4e0c2a85f77"},
		}, want: []string{"1 set __Host-sid stored", "4 __Host-sid sent"}, skipped: map[int]string{2: "cache", 3: "no request over http"}},
		{story: "a fetch to another origin without credentials", shots: []shot{
			{at: 0, took: 9, page: "page_0", url: "https://api.example.net/", headers: typed, set: []string{"api=1; Secure; SameSite=None"}},
			{at: 100, url: shop, headers: typed, cookie: "x=1"},
			{at: 200, took: 9, url: "https://api.example.net/v1", headers: fetchOut, set: []string{"ignored=1; Secure; SameSite=None"}},
			{at: 300, url: "https://api.example.net/v1", headers: fetchOut, cookie: "api=1", answer: "Access-Control-Allow-Credentials: true"},
		}, want: []string{"1 set api stored", "2 x from-before", "4 api sent"}, skipped: map[int]string{3: "without credentials"}},
		{story: "a browser that blocks third parties says so", shots: []shot{
			{at: 0, took: 9, page: "page_0", url: "https://ads.example.net/", headers: typed, set: []string{"ads=1; Secure; SameSite=None"}},
			{at: 100, url: shop, headers: typed, cookie: "x=1"},
			{at: 200, url: "https://ads.example.net/p.gif", headers: picture + "\nSec-Fetch-Storage-Access: none"},
		}, want: []string{"1 set ads stored", "2 x from-before", "3 ads withheld ThirdPartyPhaseout"}},
		{story: "two cookies of one name", shots: []shot{
			{at: 0, url: shop, headers: typed, cookie: "sid=1; sid=2"},
		}, want: []string{"1 sid from-before", "1 sid from-before"}, found: []string{"duplicate-cookie"}},
		{story: "a picture of this page, told by the page alone: older browsers have no Sec-Fetch headers", browser: "mitmproxy", shots: []shot{
			{at: 0, took: 9, page: "page_0", kind: "document", url: "http://ads.example.net/", set: []string{"ads=1; SameSite=Lax"}},
			{at: 100, url: "http://shop.example.com/", kind: "document", status: 302, location: "/b", cookie: "x=1"},
			{at: 150, url: "http://shop.example.com/b", kind: "document", cookie: "x=1"},
			{at: 200, url: "http://ads.example.net/p.gif", kind: "image"},
		}, want: []string{"1 set ads stored", "2 x from-before", "3 x from-before", "4 ads withheld SameSiteLax"}},
		{story: "a session without its armour, and a token with a secret that everybody knows", shots: []shot{
			{at: 0, took: 9, url: shop, headers: typed, set: []string{"auth=" + signed(t, "HS256", "changeme", `{"sub":"anna","aud":"shop","iss":"https://shop.example.com","iat":1795694000,"exp":1795694900}`)}},
		}, want: []string{"1 set auth stored"}, found: []string{"no-request-cookies", "no-secure", "no-httponly", "no-samesite", "no-prefix", "default-secret"}},
	} {
		t.Run(row.story, func(t *testing.T) {
			text := record(or(row.browser, "WebInspector"), row.shots...)
			r, err := Explain(strings.NewReader(text), &Options{Now: recorded})
			if err != nil {
				t.Fatal(err)
			}
			if got := outcomes(r.HAR); strings.Join(got, "\n") != strings.Join(row.want, "\n") {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(row.want, "\n  "))
			}
			if got := serious(r.Findings); !sameCodes(got, row.found) {
				t.Errorf("findings %v, want %v", got, row.found)
			}
			for _, e := range r.HAR.Entries {
				if want := row.skipped[e.N]; (want == "") != (e.Skipped == "") || !strings.Contains(e.Skipped, want) {
					t.Errorf("request %d skipped: %q, want %q", e.N, e.Skipped, want)
				}
			}
			again, err := Explain(iotest.OneByteReader(strings.NewReader("\ufeff"+text)), &Options{Now: recorded})
			if err != nil || asJSON(t, again) != asJSON(t, r) {
				t.Errorf("read byte by byte it is another report, or %v", err)
			}
		})
	}
}

func serious(list []Finding) (codes []string) {
	for _, f := range list {
		if f.Level != Note {
			codes = append(codes, f.Code)
		}
	}
	return codes
}

func sameCodes(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestHARBrowser: a browser's own reasons are kept beside ours, and its rules are used.
func TestHARBrowser(t *testing.T) {
	for browser, profile := range map[string]string{"WebInspector": "chrome", "Firefox": "firefox", "WebKit Web Inspector": "safari", "mitmproxy": "rfc", "Charles Proxy": "rfc"} {
		text := record(browser, shot{url: "https://a.example/", headers: typed, cookie: "x=1",
			blocked: []map[string]any{{"blockedReasons": []string{"UserPreferences"}, "cookie": map[string]any{"name": "x"}}}})
		r, err := Explain(strings.NewReader(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.HAR.Profile != profile {
			t.Errorf("%s is judged as %s, want %s", browser, r.HAR.Profile, profile)
		}
		if got := r.HAR.Entries[0].Cookies[0].Browser; len(got) != 1 || got[0] != "UserPreferences" {
			t.Errorf("the browser's reasons: %v", got)
		}
	}
	safari, _ := jar.FindProfile("safari")
	r, err := Explain(strings.NewReader(record("WebInspector", shot{url: "https://a.example/", cookie: "x=1"})), &Options{Profile: safari})
	if err != nil || r.HAR.Profile != "safari" {
		t.Errorf("a profile that was asked for: %v, %v", r.HAR.Profile, err)
	}
}

func TestHARRefused(t *testing.T) {
	for _, row := range []struct {
		story, text string
		want        error
		says        string
	}{
		{"the file was cut off", `{"log":{"entries":[{"request":{"url":"https://a.e`, ErrHAR, "ends too soon"},
		{"not JSON", `{"log":{"entries":[}}`, ErrHAR, "invalid character"},
		{"no log", `{"other":1}`, ErrHAR, "no log"},
		{"two documents", `{"log":{}}{"log":{}}`, ErrHAR, "after its end"},
		{"nested without end", `{"log":` + strings.Repeat("[", maxNesting) + "}", ErrHAR, "nested more than 1000"},
		{"a number without end", `{"log":{"x":` + strings.Repeat("1", maxLiteral+1) + "}}", ErrHAR, "more than 1000 digits"},
		{"nothing", "", ErrHAR, "ends too soon"},
	} {
		_, err := Explain(strings.NewReader(row.text), &Options{Kind: KindHAR})
		e, ok := errors.AsType[*Error](err)
		if !ok || !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) || e.Hint == "" {
			t.Errorf("%s: %v, want %q", row.story, err, row.says)
		}
	}
	broken := errors.New("the disk is gone")
	if _, err := Explain(io.MultiReader(strings.NewReader(`{"log":{"a":"`+strings.Repeat("x", peeked)), iotest.ErrReader(broken)), nil); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
	nested := `{"log":{"x":` + strings.Repeat("[", maxNesting-2) + strings.Repeat("]", maxNesting-2) + `,"entries":[]}}`
	if _, err := Explain(strings.NewReader(nested), nil); err != nil {
		t.Errorf("as deep as allowed: %v", err)
	}
}

// TestHARShape: what is of the wrong type in a HAR file is looked past, and hides nothing else.
func TestHARShape(t *testing.T) {
	text := `{"log":{"creator":[1],"browser":{"name":"Firefox","version":7},"pages":null,"entries":[
		7, null, {"request":null}, {"request":{"url":["https://x.example/"],"headers":{"a":1}}},
		{"startedDateTime":"yesterday","time":"12","request":{"method":"GET","url":"https://a.example/","headers":[{"name":"cookie","value":7},{"name":"COOKIE","value":"x=1"},3],"cookies":[[]]},
		 "response":{"status":"200","headers":[{"name":"Set-Cookie"}],"cookies":{}},"timings":{"wait":1e999,"dns":-1}}]}}`
	r, err := Explain(strings.NewReader(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := r.HAR.Totals.Comparisons[FromBefore]; n != 1 || r.HAR.Totals.Requests != 5 {
		t.Errorf("%d cookies of %d requests: %s", n, r.HAR.Totals.Requests, asJSON(t, r.HAR))
	}
}
