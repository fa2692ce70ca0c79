package explain

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

const safeLine = "__Host-sid=31d4d96e407aad42b6f1d4e0c2a85f77; Path=/; Secure; HttpOnly; SameSite=Lax"

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestSetCookie: what is said of a line, for https://www.example.com/a/b.
func TestSetCookie(t *testing.T) {
	token := signed(t, "HS256", strong, fine)
	for _, row := range []struct {
		story, lines string
		want         []string // codes of what is more than a note
		notes        []string // some of the notes
		means        map[string]string
	}{
		{"nothing is wrong", safeLine, nil, nil, map[string]string{"goes to": "www.example.com alone", "paths": "All paths", "until": "The browser is closed", "over": "https only", "script": "cannot read", "from": "links from elsewhere"}},
		{"a session without anything", "sid=31d4d96e407aad42b6f1d4e0c2a85f77", []string{"no-secure", "no-httponly", "no-samesite", "no-prefix"}, nil,
			map[string]string{"paths": `"/a" and what is below`, "over": "http as well", "script": "can read it", "from": "Chrome: as with"}},
		{"refused", "__Host-sid=31d4d96e407aad42b6f1d4e0c2a85f77; Path=/", []string{"InvalidPrefix"}, nil, nil},
		{"a theme", "theme=dark; SameSite=Lax", nil, []string{"no-secure"}, nil},
		{"for the whole domain", "theme=dark; Secure; SameSite=Lax; Domain=example.com", []string{"wide-domain"}, nil, map[string]string{"goes to": "example.com and every host below"}},
		{"Strict", "theme=dark; Secure; SameSite=Strict", nil, nil, map[string]string{"from": "This site only"}},
		{"a session for all sites", "__Host-sid=31d4d96e407aad42b6f1d4e0c2a85f77; Path=/; Secure; HttpOnly; SameSite=None", []string{"samesite-none"}, nil, map[string]string{"from": "Every site"}},
		{"a session of a year", safeLine + "; Max-Age=31536000", []string{"long-life"}, nil, map[string]string{"until": "2027-11-26 12:00:00 UTC, in 365 days"}},
		{"a theme of ten years", "theme=dark; Secure; SameSite=Lax; Max-Age=315360000", nil, []string{"WarnLifetimeCut", "long-life"}, map[string]string{"until": "2027-12-31"}},
		{"two lifetimes", "theme=dark; Secure; SameSite=Lax; Max-Age=60; Expires=Fri, 27 Nov 2026 12:00:00 GMT", nil, []string{"two-lifetimes"}, map[string]string{"until": "in 60 seconds"}},
		{"an old way to write a date", "theme=dark; Secure; SameSite=Lax; Expires=Friday, 27-Nov-26 12:00:00 GMT", nil, []string{"date-form"}, map[string]string{"until": "in 24 hours"}},
		{"no date at all", "theme=dark; Secure; SameSite=Lax; Expires=tomorrow", []string{"WarnIgnoredAttribute"}, nil, map[string]string{"until": "browser is closed"}},
		{"a Max-Age with a unit", "theme=dark; Secure; SameSite=Lax; Max-Age=1h", []string{"WarnIgnoredAttribute"}, nil, nil},
		{"a Path without a slash", "theme=dark; Secure; SameSite=Lax; Path=app", []string{"WarnIgnoredAttribute"}, nil, nil},
		{"an unknown SameSite", "theme=dark; Secure; SameSite=Yes", []string{"WarnIgnoredAttribute", "no-samesite"}, nil, nil},
		{"Secure=false", "theme=dark; Secure=false; SameSite=Lax", []string{"flag-with-value"}, nil, map[string]string{"over": "https only"}},
		{"HttpOnly=true", "theme=dark; Secure; HttpOnly=true; SameSite=Lax", nil, []string{"flag-with-value"}, nil},
		{"a misspelt attribute", "theme=dark; Secure; SameSite=Lax; HTTP-Only", []string{"misspelt-attribute"}, nil, nil},
		{"an unknown attribute", "theme=dark; Secure; SameSite=Lax; lang=en", []string{"WarnIgnoredAttribute"}, nil, nil},
		{"an attribute of the past", "theme=dark; Secure; SameSite=Lax; Version=1", nil, []string{"old-attribute"}, nil},
		{"an attribute twice", "theme=dark; Secure; SameSite=Lax; Path=/; Path=/a", []string{"doubled-attribute"}, nil, map[string]string{"paths": `"/a"`}},
		{"an attribute that is too long", "theme=dark; Secure; SameSite=Lax; Path=/" + strings.Repeat("p", 1024), []string{"WarnAttributeValueExceedsMaxSize"}, nil, nil},
		{"two cookies in one line", "a=1; Path=/; Secure; SameSite=Lax, b=2; Path=/; Secure; SameSite=Lax", []string{"joined-lines", "doubled-attribute", "WarnIgnoredAttribute"}, nil, nil},
		{"a date is no second cookie", "theme=dark; Secure; SameSite=Lax; Expires=Fri, 27 Nov 2026 12:00:00 GMT", nil, nil, nil},
		{"no name", "dark; Secure; SameSite=Lax", []string{"no-name"}, nil, nil},
		{"an attribute first", "Path=/; theme=dark; Secure; SameSite=Lax", []string{"attribute-as-name", "WarnIgnoredAttribute"}, nil, nil},
		{"a value that servers must not send", `theme=dark blue; Secure; SameSite=Lax`, []string{"grammar"}, nil, nil},
		{"an e-mail address", "user=anna@example.org; Secure; SameSite=Lax", []string{"personal-data"}, nil, nil},
		{"JSON, percent-encoded", "cart=%7B%22n%22%3A1%7D; Secure; SameSite=Lax", []string{"readable-value"}, []string{"percent-encoded"}, nil},
		{"quotes", `theme="dark"; Secure; SameSite=Lax`, nil, []string{"quoted-value"}, nil},
		{"an id that can be guessed", "__Host-sid=123456; Path=/; Secure; HttpOnly; SameSite=Lax", []string{"few-bits"}, nil, nil},
		{"a prefix in another spelling", "__HOST-x=1; Path=/; Secure; SameSite=Lax", []string{"prefix-case"}, nil, nil},
		{"a form token is for script", "XSRF-TOKEN=31d4d96e407aad42b6f1d4e0c2a85f77; Secure; SameSite=Lax", nil, nil, nil},
		{"a load balancer is no session", "heroku-session-affinity=31d4d96e407aad42; Secure; SameSite=Lax", nil, nil, nil},
		{"deleted", "sid=; Max-Age=0", nil, nil, map[string]string{"until": "ended already"}},
		{"a token that ends before its cookie", "__Host-auth=" + token + "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400", nil, []string{"outlives-token"}, nil},
		{"one name twice", "theme=dark; Secure; SameSite=Lax\ntheme=light; Secure; SameSite=Lax; Path=/", []string{"set-twice"}, nil, nil},
	} {
		r, err := Explain(strings.NewReader(row.lines), &Options{Kind: KindSetCookie, URL: mustURL(t, "https://www.example.com/a/b"), Now: noon})
		if err != nil {
			t.Errorf("%s: %v", row.story, err)
			continue
		}
		if got := serious(r.Findings); !sameCodes(got, row.want) {
			t.Errorf("%s: %v, want %v", row.story, got, row.want)
		}
		for _, note := range row.notes {
			if f := (findings{list: r.Findings}); !f.has(note) {
				t.Errorf("%s: no note %s", row.story, note)
			}
		}
		for _, m := range r.SetCookies[0].Means {
			if want := row.means[m.What]; !strings.Contains(m.Says, want) {
				t.Errorf("%s: %s %q, want %q", row.story, m.What, m.Says, want)
			}
		}
		checkSentences(t, r)
	}
}

// checkSentences: every finding says what is wrong and what to do, in whole sentences.
func checkSentences(t testing.TB, r *Report) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Code == "" || f.About == "" || !strings.HasSuffix(f.Detail, ".") || strings.Contains(f.Detail+f.Fix, "%!") || strings.HasSuffix(f.Detail, "..") {
			t.Errorf("%+v", f)
		}
		if f.Fix == "" || !strings.HasSuffix(f.Fix, ".") && !strings.HasSuffix(f.Fix, ").") {
			t.Errorf("nobody says what to do: %+v", f)
		}
	}
}

// TestSetCookieContext: the same line means something else elsewhere.
func TestSetCookieContext(t *testing.T) {
	firefox, _ := jar.FindProfile("firefox")
	safari, _ := jar.FindProfile("safari")
	for _, row := range []struct {
		story, line string
		o           Options
		want        jar.Outcome
		code        string // of a finding
	}{
		{"script and HttpOnly", "sid=1; HttpOnly", Options{Script: true}, jar.Rejected, "HttpOnlyOverwrite"},
		{"document.cookie says itself that it is script", `document.cookie = "theme=dark; path=/; httponly";`, Options{}, jar.Rejected, "HttpOnlyOverwrite"},
		{"in a page of another site", "sid=1; Secure; SameSite=Lax", Options{Site: mustURL(t, "https://other.example.org/")}, jar.Rejected, "SameSiteLax"},
		{"in a page of this site", "sid=1; Secure; SameSite=Lax", Options{Site: mustURL(t, "https://www.example.com/")}, jar.Stored, ""},
		{"over http", "sid=1; Secure", Options{URL: mustURL(t, "http://example.com/")}, jar.Rejected, "SecureOnly"},
		{"over http on this machine", "sid=1; Secure", Options{URL: mustURL(t, "http://localhost:8080/")}, jar.Stored, "WarnLoopback"},
		{"over http on this machine, in Safari", "sid=1; Secure", Options{URL: mustURL(t, "http://localhost:8080/"), Profile: safari}, jar.Rejected, "SecureOnly"},
		{"over http on this machine, in Firefox", "sid=1; Secure", Options{URL: mustURL(t, "http://localhost:8080/"), Profile: firefox}, jar.Stored, "WarnLoopback"},
		{"the request is pasted with it", "> GET /a HTTP/1.1\n> Host: shop.example.net\n< HTTP/1.1 200 OK\n< Set-Cookie: sid=1; Domain=example.com", Options{}, jar.Rejected, "InvalidDomain"},
	} {
		row.o.Now = noon
		r, err := Explain(strings.NewReader(row.line), &row.o)
		if err != nil {
			t.Errorf("%s: %v", row.story, err)
			continue
		}
		if v := r.SetCookies[0]; v.Outcome != row.want {
			t.Errorf("%s: %s %v, want %s", row.story, v.Outcome, v.Reasons, row.want)
		}
		if f := (findings{list: r.Findings}); row.code != "" && !f.has(row.code) {
			t.Errorf("%s: no %s in %v", row.story, row.code, r.Findings)
		}
	}
}

// TestExperiment: the 18 lines that other jars keep or drop without a word, over http on this machine. Each gets a verdict, and
// each that is refused a reason, a step and a sentence.
func TestExperiment(t *testing.T) {
	var sixty []string
	for i := range 60 {
		sixty = append(sixty, fmt.Sprintf("n%d=1", i))
	}
	for _, row := range []struct {
		line   string
		reason jar.Reason // "" is stored
		code   string     // of a finding that must be there
	}{
		{"__Host-a=1; Path=/", jar.InvalidPrefix, "InvalidPrefix"},
		{"__Host-b=1; Path=/; Secure; Domain=localhost", jar.InvalidPrefix, "InvalidPrefix"},
		{"__Host-c=1; Secure", jar.InvalidPrefix, "InvalidPrefix"},
		{"__Secure-d=1", jar.InvalidPrefix, "InvalidPrefix"},
		{"__host-n=1; Path=/", jar.InvalidPrefix, "InvalidPrefix"},
		{"e=1; SameSite=None", jar.SameSiteNoneInsecure, "SameSiteNoneInsecure"},
		{"f=1; Domain=example.org", jar.InvalidDomain, "InvalidDomain"},
		{"g=" + strings.Repeat("v", 4096), jar.NameValuePairExceedsMaxSize, "NameValuePairExceedsMaxSize"},
		{"h=" + strings.Repeat("v", 3000) + "; junk=" + strings.Repeat("j", 2100), "", "WarnAttributeValueExceedsMaxSize"},
		{"i=\x01", jar.DisallowedCharacter, "DisallowedCharacter"},
		{"=noname", "", "no-name"},
		{"justtoken", "", "no-name"},
		{"k=1; Partitioned", jar.PartitionedInsecure, "PartitionedInsecure"},
		{"l=1; Secure", "", "WarnLoopback"},
		{"m=1; Expires=not-a-date", "", "WarnIgnoredAttribute"},
		{"o=1; Path=/" + strings.Repeat("p", 1100), "", "WarnAttributeValueExceedsMaxSize"},
		{strings.Join(sixty, "\n"), "", "no-samesite"},
		{"=; Path=/", jar.NoCookieContent, "NoCookieContent"},
	} {
		lines := "Set-Cookie: " + strings.ReplaceAll(row.line, "\n", "\nSet-Cookie: ")
		r, err := Explain(strings.NewReader(lines), &Options{URL: mustURL(t, "http://localhost/sub/set"), Now: noon})
		if err != nil {
			t.Errorf("%.40q: %v", row.line, err)
			continue
		}
		for _, s := range r.SetCookies {
			rejected := slices.Contains(s.Reasons, row.reason)
			if row.reason != "" && (s.Outcome != jar.Rejected || !rejected || s.Step == "" || s.Detail == "") || row.reason == "" && s.Outcome != jar.Stored {
				t.Errorf("%.40q: %s %v, step %q, %q; want %s", row.line, s.Outcome, s.Reasons, s.Step, s.Detail, row.reason)
			}
		}
		if f := (findings{list: r.Findings}); !f.has(row.code) || r.Problem() != (row.reason != "" || row.code == "WarnIgnoredAttribute") {
			t.Errorf("%.40q: problem %v, findings %v, want %s", row.line, r.Problem(), r.Findings, row.code)
		}
		checkSentences(t, r)
	}
}
