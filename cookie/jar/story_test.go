package jar

import (
	"strings"
	"testing"
	"time"
)

// tell sets lines at a URL and returns the verdicts.
func tell(t testing.TB, j *Jar, at string, lines ...string) []Verdict {
	t.Helper()
	return j.set(Request{URL: mustURL(t, at)}, lines, then)
}

// sent is the header for a URL, some time after.
func sent(t testing.TB, j *Jar, to string, after time.Duration) string {
	t.Helper()
	return j.header(Request{URL: mustURL(t, to)}, then.Add(after))
}

// names are those of the cookies in the jar.
func names(j *Jar) string {
	var all []string
	for _, k := range j.all(then) {
		all = append(all, k.Name)
	}
	return strings.Join(all, " ")
}

// ruled is a verdict in a word: "stored", or the reasons and the step.
func ruled(v Verdict) string {
	s := string(v.Outcome)
	for _, r := range v.Reasons {
		s += " " + string(r)
	}
	if v.Step != "" {
		s += " " + v.Step
	}
	return s
}
