package access

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestOrigin: what the page of another origin sends passes where the rule that decides names that origin.
func TestOrigin(t *testing.T) {
	const (
		home = "https://home.example"
		evil = "https://evil.example"
	)
	p := policy(t, `
		app shop.example
		shop.example/api origins https://home.example,http://localhost:8088
		shop.example/api/money methods POST groups staff origins https://home.example
		shop.example/soon within 5m
		shop.example/hook public methods POST
		part.example/only methods PUT origins https://home.example`)
	for _, tt := range []struct {
		who, origin, method, url string
		want                     Verdict
	}{
		{"anna", "", "POST", "shop.example/", Allow}, // the app's own page, or no page
		{"anna", home, "POST", "shop.example/", CrossOrigin},
		{"anna", home, "POST", "shop.example/api", Allow},
		{"anna", home, "GET", "shop.example/api/live", Allow}, // a WebSocket
		{"anna", "http://localhost:8088", "DELETE", "shop.example/api/x", Allow},
		{"anna", "https://localhost:8088", "DELETE", "shop.example/api/x", CrossOrigin},
		{"anna", "http://localhost", "DELETE", "shop.example/api/x", CrossOrigin},
		{"anna", "http://home.example", "POST", "shop.example/api", CrossOrigin},
		{"anna", home + ".evil.example", "POST", "shop.example/api", CrossOrigin},
		{"anna", "null", "POST", "shop.example/api", CrossOrigin},
		{"anna", home, "POST", "shop.example/api/money", Deny},
		{"anna:staff", home, "POST", "shop.example/api/money", Allow},
		{"anna:staff", evil, "POST", "shop.example/api/money", CrossOrigin},
		{"anna", evil, "POST", "shop.example/api/money", CrossOrigin}, // which says more than that Anna may not
		{"anna", evil, "POST", "shop.example/soon", CrossOrigin},      // and signing in again would not help
		{"anna", evil, "POST", "shop.example/hook", Allow},
		{"", evil, "POST", "shop.example/hook", Allow},
		{"", evil, "POST", "shop.example/api", SignIn},
		{"anna", home, "PUT", "part.example/only", Allow},
		{"anna", home, "POST", "part.example/only", Deny},
	} {
		host, path, _ := strings.Cut(tt.url, "/")
		q := as(Query{Host: host, Target: "/" + path, Method: tt.method, Origin: tt.origin}, tt.who)
		if d := p.decide(q, now); d.Verdict != tt.want {
			t.Errorf("%s from %q, by %q: %v, want %v", tt.method+" "+tt.url, tt.origin, tt.who, d.Verdict, tt.want)
		}
	}
}

// TestPreflight: a browser asks without cookies whether a page may send something. It hears the app's answer where the page may.
func TestPreflight(t *testing.T) {
	p := policy(t, `
		app shop.example
		shop.example/api methods POST groups staff origins https://home.example
		shop.example/all origins https://home.example
		part.example/only methods PUT origins https://home.example`)
	const home = "https://home.example"
	for _, tt := range []struct {
		origin, asks, url, who string
		want                   Verdict
	}{
		{home, "POST", "shop.example/api/x", "", Allow},
		{home, "PUT", "shop.example/api/x", "", SignIn},
		{home, "post", "shop.example/api/x", "", SignIn},
		{home, "PATCH", "shop.example/all", "", Allow},
		{home, "PATCH", "shop.example/all?_method=DELETE", "", SignIn},
		{home, "patch", "shop.example/all", "", SignIn},
		{home, "", "shop.example/all", "", SignIn},
		{home, "", "shop.example/api/x", "", SignIn},
		{"https://evil.example", "POST", "shop.example/api/x", "", SignIn},
		{"", "POST", "shop.example/api/x", "", SignIn},
		{"null", "POST", "shop.example/api/x", "", SignIn},
		{home, "POST", "shop.example/", "", SignIn},
		{home, "POST", "shop.example/api;x", "", Ambiguous},
		{home, "POST", "other.example/api", "", UnknownHost},
		{home, "PUT", "part.example/only", "", Allow},
		{home, "DELETE", "part.example/only", "", Deny},
		{home, "POST", "shop.example/api/x", "anna", CrossOrigin}, // with a cookie, it is no preflight
	} {
		host, path, _ := strings.Cut(tt.url, "/")
		q := as(Query{Host: host, Target: "/" + path, Method: "OPTIONS", Origin: tt.origin, Asks: tt.asks}, tt.who)
		if d := p.decide(q, now); d.Verdict != tt.want {
			t.Errorf("from %q, for %q at %s, by %q: %v, want %v", tt.origin, tt.asks, tt.url, tt.who, d.Verdict, tt.want)
		}
		q.Others = []string{"delete"}
		if d := p.decide(q, now); d.Verdict == Allow {
			t.Errorf("what an app may take for a DELETE is let through as a preflight: from %q, for %q at %s", tt.origin, tt.asks, tt.url)
		}
	}
}

func TestCheckOrigins(t *testing.T) {
	for _, tt := range []struct{ given, want string }{ // want is in canonical form, or what the error says
		{"https://home.example", "https://home.example"},
		{"HTTPS://Home.Example:443", "https://home.example"},
		{"http://home.example:80", "http://home.example"},
		{"http://home.example:443", "http://home.example:443"},
		{"https://home.example:80", "https://home.example:80"},
		{"https://home.example:8443", "https://home.example:8443"},
		{"https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"},
		{"http://localhost:8088", "http://localhost:8088"},
		{"https://home.example/", "is more than an origin"},
		{"https://home.example/x", "is more than an origin"},
		{"https://home.example?x", "is more than an origin"},
		{"https://home.example?", "is more than an origin"},
		{"https://home.example#x", "is more than an origin"},
		{"https://anna@home.example", "is not an origin"},
		{"https://*.example", "holds a *"},
		{"*", "holds a *"},
		{"null", "is not an origin"},
		{"", "is not an origin"},
		{"home.example", "is not an origin"},
		{"wss://home.example", "is not an origin"},
		{"https://", "is not an origin"},
		{"https://home.example:x", "is not an origin"},
		{"https://home..example", "is not a host"},
		{"https://münchen.example", "is not in ASCII"},
	} {
		list := []string{tt.given}
		err := checkOrigins("line 1", list)
		if err == nil && list[0] != tt.want || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %q %v, want %q", tt.given, list, err, tt.want)
		}
	}
	if err := checkOrigins("line 1", []string{"https://a.example", "https://A.example:443"}); err == nil || !strings.Contains(err.Error(), "named twice") {
		t.Error(err)
	}
}

// TestRulesWithOrigins: a rule keeps its own copy of them, and refuses those that mean nothing.
func TestRulesWithOrigins(t *testing.T) {
	given := []string{"https://Home.example"}
	if _, err := New(Config{Rules: []Rule{{Host: "a.example", Origins: given}}}); err != nil || given[0] != "https://Home.example" {
		t.Errorf("%v, and the caller has %q", err, given)
	}
	for want, r := range map[string]Rule{
		"public, and names origins": {Host: "a.example", Public: true, Methods: []string{"GET"}, Origins: given},
		"origins is empty":          {Host: "a.example", Origins: []string{}},
	} {
		if _, err := New(Config{Rules: []Rule{r}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// FuzzOrigin: an origin that is accepted is one as browsers write it, it has one form, and it opens its rule to itself alone.
func FuzzOrigin(f *testing.F) {
	for _, o := range []string{"https://home.example", "HTTP://Home.Example:80", "https://home.example:80", "https://[::1]:1", "null", "*", "https://a.example/", "https://a.example.:443"} {
		f.Add(o, "https://evil.example")
	}
	f.Fuzz(func(t *testing.T, origin, other string) {
		list := []string{origin}
		if checkOrigins("it", list) != nil {
			return
		}
		canon := list[0]
		if u, err := url.Parse(canon); err != nil || u.Scheme+"://"+u.Host != canon || canon != strings.ToLower(canon) {
			t.Fatalf("%q becomes %q: %v", origin, canon, err)
		}
		if again := []string{canon}; checkOrigins("it", again) != nil || again[0] != canon {
			t.Errorf("%q becomes %q, and that %q", origin, canon, again)
		}
		p, err := New(Config{Rules: []Rule{{Host: "a.example", Origins: []string{origin}}}})
		if err != nil {
			t.Fatal(err)
		}
		for from, want := range map[string]bool{canon: true, other: other == canon || other == "", canon + "x": false, "x" + canon: false} {
			d := p.decide(Query{Host: "a.example", Target: "/", Method: "POST", SignedIn: true, AuthTime: now.Add(-time.Hour), Origin: from}, now)
			if (d.Verdict == Allow) != want || !slices.Contains([]Verdict{Allow, CrossOrigin}, d.Verdict) {
				t.Errorf("a rule for %q is %v to %q", origin, d.Verdict, from)
			}
		}
	})
}
