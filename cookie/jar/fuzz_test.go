package jar

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// seeds are lines that have something in them for every step.
var seeds = []string{
	"a=1", "=a", "a", "a=1; Path=/; Secure; HttpOnly; SameSite=Strict", "__Host-a=1; Domain=example.com", "__Http-a=1", "=__Secure-", "a=1; SameSite=None",
	"a=1; Domain=.example.com; Path=/a", "a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1; Domain=bücher.example", "a=1; Partitioned", "a=\x01",
	"a=1; Domain=com; SameSite=Lax", "a=1;;Path=a;Path;=;", "a=1; Max-Age=-1", " ;Secure", "==", "a=1; Domain=www.example.com; Path=/%2F",
}

var fuzzURLs = []string{"https://www.example.com/a/b", "http://www.example.com/a/b", "http://localhost/", "https://xn--bcher-kva.example/", "https://127.0.0.1/x/", "https://com/", "wss://[::1]"}

// What a line does is told, and true: a cookie that is stored is found for its own URL, unless it has ended; a corrected
// line is taken; what is refused changes nothing.
func FuzzSet(f *testing.F) {
	for i, s := range seeds {
		f.Add(s, seeds[(i+7)%len(seeds)], uint8(i), uint8(i/2))
	}
	f.Fuzz(func(t *testing.T, first, second string, where, how uint8) {
		page := mustURL(t, "https://other.net/")
		r := Request{URL: mustURL(t, fuzzURLs[int(where)%len(fuzzURLs)]), Script: how&1 != 0, Embedded: how&2 != 0}
		if how&4 != 0 {
			r.Site = page
		}
		p := *profiles[int(how>>3)%len(profiles)]
		p.MaxPerDomain = 2 - int(how>>6)&1
		for _, text := range []string{first, second} {
			j := New(&Options{Profile: &p})
			j.set(r, []string{first}, then)
			before := j.all(then)
			verdicts := j.set(r, []string{text}, then)
			if len(verdicts) != 1 {
				t.Fatalf("%d verdicts for a line", len(verdicts))
			}
			v := verdicts[0]
			check(t, v, text)
			switch v.Outcome {
			case Stored:
				if len(v.Reasons) == 0 {
					mustBeThere(t, j, r, v)
				}
			case Rejected:
				if after := j.all(then); !slices.Equal(before, after) {
					t.Errorf("%q is refused and changes the jar", text)
				}
				if v.Fix == "" {
					return
				}
				if w := j.set(r, []string{v.Fix}, then)[0]; w.Outcome != Stored {
					t.Errorf("%q is refused (%s); its correction %q too: %s", text, v.Detail, v.Fix, w.Detail)
				} else if w.Name != v.Name || w.Cookie.Value != v.Cookie.Value {
					t.Errorf("%q is corrected to another cookie: %q", text, v.Fix)
				}
			}
		}
	})
}

// check is what is true of all verdicts.
func check(t *testing.T, v Verdict, text string) {
	t.Helper()
	may := map[Outcome]bool{Rejected: true, Withheld: true}[v.Outcome]
	if v.Outcome == Stored && len(v.Reasons) == 1 {
		may = slices.Contains([]Reason{DeletedByMaxAge, Expired, Evicted}, v.Reasons[0])
	}
	if v.Reasons == nil || may != (len(v.Reasons) > 0) {
		t.Errorf("%q: %s for %v", text, v.Outcome, v.Reasons)
	}
	if (v.Detail == "") != (len(v.Reasons) == 0) || (v.Step == "") != (len(v.Reasons) == 0) {
		t.Errorf("%q: %v, step %q, detail %q", text, v.Reasons, v.Step, v.Detail)
	}
	if strings.ContainsFunc(v.Detail, func(r rune) bool { return r < ' ' || r == 0x7F }) || len(v.Detail) > 500 {
		t.Errorf("%q: detail %q", text, v.Detail)
	}
}

// mustBeThere looks for a cookie where it must be sent: at its own URL, or below its path, by HTTP, in its own tab.
func mustBeThere(t *testing.T, j *Jar, r Request, v Verdict) {
	t.Helper()
	if r.Script = false; v.Cookie.Partition == "" {
		r.Site, r.Embedded = nil, false
	}
	u := *r.URL
	if u.Path, u.RawPath = v.Cookie.Path, ""; !pathMatch(u.EscapedPath(), v.Cookie.Path) {
		u = url.URL{Scheme: u.Scheme, Host: u.Host, Path: v.Cookie.Path, RawPath: v.Cookie.Path}
		if !pathMatch(u.EscapedPath(), v.Cookie.Path) {
			return // no URL has this path
		}
	}
	r.URL = &u
	header, verdicts := j.match(r, then, false)
	for _, w := range verdicts {
		check(t, w, v.Line)
		if w.Outcome == Sent && w.Cookie == v.Cookie {
			if pair := strings.TrimPrefix(w.Name+"="+w.Cookie.Value, "="); !strings.Contains("; "+header+"; ", "; "+pair+"; ") && w.Name != "" {
				t.Errorf("%q is sent by its verdict, and not in %q", v.Line, header)
			}
			return
		}
	}
	t.Errorf("%q is stored at %s and not sent: %q", v.Line, r.URL, header)
}

// Three readers of one jar agree: the header with verdicts, the header alone, and what net/http gets.
func FuzzMatch(f *testing.F) {
	f.Add("a=1\nb=2; Path=/\n=c; Secure\na=3; Domain=example.com; Path=/a", "https://www.example.com/a", uint8(0))
	f.Add("a=\"1\"; SameSite=Strict\nb=; HttpOnly", "http://example.com", uint8(5))
	f.Fuzz(func(t *testing.T, lines, to string, how uint8) {
		u, err := url.Parse(to)
		if err != nil {
			return
		}
		j := New(&Options{SecureLoopback: how&8 != 0})
		for i, text := range strings.Split(lines, "\n") {
			j.set(Request{URL: mustURL(t, fuzzURLs[i%len(fuzzURLs)])}, []string{text}, then)
		}
		r := Request{URL: u, Method: []string{"GET", "POST"}[how&1], Script: how&2 != 0, Embedded: how&4 != 0}
		if how&16 != 0 {
			r.Site = mustURL(t, "http://www.example.com/")
		}
		header, verdicts := j.match(r, then.Add(time.Second), how&32 != 0)
		var pairs []string
		for _, v := range verdicts {
			if check(t, v, lines); v.Outcome == Sent {
				pairs = append(pairs, strings.TrimPrefix(v.Name+"=", "=")+v.Cookie.Value)
			}
		}
		if got := strings.Join(pairs, "; "); got != header {
			t.Errorf("the header is %q, the verdicts say %q", header, got)
		}
		if got := j.header(r, then.Add(time.Second)); got != header {
			t.Errorf("the header is %q, alone it is %q", header, got)
		}
		if firstControl(header) >= 0 {
			t.Errorf("a control character in %q", header)
		}
		if r != (Request{URL: u, Method: "GET"}) {
			return
		}
		n := 0
		for _, c := range j.cookies(u, then.Add(time.Second)) {
			for n < len(pairs) && !strings.HasPrefix(pairs[n], c.Name+"=") {
				n++ // one without a name
			}
			n++
		}
		if n > len(pairs) {
			t.Errorf("net/http gets others than %q", header)
		}
	})
}
