package access

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// ruled has paths of each kind at one host and none at the other.
const ruled = `
	app open.example
	app ruled.example
	ruled.example/admin         groups staff
	ruled.example/admin/money   groups staff within 5m
	ruled.example/api/v1/secret groups owners
	ruled.example/healthz       public methods GET
	ruled.example/assets/       public methods GET
`

// A pathCase is a line of testdata/paths.txt.
type pathCase struct{ target, open, ruled, reason string }

func pathCases(t testing.TB) (all []pathCase) {
	t.Helper()
	text, err := os.ReadFile("testdata/paths.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line == "#" || strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "#\t") {
			continue
		}
		f := strings.Split(line, "\t")
		target, err := strconv.Unquote(`"` + f[0] + `"`)
		if err != nil || len(f) != 4 {
			t.Fatalf("%q: %v, %d columns", line, err, len(f))
		}
		all = append(all, pathCase{target, f[1], f[2], f[3]})
	}
	return all
}

// decided says in the words of testdata/paths.txt what becomes of a request.
func (p *Policy) decided(host, target, method string) string {
	d := p.decide(as(Query{Host: host, Target: target, Method: method}, "anna:staff,owners"), now)
	switch {
	case d.Verdict == Ambiguous && d.Why == "":
		return "refused without a reason"
	case d.Verdict == Ambiguous:
		return "refuse"
	case d.Rule == nil:
		return fmt.Sprint(d.Verdict)
	}
	return d.Rule.Path
}

func TestPaths_FA06_CV39_CV43_CV59_CV77(t *testing.T) {
	p, seen := policy(t, ruled), map[string]bool{}
	for _, tt := range pathCases(t) {
		if seen[tt.target] {
			t.Errorf("%q comes twice", tt.target)
		}
		seen[tt.target] = true
		if got := p.decided("open.example", tt.target, "GET"); got != tt.open {
			t.Errorf("%q without rules (%s): %s, want %s", tt.target, tt.reason, got, tt.open)
		}
		if got := p.decided("ruled.example", tt.target, "GET"); got != tt.ruled {
			t.Errorf("%q with rules (%s): %s, want %s", tt.target, tt.reason, got, tt.ruled)
		}
	}
	if len(seen) < 150 {
		t.Errorf("only %d paths", len(seen))
	}
}

func TestTargetsHaveALimit(t *testing.T) {
	p := policy(t, ruled)
	long := "/" + strings.Repeat("a", maxTarget-1)
	if got := p.decided("ruled.example", long, "GET"); got != "/" {
		t.Errorf("%d bytes: %s", len(long), got)
	}
	if got := p.decided("ruled.example", long+"?", "GET"); got != "refuse" {
		t.Errorf("one more: %s", got)
	}
}

func TestMethods(t *testing.T) {
	p := policy(t, ruled)
	for method, ok := range map[string]bool{
		"GET": true, "POST": true, "M-SEARCH": true, "ZAP": true, "VERSION_2": false, "A_B": true, strings.Repeat("A", 32): true,
		"": false, "get": false, "Get": false, "GET ": false, "GET\x00": false, "GÉT": false, strings.Repeat("A", 33): false,
	} {
		if got := p.decided("ruled.example", "/x", method) == "/"; got != ok {
			t.Errorf("%q: %v, want %v", method, got, ok)
		}
	}
}

// TestDoubtBesideRulesOfEachKind: what is in doubt depends on the rules that there are.
func TestDoubtBesideRulesOfEachKind_FA06(t *testing.T) {
	p := policy(t, `
		allow front.example
		front.example/              public methods GET
		allow forms.example
		forms.example/admin         groups staff
		forms.example/admin.json    methods POST groups staff
		allow verbs.example
		verbs.example/jobs          methods DELETE groups staff
	`)
	for _, tt := range []struct{ what, host, method, target, want string }{
		{"a public front page", "front.example", "GET", "/?x", "by front.example/"},
		{"is not public below", "front.example", "GET", "/x", "by --allow"},
		{"two slashes may be the front page", "front.example", "GET", "//", "refuse"},
		{"so may a parameter", "front.example", "GET", "/;x", "refuse"},
		{"but not for another method", "front.example", "POST", "//", "by --allow"},
		{"two slashes further on are not", "front.example", "GET", "/x//", "by --allow"},
		{"a rule for a form, by its method", "forms.example", "POST", "/admin.json", "by forms.example/admin.json"},
		{"by another method it is the form of a page", "forms.example", "GET", "/admin.json", "refuse"},
		{"with a slash too", "forms.example", "GET", "/admin.json/", "refuse"},
		{"below it there is no form", "forms.example", "GET", "/admin.json/x", "by --allow"},
		{"another method of a near miss is free", "verbs.example", "GET", "/jobs.json", "by --allow"},
		{"the rule's is not", "verbs.example", "DELETE", "/jobs.json", "refuse"},
		{"another method in other letters is free", "verbs.example", "GET", "/Jobs", "by --allow"},
		{"the rule's in other letters is not", "verbs.example", "DELETE", "/Jobs", "refuse"},
	} {
		d := p.decide(as(Query{Host: tt.host, Target: tt.target, Method: tt.method}, "anna:staff"), now)
		got := "refuse"
		if d.Verdict != Ambiguous {
			got = "by " + d.Rule.Source
		}
		if !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s %s: %s (%s), want %s", tt.what, tt.method, tt.target, got, d.Why, tt.want)
		}
	}
}

func TestCovering(t *testing.T) {
	p := policy(t, shop)
	for target, want := range map[string]string{
		"/admin/money/log/x?y": "shop.example/admin/money/log, shop.example/admin/money, shop.example/admin, shop.example/admin, --allow",
		"/admin/users":         "shop.example/admin, shop.example/admin, --allow",
		"/healthz":             "shop.example/healthz, --allow",
		"/healthz/x":           "--allow",
		"/":                    "--allow",
		"/x/..":                "",
		"/admin;x":             "shop.example/admin, shop.example/admin, --allow",
	} {
		var got []string
		for _, r := range p.Covering("shop.example", target) {
			source, _, _ := strings.Cut(r.Source, " ")
			got = append(got, source)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %s", target, got, want)
		}
	}
	if p.Covering("other.example", "/") != nil {
		t.Error("a host that nobody named is covered")
	}
}
