package access

import (
	"errors"
	"strings"
	"testing"
)

func TestUnattended(t *testing.T) {
	p, err := New(Config{
		Known: []Host{{Name: "shop.example"}, {Name: "grafana.example:8443"}, {Name: "quiet.example"}},
		Rules: []Rule{{Host: "shop.example", Path: "/admin", Groups: []string{"staff"}}},
		Unattended: []string{
			"shop.example/api/poll", "GET shop.example/live/", "POST shop.example/api/heartbeat", "GET shop.example/api/heartbeat",
			"grafana.example/api/ds/", "grafana.example:8443/api/live/", "shop.example/", "Quiet.Example./a b",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		story, method, host, target string
		want                        bool
	}{
		{"the very path", "GET", "shop.example", "/api/poll", true},
		{"with a query", "GET", "shop.example", "/api/poll?since=7&x=/../y", true},
		{"any method, where none is named", "POST", "shop.example", "/api/poll", true},
		{"below the very path", "GET", "shop.example", "/api/poll/now", false},
		{"a longer name", "GET", "shop.example", "/api/polls", false},
		{"with an ending", "GET", "shop.example", "/api/poll.json", false},
		{"above it", "GET", "shop.example", "/api", false},
		{"below a path that ends in a slash", "GET", "shop.example", "/live/a/b", true},
		{"HEAD is a GET", "HEAD", "shop.example", "/live/a", true},
		{"another method", "POST", "shop.example", "/live/a", false},
		{"both methods that are named", "POST", "shop.example", "/api/heartbeat", true},
		{"and no third", "DELETE", "shop.example", "/api/heartbeat", false},
		{"the start page alone, and not the app", "GET", "shop.example", "/", true},
		{"what nothing lists", "GET", "shop.example", "/cart", false},
		{"the host in capitals, with a dot and its own port", "GET", "SHOP.example.:443", "/api/poll", true},
		{"the host at another port: it is meant too", "GET", "shop.example:8443", "/api/poll", true},
		{"without a port in the list: at the port of the app", "GET", "grafana.example:8443", "/api/ds/query", true},
		{"with a port in the list: at that port", "GET", "grafana.example:8443", "/api/live/ws", true},
		{"and at no other", "GET", "grafana.example", "/api/live/ws", false},
		{"another host", "GET", "wiki.example", "/api/poll", false},
		{"a path with a space", "GET", "quiet.example", "/a%20b", true},
		{"whoever may not pass polls all the same", "GET", "shop.example", "/admin", false},

		{"what apps could read in two ways counts: a semicolon", "GET", "shop.example", "/api/poll;x", false},
		{"two slashes", "GET", "shop.example", "/api//poll", false},
		{"in other letters", "GET", "shop.example", "/API/poll", false},
		{"dots", "GET", "shop.example", "/live/../cart", false},
		{"escaped dots", "GET", "shop.example", "/live/%2e%2e/cart", false},
		{"an escaped slash below", "GET", "shop.example", "/live%2fa", false},
		{"no path", "GET", "shop.example", "", false},
		{"a method in small letters", "get", "shop.example", "/api/poll", false},
	}
	for _, row := range rows {
		if got := p.Unattended(row.host, row.target, row.method); got != row.want {
			t.Errorf("%s: %s %s%s: %v, want %v", row.story, row.method, row.host, row.target, got, row.want)
		}
	}
	if new(Policy).Unattended("shop.example", "/api/poll", "GET") || (*Policy)(nil).Unattended("shop.example", "/api/poll", "GET") {
		t.Error("a policy of nothing knows what polls")
	}
}

// A list of polls opens no door: who may pass is decided as if it were not there.
func TestUnattendedAdmitsNobody(t *testing.T) {
	c := Config{Known: []Host{{Name: "shop.example"}}, Rules: []Rule{{Host: "shop.example", Path: "/admin", Groups: []string{"staff"}}}}
	without, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Unattended = []string{"shop.example/admin/poll", "shop.example/free"}
	with, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/admin/poll", "/free", "/admin", "/"} {
		for _, who := range []string{"", "anna", "anna:staff"} {
			q := as(Query{Host: "shop.example", Target: target, Method: "GET"}, who)
			if a, b := without.decide(q, now), with.decide(q, now); a.Verdict != b.Verdict {
				t.Errorf("%s as %q: %v, with the list %v", target, who, a.Verdict, b.Verdict)
			}
		}
	}
}

func TestUnattendedRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                              `"" names no path`,
		"shop.example":                  "names no path",
		"GET shop.example":              "names no path",
		"get shop.example/a":            `"get" is not a method`,
		"https://shop.example/a":        "more than a host and a path",
		"/a":                            `"" is not a host`,
		"GET  shop.example/a":           "is not a host",
		"shop.example/a*":               "holds a *",
		"shop.example/%61":              "holds an escape",
		"shop.example/a?b":              "holds a query",
		"shop.example/../a":             "cannot be that of a rule",
		"wiki.example/a":                "there is no app at wiki.example",
		"shop.example:8443/a":           "",
		"grafana.example/a":             "",
		"grafana.example:9/a":           "there is no app at grafana.example:9",
		"shop.example:443/a":            "",
		"shop.example/twice":            "",
		"GET shop.example/twice\nagain": "not in printable ASCII",
	} {
		_, err := New(Config{Known: []Host{{Name: "shop.example"}, {Name: "grafana.example:8443"}}, Unattended: []string{text}})
		var e *Error
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", text, err)
		case want == "":
		case !errors.As(err, &e) || !strings.Contains(e.Err, want) || !strings.HasPrefix(e.Source, "--unattended") || e.Hint == "":
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for _, pair := range [][]string{
		{"shop.example/a", "shop.example/a"}, {"GET shop.example/a", "HEAD shop.example/a"}, {"shop.example/a", "shop.example/A"},
	} {
		if _, err := New(Config{Known: []Host{{Name: "shop.example"}}, Unattended: pair}); err == nil {
			t.Errorf("%q: accepted, want an error", pair)
		}
	}
}

// Whatever a list says, and whatever is asked: what Decide would call ambiguous at a host whose rules are that list is never taken for a poll.
func FuzzUnattended(f *testing.F) {
	for _, text := range []string{"shop.example/api/poll", "GET shop.example/live/", "POST shop.example:443/a b/", "shop.example/", "x", ""} {
		f.Add(text, "/api/poll?x=1", "GET")
		f.Add(text, "/live/..%2fcart", "GET")
	}
	f.Fuzz(func(t *testing.T, text, target, method string) {
		p, err := New(Config{Known: []Host{{Name: "shop.example"}}, Unattended: []string{text}})
		if err != nil {
			if !errors.As(err, new(*Error)) {
				t.Errorf("%q: %T %v", text, err, err)
			}
			return
		}
		if !p.Unattended("shop.example", target, method) {
			return
		}
		r, err := parseUnattended(text)
		if err != nil {
			t.Fatal(err)
		}
		ruled, err := New(Config{Known: []Host{{Name: "shop.example"}}, Rules: []Rule{{Host: r.Host, Path: r.Path, Methods: r.Methods}}})
		if err != nil {
			t.Fatal(err)
		}
		d := ruled.decide(Query{Host: "shop.example", Target: target, Method: method}, now)
		if d.Verdict != SignIn || d.Rule.Path != r.Path {
			t.Errorf("%q: a poll is %s %q, which as a rule is %v", text, method, target, d.Verdict)
		}
	})
}
