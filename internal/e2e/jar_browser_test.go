package e2e_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// compared are the profiles that are held against the browser.
var compared = []string{"chrome", "rfc"}

func newJar(t *testing.T, profile string, change func(*jar.Profile)) *jar.Jar {
	t.Helper()
	p, ok := jar.FindProfile(profile)
	if !ok {
		t.Fatalf("no profile %q", profile)
	}
	if change != nil {
		change(p)
	}
	return jar.New(&jar.Options{Profile: p})
}

// TestStoriesInChromium tells our own vectors to a real Chromium and to the jar: what is stored of each line, what is in the
// store in the end, what the next request carries octet for octet, and the reasons where Chromium gives them.
func TestStoriesInChromium(t *testing.T) {
	sideBySide(t, newWitness(t, thirdPartiesAllowed), stories())
}

// TestCorporaInChromium does the same with the vectors of web-platform-tests and http-state: one in twenty and those that are known
// to differ, or with CLOAKROOM_EVERY_VECTOR=1 all of them, which takes a minute.
func TestCorporaInChromium(t *testing.T) {
	all := corpora(t)
	b := newWitness(t, thirdPartiesAllowed)
	every, some := os.Getenv("CLOAKROOM_EVERY_VECTOR") == "1", all[:0:0]
	for i, v := range all {
		if every || i%20 == 0 || listed(v.name) {
			some = append(some, v)
		}
	}
	sideBySide(t, b, some)
}

func sideBySide(t *testing.T, b *witness, vectors []vector) {
	differing := map[string]int{}
	for _, v := range vectors {
		now := time.Now()
		chromium := b.play(v, now)
		for _, profile := range compared {
			d := chromium.differences(tell(t, newJar(t, profile, nil), v, now))
			if judge(t, profile, v.name, d) {
				differing[profile]++
			}
		}
	}
	t.Logf("%d vectors; differing: %v", len(vectors), differing)
}

// judge holds what differs against the list, and reports whether anything does.
func judge(t *testing.T, profile, vector string, differences []string) bool {
	t.Helper()
	switch differ := len(differences) > 0; {
	case differ && !known(profile, vector):
		t.Errorf("%s: %s:\n  %s", profile, vector, shortened(strings.Join(differences, "\n  ")))
	case !differ && known(profile, vector):
		t.Errorf("%s: %s is listed as a difference, and is none", profile, vector)
	}
	return len(differences) > 0
}

func shortened(s string) string {
	if len(s) > 1000 {
		return s[:1000] + "…"
	}
	return s
}
