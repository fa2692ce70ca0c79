package jar

import (
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/jarvectors"
)

// then is when the vectors are told, and other stories.
var then = jarvectors.Then

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Each row is told to a new jar. Package jarvectors has the scores, and the exceptions with their reasons.
func TestVectors(t *testing.T) {
	jarvectors.Score(t, func(t *testing.T, rows []jarvectors.Row) (sent []string) {
		for _, row := range rows {
			j := New(nil)
			j.set(Request{URL: mustURL(t, row.SetURL), Script: row.SetByScript()}, row.SetCookie, then)
			sent = append(sent, j.header(Request{URL: mustURL(t, row.GetURL), Script: row.GetByScript()}, then))
		}
		return sent
	})
}

func TestDateVectors_CK_D3(t *testing.T) {
	for _, d := range jarvectors.Dates(t) {
		if got, ok := ParseDate(d.Text); ok == d.Want.IsZero() || !got.Equal(d.Want) {
			t.Errorf("%q is %v, %v; want %v", d.Text, got, ok, d.Want)
		}
	}
}

// Of each host the registrable domain, or none: then no cookie can have it as its Domain.
func TestSuffixVectors_CK_M03(t *testing.T) {
	for _, row := range jarvectors.Suffixes(t) {
		host, ok := canonicalHost(row.Host)
		if !ok {
			if row.Registrable != "" {
				t.Errorf("%q is no host, want %s", row.Host, row.Registrable)
			}
			continue
		}
		if row.Registrable == "" {
			if !isPublicSuffix(host) || registrable(host) != host {
				t.Errorf("%q is not a public suffix: %q", row.Host, registrable(host))
			}
			continue
		}
		canonical, _ := canonicalHost(row.Registrable)
		if got := registrable(host); got != canonical || isPublicSuffix(host) {
			t.Errorf("the registrable domain of %q is %q, want %q", row.Host, got, canonical)
		}
		// And as the jar does it: a host far below may set a cookie for it, and for what is above it not.
		j := New(nil)
		_, above, _ := strings.Cut(canonical, ".")
		at := Request{URL: &url.URL{Scheme: "https", Host: "a.b.c." + canonical}}
		for _, v := range j.Set(at, "a=1; Domain="+canonical, "b=1; Domain="+above) {
			if (v.Outcome == Stored) != (v.Name == "a") {
				t.Errorf("%s: %s %s %v %s", at.URL, v.Line, v.Outcome, v.Reasons, v.Detail)
			}
		}
	}
}
