package jar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The 18 lines that other jars were tried with, over http on loopback at /sub/set: most of them dropped or kept them without
// a word. Where loopback counts as secure, as for those jars, there is a way to mend them; where it does not, there is none.
func TestExperiment(t *testing.T) {
	sixty := make([]string, 60)
	for i := range sixty {
		sixty[i] = fmt.Sprintf("n%02d=1", i)
	}
	long := strings.Repeat("v", 3000)
	for _, row := range []struct {
		story   string
		lines   []string
		outcome Outcome
		reasons []Reason
		step    string
		detail  string
		fix     string
		warns   []Reason
		sent    string // afterwards, at /sub/next
		strict  string // the step where loopback is not secure, if it is another
	}{
		{story: "__Host- without Secure", lines: []string{"__Host-a=1; Path=/"}, outcome: Rejected, reasons: []Reason{InvalidPrefix},
			step: "5.7/21.1", detail: "__Host- needs Secure", fix: "__Host-a=1; Path=/; Secure"},
		{story: "__Host- with a Domain", lines: []string{"__Host-b=1; Secure; Path=/; Domain=localhost"}, outcome: Rejected, reasons: []Reason{InvalidPrefix},
			step: "5.7/21.2", detail: `__Host- must not have a Domain, and has "localhost"`, fix: "__Host-b=1; Secure; Path=/", warns: []Reason{WarnLoopback}, strict: "5.7/13"},
		{story: "__Host- without a Path", lines: []string{"__Host-c=1; Secure"}, outcome: Rejected, reasons: []Reason{InvalidPrefix},
			step: "5.7/21.3", detail: "__Host- needs Path=/, and has none", fix: "__Host-c=1; Secure; Path=/", warns: []Reason{WarnLoopback}, strict: "5.7/13"},
		{story: "__Secure- without Secure", lines: []string{"__Secure-d=1"}, outcome: Rejected, reasons: []Reason{InvalidPrefix},
			step: "5.7/20", detail: "__Secure- needs Secure", fix: "__Secure-d=1; Secure"},
		{story: "a prefix in lower case", lines: []string{"__host-n=1; path=/"}, outcome: Rejected, reasons: []Reason{InvalidPrefix},
			step: "5.7/21.1", detail: "__Host- needs Secure", fix: "__host-n=1; path=/; Secure"},
		{story: "SameSite=None without Secure", lines: []string{"e=1; SameSite=None"}, outcome: Rejected, reasons: []Reason{SameSiteNoneInsecure},
			step: "5.7/19", detail: "SameSite=None needs Secure", fix: "e=1; SameSite=None; Secure"},
		{story: "another host's Domain", lines: []string{"f=1; Domain=example.org"}, outcome: Rejected, reasons: []Reason{InvalidDomain},
			step: "5.7/10.1", detail: `Domain is "example.org", and the host is localhost: it must be the same or a domain above`, fix: "f=1"},
		{story: "name and value of 4097 octets", lines: []string{"g=" + strings.Repeat("v", 4096)}, outcome: Rejected, reasons: []Reason{NameValuePairExceedsMaxSize},
			step: "5.6/5", detail: "name and value are 4097 octets long, 4096 at most"},
		{story: "a line of more than 5000 octets", lines: []string{"h=" + long + "; junk=" + strings.Repeat("j", 2100)}, outcome: Stored,
			warns: []Reason{WarnAttributeValueExceedsMaxSize}, sent: "h=" + long},
		{story: "a control character", lines: []string{"i=\x01"}, outcome: Rejected, reasons: []Reason{DisallowedCharacter},
			step: "5.6/1", detail: "a control character at octet 3; the whole line is dropped"},
		{story: "an empty name", lines: []string{"=noname"}, outcome: Stored, sent: "noname"},
		{story: "no name", lines: []string{"justtoken"}, outcome: Stored, sent: "justtoken"},
		{story: "Partitioned without Secure", lines: []string{"k=1; Partitioned"}, outcome: Rejected, reasons: []Reason{PartitionedInsecure},
			step: "CHIPS", detail: "Partitioned needs Secure", fix: "k=1; Partitioned; Secure"},
		{story: "Secure over http", lines: []string{"l=1; Secure"}, outcome: Stored, warns: []Reason{WarnLoopback}, sent: "l=1", strict: "5.7/13"},
		{story: "an Expires that is no date", lines: []string{"m=1; Expires=not-a-date"}, outcome: Stored, warns: []Reason{WarnIgnoredAttribute}, sent: "m=1"},
		{story: "a Path of more than 1024 octets", lines: []string{"o=1; Path=/" + strings.Repeat("p", 1100)}, outcome: Stored,
			warns: []Reason{WarnAttributeValueExceedsMaxSize}, sent: "o=1"},
		{story: "sixty cookies in a response", lines: sixty, outcome: Stored, sent: strings.Join(sixty, "; ")},
		{story: "neither name nor value", lines: []string{"=; Path=/"}, outcome: Rejected, reasons: []Reason{NoCookieContent},
			step: "5.7/2", detail: "there is neither a name nor a value"},
	} {
		t.Run(row.story, func(t *testing.T) {
			r := Request{URL: mustURL(t, "http://localhost/sub/set")}
			j := New(&Options{SecureLoopback: true})
			for _, v := range j.set(r, row.lines, then) {
				if v.Outcome != row.outcome || !slices.Equal(v.Reasons, row.reasons) || v.Step != row.step || v.Detail != row.detail {
					t.Errorf("%s %v at %q: %q; want %s %v at %q: %q", v.Outcome, v.Reasons, v.Step, v.Detail, row.outcome, row.reasons, row.step, row.detail)
				}
				if v.Fix != row.fix || !slices.Equal(v.Warnings, row.warns) {
					t.Errorf("fix %q, warnings %v; want %q, %v", v.Fix, v.Warnings, row.fix, row.warns)
				}
			}
			if got := j.header(Request{URL: mustURL(t, "http://localhost/sub/next")}, then); got != row.sent {
				t.Errorf("then %.80q is sent, want %.80q", got, row.sent)
			}
			for _, v := range New(nil).set(r, row.lines, then) {
				if want := cmp.Or(row.strict, row.step); v.Step != want {
					t.Errorf("where loopback is not secure: step %q, want %q", v.Step, want)
				}
				if v.Fix != "" && strings.Contains(v.Fix, "Secure") {
					t.Errorf("where loopback is not secure, the fix %q is none", v.Fix)
				}
			}
		})
	}
}
