package access

import (
	"strings"
	"sync"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// policy makes a policy of lines: "app HOST", "allow HOST=GROUPS", "HOST/PATH methods GET,POST groups a,b within 5m", "HOST/PATH public methods GET".
func policy(t testing.TB, lines string) *Policy {
	t.Helper()
	p, err := New(configOf(t, lines))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func configOf(t testing.TB, lines string) (c Config) {
	t.Helper()
	for line := range strings.SplitSeq(lines, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "app":
			c.Known = append(c.Known, Host{words[1], "--app https://" + words[1]})
			continue
		case "allow":
			c.Allow = append(c.Allow, words[1])
			continue
		}
		r := Rule{Source: strings.TrimSpace(line)}
		host, path, found := strings.Cut(words[0], "/")
		r.Host = host
		if found {
			r.Path = "/" + path
		}
		for i := 1; i < len(words); i++ {
			switch words[i] {
			case "public":
				r.Public = true
				continue
			case "methods":
				r.Methods = strings.Split(words[i+1], ",")
			case "groups":
				r.Groups = strings.Split(words[i+1], ",")
			case "origins":
				r.Origins = strings.Split(words[i+1], ",")
			case "within":
				d, err := time.ParseDuration(words[i+1])
				if err != nil {
					t.Fatal(err)
				}
				r.Within = d
			default:
				t.Fatalf("%q in %q", words[i], line)
			}
			i++
		}
		c.Rules = append(c.Rules, r)
	}
	return c
}

// as asks for somebody: "" is nobody, "anna" is in no group, "anna:staff,ops" is in two.
func as(q Query, who string) Query {
	if name, groups, _ := strings.Cut(who, ":"); name != "" {
		q.SignedIn, q.AuthTime = true, now.Add(-time.Hour)
		if groups != "" {
			q.Groups = strings.Split(groups, ",")
		}
	}
	return q
}

const shop = `
	app   shop.example
	app   open.example
	allow shop.example=customers,staff
	shop.example/admin                      groups staff
	shop.example/admin          methods DELETE  groups owners
	shop.example/admin/money                groups staff within 5m
	shop.example/admin/money/log methods GET groups auditors
	shop.example/healthz        public methods GET
	shop.example/hooks/         public methods POST
	lonely.example/only                     groups staff
`

func TestDecide_FA06_FA07_T13(t *testing.T) {
	p := policy(t, shop)
	for _, tt := range []struct {
		what, who, request string
		want               Verdict
		rule               string // the beginning of its source
	}{
		{"a host that nobody named", "anna:staff", "GET other.example/", UnknownHost, ""},
		{"an app without rules: nobody is signed in", "", "GET open.example/x", SignIn, "--app"},
		{"an app without rules: everyone who is signed in may", "anna", "GET open.example/x", Allow, "--app"},
		{"the host's entry: one of its groups is enough", "anna:staff", "GET shop.example/", Allow, "--allow"},
		{"the host's entry: in no group", "anna", "GET shop.example/", Deny, "--allow"},
		{"the host's entry: in another group", "anna:custom,customers2", "GET shop.example/cart", Deny, "--allow"},
		{"groups compare exactly", "anna:Staff", "GET shop.example/", Deny, "--allow"},
		{"the rule covers its path", "anna:customers", "GET shop.example/admin", Deny, "shop.example/admin "},
		{"and what is below it", "anna:customers", "GET shop.example/admin/users?x=1", Deny, "shop.example/admin "},
		{"also behind a slash", "anna:customers", "GET shop.example/admin/", Deny, "shop.example/admin "},
		{"in whole segments", "anna:customers", "GET shop.example/administrator", Allow, "--allow"},
		{"the query is no part of the path", "anna:customers", "GET shop.example/?/admin", Allow, "--allow"},
		{"nor does it end the path's segment", "anna:customers", "GET shop.example/admin?x", Deny, "shop.example/admin "},
		{"who is in the group", "anna:customers,staff", "GET shop.example/admin/users", Allow, "shop.example/admin "},
		{"the rule that names the method is before the one that names none", "anna:staff", "DELETE shop.example/admin/users", Deny, "shop.example/admin          methods"},
		{"the longest path is before the method", "anna:owners", "DELETE shop.example/admin/money", Deny, "shop.example/admin/money  "},
		{"a longer path for another method does not count", "anna:staff", "POST shop.example/admin/money/log", StepUp, "shop.example/admin/money  "},
		{"GET covers HEAD", "anna:auditors", "HEAD shop.example/admin/money/log", Allow, "shop.example/admin/money/log"},
		{"signed in an hour ago, and 5 minutes are wanted", "anna:staff", "GET shop.example/admin/money", StepUp, "shop.example/admin/money  "},
		{"who is in the wrong group is not asked to sign in again", "anna", "GET shop.example/admin/money", Deny, "shop.example/admin/money  "},
		{"nobody is signed in", "", "GET shop.example/admin/money", SignIn, "shop.example/admin/money  "},
		{"a public path", "", "GET shop.example/healthz?verbose", Allow, "shop.example/healthz"},
		{"with a slash it is the same", "", "GET shop.example/healthz/", Allow, "shop.example/healthz"},
		{"is not public below", "", "GET shop.example/healthz/env", SignIn, "--allow"},
		{"nor for other methods", "", "POST shop.example/healthz", SignIn, "--allow"},
		{"a public path with a slash is so below", "", "POST shop.example/hooks/mail", Allow, "shop.example/hooks/"},
		{"for its method", "", "GET shop.example/hooks/mail", SignIn, "--allow"},
		{"a host of which only a part has a rule: that part", "anna:staff", "GET lonely.example/only/x", Allow, "lonely.example/only"},
		{"all else is denied", "anna:staff", "GET lonely.example/", Deny, ""},
		{"also to nobody: it would not help to sign in", "", "GET lonely.example/", Deny, ""},
	} {
		method, rest, _ := strings.Cut(tt.request, " ")
		i := strings.IndexByte(rest, '/')
		d := p.decide(as(Query{Host: rest[:i], Target: rest[i:], Method: method}, tt.who), now)
		source := ""
		if d.Rule != nil {
			source = d.Rule.Source
		}
		if d.Verdict != tt.want || !strings.HasPrefix(source, tt.rule) || tt.rule == "" && source != "" {
			t.Errorf("%s: %s as %q: %v by %q (%s), want %v by %q", tt.what, tt.request, tt.who, d.Verdict, source, d.Why, tt.want, tt.rule)
		}
	}
}

func TestNothingIsConfigured(t *testing.T) {
	for what, p := range map[string]*Policy{"nil": nil, "zero": {}} {
		if d := p.Decide(Query{Host: "a.example", Target: "/", Method: "GET", SignedIn: true}); d.Verdict != UnknownHost {
			t.Errorf("%s: %v", what, d.Verdict)
		}
		if p.Knows("a.example") || len(p.Hosts()) > 0 {
			t.Errorf("%s knows a host", what)
		}
	}
	if (Decision{}).Verdict == Allow {
		t.Error("the zero decision allows")
	}
}

// TestDecisionsAreNotKept_FA10: each of many queries at once gets the answer that it gets alone, whatever was asked a moment before.
func TestDecisionsAreNotKept_FA10(t *testing.T) {
	p := policy(t, shop)
	var queries []Query
	for _, who := range []string{"", "anna", "anna:customers", "anna:staff", "anna:owners,staff"} {
		for _, host := range []string{"shop.example", "open.example", "lonely.example", "other.example"} {
			for _, target := range []string{"/", "/admin", "/admin/money", "/healthz", "/hooks/x", "/only", "/admin;x"} {
				for _, method := range []string{"GET", "POST", "DELETE"} {
					queries = append(queries, as(Query{Host: host, Target: target, Method: method}, who))
				}
			}
		}
	}
	want := make([]Verdict, len(queries))
	for i, q := range queries {
		want[i] = policy(t, shop).decide(q, now).Verdict
	}
	var running sync.WaitGroup
	for worker := range 4 {
		running.Go(func() {
			for i := range queries {
				i = (i*(2*worker+1) + worker) % len(queries)
				if got := p.decide(queries[i], now).Verdict; got != want[i] {
					t.Errorf("%+v: %v, alone %v", queries[i], got, want[i])
				}
			}
		})
	}
	running.Wait()
}

func TestSignedInWithin(t *testing.T) {
	p := policy(t, "a.example within 5m")
	for _, tt := range []struct {
		what string
		at   time.Time
		want Verdict
	}{
		{"just now", now, Allow},
		{"as long ago as may be", now.Add(-5 * time.Minute), Allow},
		{"a moment longer", now.Add(-5*time.Minute - 1), StepUp},
		{"never", time.Time{}, StepUp},
		{"in the future, as far as clocks may differ", now.Add(skew), Allow},
		{"further in the future", now.Add(skew + 1), StepUp},
	} {
		if got := p.decide(Query{Host: "a.example", Target: "/", Method: "GET", SignedIn: true, AuthTime: tt.at}, now).Verdict; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.what, got, tt.want)
		}
	}
}

func TestVerdictsHaveNames(t *testing.T) {
	for v, want := range []string{"unknown-host", "ambiguous", "sign-in", "cross-origin", "step-up", "deny", "allow", "invalid"} {
		if got := Verdict(v).String(); got != want {
			t.Errorf("%d is %q, want %q", v, got, want)
		}
	}
}
