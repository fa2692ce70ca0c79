package e2e_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// difference is a way in which Chromium and a profile of the jar part, and the vectors that show it. A vector that differs and
// stands here for no profile fails, and so does one that stands here and differs no more.
type difference struct {
	title, why  string
	chrome, rfc []string
}

// known reports whether a vector is listed with a profile.
func known(profile, vector string) bool {
	return slices.ContainsFunc(differences, func(d difference) bool { return slices.Contains(d.of(profile), vector) })
}

// listed reports whether a vector is listed with any.
func listed(vector string) bool { return known("chrome", vector) || known("rfc", vector) }

func (d difference) of(profile string) []string {
	if profile == "chrome" {
		return d.chrome
	}
	return d.rfc
}

// row is the line of the document that explains a difference.
func (d difference) row() string {
	profiles := []string{}
	if len(d.chrome) > 0 {
		profiles = append(profiles, "chrome")
	}
	if len(d.rfc) > 0 {
		profiles = append(profiles, "rfc")
	}
	return "| " + d.title + " | " + strings.Join(profiles, ", ") + " | " + d.why + " |"
}

// document is docs/browsers.md.
func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "browsers.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tableIn returns the rows of a section's table, without the head, which begins with a word.
func tableIn(text, section, head string) (rows []string) {
	_, text, _ = strings.Cut(text, "\n## "+section+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| "+head+" |") {
			rows = append(rows, line)
		}
	}
	return rows
}

// TestBrowserDifferencesAreExplained: people can read about each difference, and about none that is gone.
func TestBrowserDifferencesAreExplained(t *testing.T) {
	var want []string
	for _, d := range differences {
		want = append(want, d.row())
	}
	got := tableIn(document(t), "Differences", "difference")
	if !slices.Equal(got, want) {
		t.Errorf("docs/browsers.md explains\n%s\nand should explain\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// prefixes are vectors with a prefix and Secure, over http.
var prefixes = []string{
	"Secure over http", "attributes/resources/secure-non-secure-child.html#9",
	"prefix/__host.header.html#2", "prefix/__host.header.html#8", "prefix/__host.header.html#11",
	"prefix/__secure.header.html#2", "prefix/__secure.header.html#4", "prefix/__secure.header.html#6", "prefix/__secure.header.html#8",
}

// differences between Chromium and the jar, as docs/browsers.md has them.
var differences = []difference{
	{
		title: "A tab inside a name, a value or an attribute",
		why:   "The draft lets tabs through, and so does web-platform-tests. Chromium takes them for control characters and drops the line. Around names and values they are white space to everybody.",
		rfc: []string{
			"TAB", "a script sets a line with a line end, NUL and other controls",
			"attributes/attributes-ctl.sub.html#118", "attributes/attributes-ctl.sub.html#120", "attributes/attributes-ctl.sub.html#122",
			"attributes/attributes-ctl.sub.html#124", "attributes/attributes-ctl.sub.html#126", "attributes/attributes-ctl.sub.html#128",
			"attributes/attributes-ctl.sub.html#129", "name/name-ctl.html#10", "value/value-ctl.html#10",
		},
	}, {
		title: "A cookie that gets another value",
		why:   "In the draft it keeps its place in the header, since it keeps its time of creation. In Chromium only one that gets the same value again does; another value makes it new, and it goes behind the others of its path.",
		rfc:   []string{"a cookie that is replaced keeps its place", "names that tell cookies apart"},
	}, {
		title: "No name, and an equals sign in the value",
		why:   "`=a=b` would come back to the server as `a=b`, which is another cookie. The draft stores it; Chromium drops it.",
		rfc:   []string{"http-state/name0017", "http-state/name0025", "name/name.html#2", "name/name.html#3"},
	}, {
		title: "A Domain beyond ASCII",
		why:   "The draft refuses `Domain=bücher.example`; Chromium reads it as `xn--bcher-kva.example`.",
		rfc:   []string{"Domain in letters beyond ASCII"},
	}, {
		title: "Secure on this machine",
		why:   "The draft leaves it to browsers whether http to localhost counts as secure. In Chromium it does, and in the jar's rfc profile it does not unless asked for.",
		rfc:   []string{"Secure over http on localhost", "Secure over http on 127.0.0.1", "below localhost"},
	}, {
		title: "A POST from another site with a cookie of less than two minutes",
		why:   "The draft allows browsers to send a young cookie without SameSite along with such a POST, so that sign-ins by way of another site work. Chromium does, and three minutes later it does not.",
		rfc:   []string{"form POST on another site", "form POST from http to https"},
	}, {
		title: "A cookie more than 180",
		why:   "The draft leaves the numbers to browsers. When the 181st of a site comes, Chromium puts out the oldest until 150 are left, the rfc profile one.",
		rfc:   []string{"181 lines in one response"},
	}, {
		title: "Refused without a word",
		why:   "Partitioned without Secure, and a value with an equals sign but no name: Chromium's tools list no reason, and yet nothing is stored. The jar says PartitionedInsecure and SyntaxError.",
		rfc:   []string{"Partitioned without Secure", "Partitioned", "typed, http, setting", "link from https to http, setting"},
		chrome: []string{
			"Partitioned without Secure", "Partitioned", "typed, http, setting", "link from https to http, setting",
			"typed, http, setting, third parties blocked", "link from https to http, setting, third parties blocked",
			"http-state/name0017", "http-state/name0025", "http-state/name0033", "name/name.html#2", "name/name.html#3", "name/name.html#13",
		},
	}, {
		title:  "A prefix over http",
		why:    "`__Host-a=1; Secure; Path=/` from http is refused by both. Chromium looks at prefixes first and says InvalidPrefix; the draft comes to Secure first, in step 13, and the jar says SecureOnly.",
		rfc:    prefixes,
		chrome: prefixes,
	}, {
		title:  "A Domain that is a dot",
		why:    "The draft takes the dot away and is left with no Domain. Chromium refuses it.",
		rfc:    []string{"Domain is a dot"},
		chrome: []string{"Domain is a dot"},
	}, {
		title:  "A Domain that is the address of the host",
		why:    "Chromium marks such a cookie as host-only, the draft does not. No request shows it, since nothing is below an address.",
		rfc:    []string{"Domain is an address"},
		chrome: []string{"Domain is an address"},
	}, {
		title:  "A plus sign before Max-Age",
		why:    "`Max-Age=+10` is ten seconds in Chromium. In the draft a number begins with a digit or a minus sign, and this is ignored.",
		rfc:    []string{`Max-Age="+10"`},
		chrome: []string{`Max-Age="+10"`},
	}, {
		title:  "Years before 1601 and years of five digits",
		why:    "In the draft both are no dates, and the cookie lives until the browser closes. Chromium reads them: 1600 has passed, so that the cookie is deleted, and 02044 is 2044.",
		rfc:    []string{`Expires="Sun, 06 Nov 1600 08:49:37 GMT"`, `Expires="Sun, 06 Nov 02044 08:49:37 GMT"`},
		chrome: []string{`Expires="Sun, 06 Nov 1600 08:49:37 GMT"`, `Expires="Sun, 06 Nov 02044 08:49:37 GMT"`},
	}, {
		title:  "Octets that are no UTF-8",
		why:    "Both send them back as they came. Chromium's tools cannot show them, and show an empty value.",
		rfc:    []string{"an octet that is not UTF-8"},
		chrome: []string{"an octet that is not UTF-8"},
	},
}
