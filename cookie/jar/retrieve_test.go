package jar

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// Each row: a jar, a request, what is sent, and what is withheld and why.
func TestMatch(t *testing.T) {
	const home = "https://www.example.com/a/b"
	page := func(s string) *url.URL { return mustURL(t, s) }
	for _, row := range []struct {
		story    string
		lines    []string // set at home
		request  Request
		header   string
		withheld []string // name: reasons step
		detail   string   // of the first that is withheld
	}{
		{story: "CK_R1: host-only goes to its host", lines: []string{"a=1"}, request: Request{URL: page(home)}, header: "a=1"},
		{story: "CK_R1: and to no other", lines: []string{"a=1"}, request: Request{URL: page("https://x.www.example.com/a")},
			withheld: []string{"a: DomainMismatch 5.8.3/3"}, detail: "it is for the host www.example.com only, and this is x.www.example.com"},
		{story: "CK_R1: a Domain goes to all below it", lines: []string{"a=1; Domain=example.com"}, request: Request{URL: page("https://x.y.example.com/a")}, header: "a=1"},
		{story: "CK_R1: and not to a sister", lines: []string{"a=1; Domain=www.example.com"}, request: Request{URL: page("https://api.example.com/a")},
			withheld: []string{"a: DomainMismatch 5.8.3/3"}, detail: "it is for www.example.com and the hosts below, and this is api.example.com"},
		{story: "CK_R1: of another site not even a word", lines: []string{"a=1"}, request: Request{URL: page("https://example.org/a")}},
		{story: "CK_R1: ports do not matter", lines: []string{"a=1"}, request: Request{URL: page("https://www.example.com:8443/a")}, header: "a=1"},
		{story: "CK_R1: a dot at the end is another host", lines: []string{"a=1"}, request: Request{URL: page("https://www.example.com./a")}},
		{story: "CK_R2: a path below", lines: []string{"a=1"}, request: Request{URL: page("https://www.example.com/a/x/y")}, header: "a=1"},
		{story: "CK_R2: another path", lines: []string{"a=1"}, request: Request{URL: page("https://www.example.com/ab")},
			withheld: []string{"a: NotOnPath 5.8.3/3"}, detail: `its path "/a" does not cover "/ab"`},
		{story: "CK_R3: Secure over http", lines: []string{"a=1; Secure"}, request: Request{URL: page("http://www.example.com/a")},
			withheld: []string{"a: SecureOnly 5.8.3/3"}, detail: "it is Secure, and this is http"},
		{story: "CK_R3: HttpOnly and script", lines: []string{"a=1; HttpOnly", "b=1"}, request: Request{URL: page(home), Script: true}, header: "b=1",
			withheld: []string{"a: HttpOnly 5.8.3/3"}, detail: "it is HttpOnly, and script asks"},
		{story: "all reasons together", lines: []string{"a=1; Secure; HttpOnly; SameSite=Strict"},
			request:  Request{URL: page("http://example.com/"), Script: true, Site: page("https://example.org")},
			withheld: []string{"a: DomainMismatch NotOnPath SecureOnly HttpOnly SameSiteStrict 5.8.3/3"}},
		{story: "CK_R4: longer paths first, then earlier ones", lines: []string{"a=1; Path=/", "b=1; Path=/a", "c=1; Path=/", "d=1; Path=/a/b"}, request: Request{URL: page(home)},
			header: "d=1; b=1; a=1; c=1"},
		{story: "CK_R4: nameless and empty", lines: []string{"=v", "a="}, request: Request{URL: page(home)}, header: "v; a="},
		{story: "it has ended", lines: []string{"a=1; Max-Age=1"}, request: Request{URL: page(home)},
			withheld: []string{"a: Expired 5.7"}, detail: "it ended at 2020-11-24T12:00:01Z"},
	} {
		t.Run(row.story, func(t *testing.T) {
			j := New(nil)
			tell(t, j, home, row.lines...)
			header, verdicts := j.match(row.request, then.Add(time.Minute), true)
			if fast := j.header(row.request, then.Add(time.Minute)); header != row.header || fast != header {
				t.Errorf("%q is sent, and by Header %q; want %q", header, fast, row.header)
			}
			var withheld, pairs []string
			for i, v := range verdicts {
				if v.Outcome == Sent {
					pairs = append(pairs, strings.TrimPrefix(v.Cookie.Name+"="+v.Cookie.Value, "="))
					if len(withheld) > 0 {
						t.Error("those that are sent come first")
					}
					continue
				}
				if len(withheld) == 0 && row.detail != "" && v.Detail != row.detail {
					t.Errorf("detail %q, want %q", v.Detail, row.detail)
				}
				withheld = append(withheld, v.Name+": "+strings.TrimPrefix(ruled(verdicts[i]), "withheld "))
			}
			if !slices.Equal(withheld, row.withheld) {
				t.Errorf("withheld: %q, want %q", withheld, row.withheld)
			}
			if got := strings.Join(pairs, "; "); got != row.header {
				t.Errorf("the verdicts say %q", got)
			}
		})
	}
}

// CK_R4: a use is noted, and Peek is no use.
func TestAccessed_CK_R4(t *testing.T) {
	j := New(nil)
	r := Request{URL: mustURL(t, "https://example.com/")}
	tell(t, j, "https://example.com/", "a=1", "b=1; Path=/x")
	r.Now = then.Add(time.Hour)
	if h, _ := j.Peek(r); h != "a=1" || !j.all(then)[0].Accessed.Equal(then) {
		t.Errorf("%q; %+v", h, j.all(then))
	}
	if h, _ := j.Match(r); h != "a=1" {
		t.Errorf("%q", h)
	}
	if all := j.all(then); !all[0].Accessed.Equal(r.Now) || !all[1].Accessed.Equal(then) {
		t.Errorf("%+v", all)
	}
}
