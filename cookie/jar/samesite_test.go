package jar

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// The whole matrix: cookies of each kind, situations, profiles. A cell is what is sent; what is missing has the reason that
// the column's name has.
func TestSameSite_CK_R3(t *testing.T) {
	const at, other, sister, http = "https://www.example.com/", "https://example.org/", "https://shop.example.com/", "http://www.example.com/"
	for _, row := range []struct {
		story    string
		site     string
		method   string
		embedded bool
		script   bool
		old      bool // the cookies are older than two minutes
		to       string
		sent     map[string]string // by profile: s(trict) l(ax) u(nspecified) n(one)
	}{
		{story: "typed", sent: map[string]string{"rfc": "slun", "chrome": "slun", "firefox": "slun", "safari": "slun"}},
		{story: "a link on the same site", site: sister, sent: map[string]string{"rfc": "slun", "firefox": "slun"}},
		{story: "a form of the same site", site: sister, method: "POST", sent: map[string]string{"rfc": "slun", "firefox": "slun"}},
		{story: "a fetch on the same site", site: sister, embedded: true, sent: map[string]string{"rfc": "slun", "firefox": "slun", "safari": "slun"}},
		{story: "a link on another site", site: other, sent: map[string]string{"rfc": "lun", "chrome": "lun", "firefox": "lun", "safari": "lun"}},
		{story: "a HEAD from another site", site: other, method: "HEAD", sent: map[string]string{"rfc": "lun"}},
		{story: "a form on another site", site: other, method: "POST", old: true, sent: map[string]string{"rfc": "n", "chrome": "n", "firefox": "un", "safari": "un"}},
		{story: "a form on another site, at once", site: other, method: "POST", sent: map[string]string{"rfc": "n", "chrome": "un", "firefox": "un", "safari": "un"}},
		{story: "a DELETE from another site", site: other, method: "DELETE", old: true, sent: map[string]string{"rfc": "n"}},
		{story: "an iframe on another site", site: other, embedded: true, sent: map[string]string{"rfc": "n", "chrome": "n", "firefox": "", "safari": ""}},
		{story: "a fetch with POST from another site, at once", site: other, embedded: true, method: "POST", sent: map[string]string{"rfc": "n", "chrome": "n"}},
		{story: "script of an iframe on another site", site: other, embedded: true, script: true, sent: map[string]string{"rfc": "n", "chrome": "n"}},
		{story: "script of the page", script: true, sent: map[string]string{"rfc": "slun"}},
		{story: "a link from http to https", site: http, sent: map[string]string{"rfc": "lun", "chrome": "lun", "firefox": "slun", "safari": "slun"}},
		{story: "a fetch from http to https", site: http, embedded: true, sent: map[string]string{"rfc": "n", "chrome": "n", "firefox": "slun", "safari": "slun"}},
		{story: "a form from http to https", site: http, method: "POST", old: true, sent: map[string]string{"rfc": "n", "firefox": "slun"}},
		{story: "a page without a host", site: "data:,", sent: map[string]string{"rfc": "lun"}},
	} {
		for profile, want := range row.sent {
			t.Run(row.story+", "+profile, func(t *testing.T) {
				p, _ := FindProfile(profile)
				j := New(&Options{Profile: p})
				tell(t, j, at, "u=1", "s=1; SameSite=Strict", "l=1; SameSite=Lax", "n=1; SameSite=None; Secure")
				r := Request{URL: mustURL(t, at), Method: row.method, Embedded: row.embedded, Script: row.script}
				if row.site != "" {
					r.Site = mustURL(t, row.site)
				}
				now := then.Add(2 * time.Minute)
				if row.old {
					now = now.Add(time.Second)
				}
				_, verdicts := j.match(r, now, false)
				got := "slun"
				for _, v := range verdicts {
					if v.Outcome == Sent {
						continue
					}
					got = strings.ReplaceAll(got, v.Name, "")
					wantReason := map[string]string{"s": "SameSiteStrict", "l": "SameSiteLax", "u": "SameSiteUnspecifiedTreatedAsLax", "n": "PartitionMismatch"}[v.Name]
					if row.site == http {
						wantReason = "Schemeful" + wantReason
					}
					if s := fmt.Sprint(v.Reasons); !strings.Contains(s, wantReason) && !strings.Contains(s, "ThirdPartyPhaseout") && profile != "firefox" {
						t.Errorf("%s: %v, want %s", v.Name, v.Reasons, wantReason)
					}
				}
				if got != want {
					t.Errorf("%q is sent, want %q", got, want)
				}
			})
		}
	}
}

// CK_M09: what a response may set, by where it arrives.
func TestSetSameSite_CK_M09(t *testing.T) {
	const other, http = "https://example.org/", "http://www.example.com/"
	lines := []string{"s=1; SameSite=Strict", "l=1; SameSite=Lax", "u=1", "n=1; SameSite=None; Secure"}
	for _, row := range []struct {
		story, site, profile string
		embedded, script     bool
		want                 [4]string
		fixes                [4]string
	}{
		{story: "the tab goes there from another site", site: other, profile: "rfc", want: [4]string{"stored", "stored", "stored", "stored"}},
		{story: "an iframe", site: other, profile: "rfc", embedded: true, want: [4]string{"rejected SameSiteStrict 5.7/18.4",
			"rejected SameSiteLax 5.7/18.4", "rejected SameSiteUnspecifiedTreatedAsLax 5.7/18.4", "stored"},
			fixes: [4]string{"s=1; SameSite=None; Secure", "l=1; SameSite=None; Secure", "u=1; SameSite=None; Secure"}},
		{story: "an iframe of the same site over http", site: http, profile: "rfc", embedded: true, want: [4]string{"rejected SchemefulSameSiteStrict 5.7/18.4",
			"rejected SchemefulSameSiteLax 5.7/18.4", "rejected SchemefulSameSiteUnspecifiedTreatedAsLax 5.7/18.4", "stored"},
			fixes: [4]string{"s=1; SameSite=None; Secure", "l=1; SameSite=None; Secure", "u=1; SameSite=None; Secure"}},
		{story: "script of an iframe", site: other, profile: "rfc", embedded: true, script: true, want: [4]string{"rejected SameSiteStrict 5.7/18.4",
			"rejected SameSiteLax 5.7/18.4", "rejected SameSiteUnspecifiedTreatedAsLax 5.7/18.4", "stored"},
			fixes: [4]string{"s=1; SameSite=None; Secure", "l=1; SameSite=None; Secure", "u=1; SameSite=None; Secure"}},
		{story: "script that is told of another site", site: other, profile: "rfc", script: true, want: [4]string{"rejected SameSiteStrict 5.7/18.4",
			"rejected SameSiteLax 5.7/18.4", "rejected SameSiteUnspecifiedTreatedAsLax 5.7/18.4", "stored"},
			fixes: [4]string{"s=1; SameSite=None; Secure", "l=1; SameSite=None; Secure", "u=1; SameSite=None; Secure"}},
		{story: "Firefox has no default", site: other, profile: "firefox", embedded: true, want: [4]string{"rejected SameSiteStrict 5.7/18.4",
			"rejected SameSiteLax 5.7/18.4", "stored", "stored"}, fixes: [4]string{"s=1; SameSite=None; Secure", "l=1; SameSite=None; Secure"}},
		{story: "Safari has no third parties", site: other, profile: "safari", embedded: true, want: [4]string{"rejected ThirdPartyPhaseout SameSiteStrict 7.1",
			"rejected ThirdPartyPhaseout SameSiteLax 7.1", "rejected ThirdPartyPhaseout 7.1", "rejected ThirdPartyPhaseout 7.1"}},
	} {
		t.Run(row.story, func(t *testing.T) {
			p, _ := FindProfile(row.profile)
			r := Request{URL: mustURL(t, "https://www.example.com/"), Site: mustURL(t, row.site), Embedded: row.embedded, Script: row.script}
			for i, v := range New(&Options{Profile: p}).set(r, lines, then) {
				if ruled(v) != row.want[i] || v.Fix != row.fixes[i] {
					t.Errorf("%s: %s, fix %q; want %s, %q", v.Name, ruled(v), v.Fix, row.want[i], row.fixes[i])
				}
			}
		})
	}
}

// Warnings about what another browser would not have done.
func TestSameSiteWarnings(t *testing.T) {
	warnings := func(profile string, r Request) string {
		p, _ := FindProfile(profile)
		j := New(&Options{Profile: p})
		tell(t, j, "https://example.com/", "u=1")
		_, v := j.match(r, then, false)
		return fmt.Sprint(v[0].Outcome, v[0].Warnings)
	}
	r := Request{URL: mustURL(t, "https://example.com/"), Site: mustURL(t, "https://example.org/"), Method: "POST"}
	for profile, want := range map[string]string{
		"rfc": "withheld[]", "chrome": "sent[WarnSameSiteUnspecifiedLaxAllowUnsafe]", "safari": "sent[WarnSameSiteUnspecifiedCrossSiteContext]",
	} {
		if got := warnings(profile, r); got != want {
			t.Errorf("%s: %s, want %s", profile, got, want)
		}
	}
}
