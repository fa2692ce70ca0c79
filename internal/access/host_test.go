package access

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestHostsAreKnownInEverySpelling(t *testing.T) {
	p := policy(t, `
		app   App.Example.
		app   other.example:443
		app   ported.example:8443
		allow xn--mnchen-3ya.example
		app   [2001:DB8::1]:9000
		app   192.0.2.1
	`)
	want := []string{"192.0.2.1", "[2001:db8::1]:9000", "app.example", "other.example", "ported.example:8443", "xn--mnchen-3ya.example"}
	if got := p.Hosts(); !slices.Equal(got, want) {
		t.Errorf("hosts: %q, want %q", got, want)
	}
	for _, tt := range []struct {
		what, host string
		want       bool
	}{
		{"as it is", "app.example", true},
		{"in capitals", "APP.EXAMPLE", true},
		{"with a trailing dot", "app.example.", true},
		{"with two", "app.example..", false},
		{"with the port of http", "app.example:80", true},
		{"with the port of https", "app.example:443", true},
		{"with another port, as a name speaks for all", "app.example:8080", true},
		{"with a dot and a port", "App.Example.:8080", true},
		{"with an empty port", "app.example:", false},
		{"with what is no port", "app.example:x", false},
		{"with two ports", "app.example:80:80", false},
		{"with another host behind it", "app.example.evil.example", false},
		{"with something in front", "xapp.example", false},
		{"with a user in front", "user@app.example", false},
		{"with a space behind it", "app.example ", false},
		{"with NUL behind it", "app.example\x00", false},
		{"with a comma and another", "app.example,evil.example", false},
		{"named with the port of https", "other.example", true},
		{"named with a port", "ported.example:8443", true},
		{"named with a port, without it", "ported.example", false},
		{"named with a port, with another", "ported.example:8444", false},
		{"named with a port, with zeros before it", "ported.example:08443", false},
		{"an international name in ASCII", "XN--MNCHEN-3YA.example", true},
		{"and in letters", "münchen.example", false},
		{"a Kelvin sign is no k", "\u212a.example", false},
		{"an IPv6 address", "[2001:db8::1]:9000", true},
		{"without its port", "[2001:db8::1]", false},
		{"without brackets", "2001:db8::1:9000", false},
		{"an address", "192.0.2.1:80", true},
		{"no host", "", false},
		{"only a dot", ".", false},
		{"only a port", ":443", false},
		{"longer than any name", strings.Repeat("a", maxHost+1), false},
	} {
		if got := p.Knows(tt.host); got != tt.want {
			t.Errorf("%s: Knows(%q) = %v, want %v", tt.what, tt.host, got, tt.want)
		}
	}
}

// TestPortsOfAHost: what is said of a name without a port is said of all its ports.
func TestPortsOfAHost(t *testing.T) {
	p := policy(t, `
		app   localhost:8088
		app   localhost:8089
		allow localhost=staff
		allow localhost:8089=ops
		localhost/admin       groups owners
		localhost:8088/money  groups bank
	`)
	for _, tt := range []struct{ host, target, want string }{
		{"localhost:8088", "/", "--allow localhost=staff"},
		{"localhost:8089", "/", "--allow localhost:8089=ops"},
		{"localhost:8088", "/admin", "localhost/admin       groups owners"},
		{"localhost:8089", "/admin", "localhost/admin       groups owners"},
		{"localhost:8090", "/admin", "localhost/admin       groups owners"},
		{"localhost:8088", "/money", "localhost:8088/money  groups bank"},
		{"localhost:8089", "/money", "--allow localhost:8089=ops"},
	} {
		d := p.Decide(Query{Host: tt.host, Target: tt.target, Method: "GET"})
		if d.Rule == nil || d.Rule.Source != tt.want {
			t.Errorf("%s%s: by %+v, want %s", tt.host, tt.target, d.Rule, tt.want)
		}
	}
}

func TestConfigIsRefused_FA06(t *testing.T) {
	tests := []struct{ what, config, want string }{
		{"a URL for a host", "app https://a.example", `is more than a host`},
		{"a host with a path", "allow a.example/x=staff", `is more than a host`},
		{"no host", "allow =staff", `--allow: "" is not a host`},
		{"two dots", "app a..example", `is not a host`},
		{"a dot in front", "app .example", `is not a host`},
		{"a star", "app *.example", `is not a host`},
		{"an open bracket", "app [2001:db8::1", `is not a host`},
		{"a closed one", "app 2001:db8::1]", `is not a host`},
		{"a port with six digits", "app a.example:655350", `has no port`},
		{"longer than any name", "app " + strings.Repeat("a", maxHost+1), `is not a host`},
		{"letters that are not ASCII", "app münchen.example", `is not in ASCII`},
		{"an empty port", "app a.example:", `has no port`},
		{"a port with zeros", "app a.example:0443", `has no port`},
		{"a port of letters", "app a.example:http", `has no port`},
		{"no group behind the sign", "allow a.example=", `--allow: "a.example=" names no group`},
		{"everyone as a star", "allow a.example=*", `"*" is not the name of a group`},
		{"a comma too many", "allow a.example=staff,", `"" is not the name of a group`},
		{"a group in capitals", "allow a.example=Staff", `"Staff" is not the name of a group`},
		{"a group twice", "allow a.example=x,x", `x is named twice`},
		{"a host twice", "allow a.example=x\nallow A.example:443=y", `--allow A.example:443=y: it is for the same host as --allow a.example=x`},
		{"two rules for the same requests", "a.example/x groups a\na.example/x/ groups b", `a.example/x/ groups b: they are for the same requests as a.example/x groups a`},
		{"two that share a method", "a.example/x methods GET,PUT\na.example/x methods PUT", `a.example/x methods PUT: they are for the same requests`},
		{"GET covers HEAD", "a.example/x methods HEAD\na.example/x methods GET", `are for the same requests`},
		{"paths that differ in capitals", "a.example/x/y\na.example/X/z", `a.example/X/z: their paths differ in capital letters only as a.example/x/y`},
		{"an entry without an effect", "allow a.example=x\na.example groups y", `--allow a.example=x: it has no effect: a.example groups y is for all paths of a.example`},
		{"a public rule with a group", "a.example/x public methods GET groups y", `it is public, and says who may`},
		{"a public rule with a time", "a.example/x public methods GET within 5m", `it is public, and says who may`},
		{"a public rule for all methods", "a.example/x public", `it is public and names no methods`},
		{"a negative time", "a.example/x within -5m", `signed-in-within is negative`},
		{"a method in small letters", "a.example/x methods get", `"get" is not a method`},
		{"a method twice", "a.example/x methods PUT,PUT", `PUT is named twice`},
		{"a star in a path", "a.example/x/*", `the path "/x/*" holds a *`},
		{"an escape in a path", "a.example/x%20y", `holds an escape`},
		{"a query in a path", "a.example/x?y", `holds a query`},
		{"dots in a path", "a.example/x/../y", `cannot be that of a rule: the path holds a segment of dots`},
		{"two slashes in a path", "a.example/x//y", `cannot be that of a rule: the path holds two slashes`},
		{"a semicolon in a path", "a.example/x;y", `cannot be that of a rule: the path holds a semicolon`},
		{"a dot at the end of a path", "a.example/x.", `cannot be that of a rule: a segment of the path ends in a dot`},
		{"a backslash in a path", `a.example/x\y`, `cannot be that of a rule: the path holds a backslash`},
		{"a path that is not ASCII", "a.example/ä", `is not in printable ASCII`},
	}
	for _, tt := range tests {
		_, err := New(configOf(t, tt.config))
		bad, ok := errors.AsType[*Error](err)
		if !ok || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.what, err, tt.want)
			continue
		}
		if bad.Hint == "" || bad.Source == "" {
			t.Errorf("%s: %+v lacks help", tt.what, bad)
		}
	}
	for what, c := range map[string]Config{
		"a host with a space":   {Known: []Host{{"a example", "--app"}}},
		"a path without slash":  {Rules: []Rule{{Host: "a.example", Path: "x"}}},
		"an empty list":         {Rules: []Rule{{Host: "a.example", Groups: []string{}}}},
		"no methods":            {Rules: []Rule{{Host: "a.example", Methods: []string{}}}},
		"a space at the end":    {Rules: []Rule{{Host: "a.example", Path: "/x "}}},
		"a rule without a host": {Rules: []Rule{{Path: "/x"}}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
}

// TestRulesMayMeet: these look alike, and it is clear which one decides.
func TestRulesMayMeet(t *testing.T) {
	for _, lines := range []string{
		"a.example/x methods GET\na.example/x methods POST\na.example/x groups y",
		"a.example/x\na.example/x/y\na.example",
		"app a.example:65535",
		"app " + strings.Repeat("a", maxHost-len(":8443")) + ":8443",
		"a.example/x\nb.example/x",
		"allow a.example=x\na.example methods GET groups y",
		"allow a.example\na.example groups y",
		"app a.example\napp a.example",
	} {
		if _, err := New(configOf(t, lines)); err != nil {
			t.Errorf("%q: %v", lines, err)
		}
	}
	p, err := New(Config{Rules: []Rule{{Host: "a.example", Path: "/two words", Groups: []string{"y"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if d := p.Decide(Query{Host: "a.example", Target: "/two%20words/x", Method: "GET"}); d.Verdict != SignIn {
		t.Errorf("a space in a rule: %v", d.Verdict)
	}
}
