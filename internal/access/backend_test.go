package access

import (
	"maps"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// A step is something that apps, or the servers in front of them, are known to do to a path before they serve it.
type step struct {
	name string
	do   func(string) string
}

var (
	manySlashes = regexp.MustCompile(`/+`)
	parameters  = regexp.MustCompile(`;[^/]*`)
	ends        = regexp.MustCompile(`[. ]+(/|$)`)
	suffix      = regexp.MustCompile(`([^/.])\.[^/]*(/?)$`)
)

var steps = []step{
	{"decode", decodeOnce},
	{"merge slashes (nginx)", func(s string) string { return manySlashes.ReplaceAllString(s, "/") }},
	{"resolve dots and slashes (net/http)", clean},
	{"leave parameters out (Tomcat)", func(s string) string { return parameters.ReplaceAllString(s, "") }},
	{"backslashes are slashes (IIS)", func(s string) string { return strings.ReplaceAll(s, `\`, "/") }},
	{"small letters (Windows)", strings.ToLower},
	{"no dots and spaces at the end of a segment (Windows)", func(s string) string { return ends.ReplaceAllString(s, "$1") }},
	{"a new URL is made of it", func(s string) string { s, _, _ = strings.Cut(s, "?"); s, _, _ = strings.Cut(s, "#"); return s }},
	{"best-fit characters", bestFit},
	{"decode again", decodeOnce},
	{"resolve again", clean},
}

// withoutEnding is what Rails and others serve for a name with an ending, in the form that the ending says.
func withoutEnding(s string) string { return suffix.ReplaceAllString(s, "$1$2") }

// decodeOnce decodes what it can.
func decodeOnce(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return unescapeLoosely(s)
}

func clean(s string) string {
	c := path.Clean("/" + s)
	if strings.HasSuffix(s, "/") && c != "/" {
		c += "/"
	}
	return c
}

// bestFit writes a text as a system with another character set does.
func bestFit(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 0xff01 <= r && r <= 0xff5e: // full width
			return r - 0xfee0
		case 0x24d0 <= r && r <= 0x24e9: // in a circle
			return 'a' + r - 0x24d0
		case 0x1d41a <= r && r <= 0x1d433: // mathematical bold
			return 'a' + r - 0x1d41a
		case unicode.Is(unicode.Mn, r), r == '\u00ad', r == '\u200b':
			return -1
		case r == '\u2215':
			return '/'
		case r == '\u2025', r == '\u2024':
			return '.'
		}
		if i := strings.IndexRune("äáàâåéèêíïîöóôüúûñçſK", r); i >= 0 {
			n := utf8.RuneCountInString("äáàâåéèêíïîöóôüúûñçſK"[:i])
			return rune("aaaaaeeeiiiooouuuncsk"[n])
		}
		return r
	}, s)
}

// reference finds the rule for the path that an app serves, by looking at every one.
func reference(rules []Rule, served, method string) string {
	best, length := "/", 0
	for _, r := range rules {
		full := strings.TrimSuffix(r.Path, "/")
		covers := served == full || served == full+"/" || strings.HasPrefix(served, full+"/") && !r.exact()
		if covers && len(full) > length && (len(r.Methods) == 0 || r.names(method)) {
			best, length = r.Path, len(full)
		}
	}
	return best
}

// readings are the paths that apps may serve for a target: each step is gone by some and not by others. They come with the last step to them.
func readings(target string) map[string]string {
	raw, _, _ := strings.Cut(target, "?")
	all := map[string]string{raw: "as it is"}
	for _, s := range steps {
		for from := range maps.Clone(all) {
			if to := s.do(from); all[to] == "" {
				all[to] = s.name
			}
		}
	}
	return all
}

// disagreement reports a reading of a target that would be decided in another way than the target was; "" if there is none.
func disagreement(p *Policy, rules []Rule, target, method string) string {
	got := p.decided("ruled.example", target, method)
	if got == "refuse" {
		return ""
	}
	for served, step := range readings(target) {
		if want := reference(rules, served, method); got != want {
			return step + ": " + served + " would be decided by " + want + ", it was by " + got
		}
		// A public path makes no other public.
		if want := reference(rules, withoutEnding(served), method); got != want && want != "/healthz" {
			return step + ", no ending: " + served + " would be decided by " + want + ", it was by " + got
		}
	}
	return ""
}

// TestEveryReadingIsDecidedAlike_FA06: whatever an app makes of a path, the decision was that for what it serves.
func TestEveryReadingIsDecidedAlike_FA06(t *testing.T) {
	p, rules, most := policy(t, ruled), configOf(t, ruled).Rules, 0
	for _, tt := range pathCases(t) {
		if problem := disagreement(p, rules, tt.target, "GET"); problem != "" {
			t.Errorf("%q: %s", tt.target, problem)
		}
		most = max(most, len(readings(tt.target)))
	}
	if most < 7 {
		t.Errorf("no path has more than %d readings", most)
	}
}

// FuzzEveryReadingIsDecidedAlike_FA06 holds the same for paths that nobody thought of.
func FuzzEveryReadingIsDecidedAlike_FA06(f *testing.F) {
	p, rules := policy(f, ruled), configOf(f, ruled).Rules
	for _, tt := range pathCases(f) {
		f.Add(tt.target, "GET")
		f.Add(tt.target, "POST")
	}
	f.Fuzz(func(t *testing.T, target, method string) {
		if problem := disagreement(p, rules, target, method); problem != "" {
			t.Errorf("%q: %s", target, problem)
		}
		if p.decided("open.example", target, method) == "refuse" && p.decided("ruled.example", target, method) != "refuse" {
			t.Errorf("%q is refused where there are no rules, and not where there are", target)
		}
	})
}
