package jar

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
)

// TestQuirks: what Chromium does otherwise than the draft, as seen side by side with it (docs/browsers.md).
func TestQuirks(t *testing.T) {
	for _, test := range []struct {
		story        string
		lines        []string
		draft, quirk string // the Cookie header of the next request
		reason       Reason // of the last line
	}{
		{"a tab in a value", []string{"a=1\t2"}, "a=1\t2", "", DisallowedCharacter},
		{"a tab in a name", []string{"a\tb=1"}, "a\tb=1", "", DisallowedCharacter},
		{"a tab in an attribute that nobody knows", []string{"a=1; x\ty"}, "a=1", "", DisallowedCharacter},
		{"a tab in an attribute's value", []string{"a=1; Path=/x\ty; Path=/"}, "a=1", "", DisallowedCharacter},
		{"tabs around everything", []string{"\ta\t=\t1\t;\tPath\t=\t/\t"}, "a=1", "a=1", ""},
		{"no name and an equals sign", []string{"=a=1"}, "a=1", "", SyntaxError},
		{"no name and no equals sign", []string{"a"}, "a", "a", ""},
		{"a Domain in letters beyond ASCII", []string{"a=1; Domain=bücher.example"}, "", "a=1", ""},
		{"a Domain that cannot be", []string{"a=1; Domain=ü..example"}, "", "", InvalidDomain},
		{"another value", []string{"a=1", "b=1", "a=2"}, "a=2; b=1", "b=1; a=2", ""},
		{"the same value", []string{"a=1", "b=1", "a=1"}, "a=1; b=1", "a=1; b=1", ""},
	} {
		chrome, _ := FindProfile("chrome")
		for _, p := range []struct {
			profile *Profile
			want    string
		}{{&rfc, test.draft}, {chrome, test.quirk}} {
			j := New(&Options{Profile: p.profile})
			r := Request{URL: &url.URL{Scheme: "https", Host: "www.xn--bcher-kva.example", Path: "/"}}
			verdicts := j.Set(r, test.lines...)
			if got := j.Header(r); got != p.want {
				t.Errorf("%s, %s: sends %q, want %q", test.story, p.profile.Name, got, p.want)
			}
			last := verdicts[len(verdicts)-1]
			if p.profile == chrome && test.reason != "" && !slices.Contains(last.Reasons, test.reason) {
				t.Errorf("%s: %v, want %s", test.story, last.Reasons, test.reason)
			}
		}
	}
}

// TestSchemesAreThirdParties: https in a page of http is a third party where sites have schemes.
func TestSchemesAreThirdParties(t *testing.T) {
	chrome, _ := FindProfile("chrome")
	chrome.NoThirdParties = true
	j := New(&Options{Profile: chrome})
	page := &url.URL{Scheme: "https", Host: "www.example.test", Path: "/"}
	j.Set(Request{URL: page}, "a=1; SameSite=None; Secure")
	r := Request{URL: page, Site: &url.URL{Scheme: "http", Host: "www.example.test", Path: "/"}, Embedded: true}
	if header, verdicts := j.Match(r); header != "" || !slices.Contains(verdicts[0].Reasons, ThirdPartyPhaseout) {
		t.Errorf("sends %q: %+v", header, verdicts)
	}
}

// TestPurge: when one cookie too many comes, Chromium puts out 31 at once.
func TestPurge(t *testing.T) {
	chrome, _ := FindProfile("chrome")
	j := New(&Options{Profile: chrome})
	r := Request{URL: &url.URL{Scheme: "https", Host: "www.example.test", Path: "/"}}
	for i := range 180 {
		j.Set(r, fmt.Sprintf("c%03d=1", i))
	}
	if n := len(j.All()); n != 180 {
		t.Fatalf("%d cookies, want 180", n)
	}
	j.Set(r, "c180=1")
	if all := j.All(); len(all) != 150 || all[0].Name != "c031" {
		t.Errorf("%d cookies, the first of them %s; want 150 and c031", len(all), all[0].Name)
	}
}
