package e2e_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/network"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// ruling is what became of one line, or of one cookie for a request, and why. The browser does not say how it takes what a
// script sets: unknown.
type ruling struct {
	no, unknown bool
	reasons     []string
}

func (r ruling) String() string {
	switch {
	case r.unknown:
		return "unknown"
	case r.no:
		return "no " + strings.Join(r.reasons, " ")
	}
	return "yes"
}

// holds reports whether what the jar says is what the browser says. The browser stops at the first reason that it finds, the
// jar tells all.
func (r ruling) holds(ours ruling) bool {
	if r.unknown || !r.no && !ours.no {
		return true
	}
	return r.no && ours.no && !slices.ContainsFunc(r.reasons, func(reason string) bool {
		return !slices.ContainsFunc(inOurWords(reason), func(w string) bool { return slices.Contains(ours.reasons, w) })
	})
}

// inOurWords: the browser knows no third parties but those that a person has blocked, and names all SameSite reasons as if
// only the scheme were another.
func inOurWords(reason string) []string {
	if reason == "UserPreferences" {
		return []string{string(jar.ThirdPartyPhaseout)}
	}
	return []string{reason, strings.TrimPrefix(reason, "Schemeful")}
}

// differences are the points in which the accounts of the browser and of a jar differ, in sentences.
func (a account) differences(ours account) (all []string) {
	for i := range max(len(a.lines), len(ours.lines)) {
		if i >= len(a.lines) || i >= len(ours.lines) || !a.lines[i].holds(ours.lines[i]) {
			all = append(all, fmt.Sprintf("lines: Chromium %v, jar %v", a.lines, ours.lines))
			break
		}
	}
	if !slices.Equal(a.store, ours.store) {
		all = append(all, fmt.Sprintf("store: Chromium %q, jar %q", a.store, ours.store))
	}
	if a.header != ours.header {
		all = append(all, fmt.Sprintf("header: Chromium %q, jar %q", a.header, ours.header))
	}
	for _, k := range slices.Sorted(maps.Keys(a.withheld)) {
		if !a.withheld[k].holds(ours.withheld[k]) {
			all = append(all, fmt.Sprintf("withheld %s: Chromium %v, jar %v", k, a.withheld[k], ours.withheld[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(ours.withheld)) {
		// The browser does not look into other partitions.
		if _, told := a.withheld[k]; !told && !slices.Contains(ours.withheld[k].reasons, string(jar.PartitionMismatch)) {
			all = append(all, fmt.Sprintf("withheld %s: Chromium says nothing, jar %v", k, ours.withheld[k]))
		}
	}
	return all
}

// rulings finds out which line each refusal is about.
func (b *witness) rulings(lines []string, blocked []*network.BlockedSetCookieWithReason) []ruling {
	b.t.Helper()
	all := make([]ruling, len(lines))
	for _, x := range blocked {
		i := slices.IndexFunc(lines, func(line string) bool { return strings.Trim(line, " \t") == x.CookieLine })
		for i >= 0 && all[i].no { // the same line once more
			next := slices.Index(lines[i+1:], lines[i])
			if next < 0 {
				i = -1
			} else {
				i += 1 + next
			}
		}
		if i < 0 {
			b.t.Fatalf("the browser refuses %q, which is none of the lines %q", x.CookieLine, lines)
		}
		all[i] = ruling{no: true, reasons: names(x.BlockedReasons)}
	}
	return all
}

func withheld(cookies []*network.AssociatedCookie) map[string]ruling {
	all := map[string]ruling{}
	for _, c := range cookies {
		if len(c.BlockedReasons) > 0 {
			all[key(theirs(c.Cookie))] = ruling{no: true, reasons: names(c.BlockedReasons)}
		}
	}
	return all
}

func names[T ~string](reasons []T) (all []string) {
	for _, r := range reasons {
		all = append(all, string(r))
	}
	return all
}

func verdicts(all []jar.Verdict) (rulings []ruling) {
	for _, v := range all {
		rulings = append(rulings, ruling{no: v.Outcome == jar.Rejected, reasons: names(v.Reasons)})
	}
	return rulings
}

func heldBack(verdicts []jar.Verdict) map[string]ruling {
	all := map[string]ruling{}
	for _, w := range verdicts {
		if w.Outcome == jar.Withheld {
			all[key(w.Cookie)] = ruling{no: true, reasons: names(w.Reasons)}
		}
	}
	return all
}
