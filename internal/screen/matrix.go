package screen

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// A Context is a way in which a request may come about, and what becomes of each cookie then.
type Context struct {
	Head     [2]string // of its column, two lines of at most nine characters
	Verdicts []jar.Verdict
}

const (
	matrixNames = 18
	matrixWidth = 10
)

// Matrix prints which cookies travel in which context: a line for each cookie, a column for each context, and below what the
// words mean.
func (s *Screen) Matrix(contexts []Context) {
	var cookies []jar.Cookie
	for _, c := range contexts {
		for i := range c.Verdicts {
			if k := &c.Verdicts[i].Cookie; !slices.ContainsFunc(cookies, func(o jar.Cookie) bool { return same(k, &o) }) {
				cookies = append(cookies, *k)
			}
		}
	}
	for i := range 2 {
		line := Pad([]string{"cookie", ""}[i], matrixNames+2)
		for _, c := range contexts {
			line += Pad(c.Head[i], matrixWidth)
		}
		s.put(s.paint(strings.TrimRight(line, " "), Strong))
	}
	var met []string
	for i := range cookies {
		k := &cookies[i]
		line := Pad(Fit(cmp.Or(k.Name, "(no name)"), matrixNames), matrixNames+2)
		for _, c := range contexts {
			word, style := cell(c.Verdicts, k)
			if line += s.paint(word, style) + strings.Repeat(" ", matrixWidth-len(word)); !slices.Contains(met, word) {
				met = append(met, word)
			}
		}
		s.put(line)
	}
	s.Gap()
	for _, word := range cellOrder {
		if slices.Contains(met, word) {
			s.Row(0, Span{word, Strong}, matrixWidth+1, Span{Text: cellWords[word]})
		}
	}
}

// same reports whether two are the same cookie of a jar (draft-22 section 5.7, step 23).
func same(a, b *jar.Cookie) bool {
	return a.Name == b.Name && a.Domain == b.Domain && a.HostOnly == b.HostOnly && a.Path == b.Path && a.Partition == b.Partition
}

// cell is what becomes of a cookie in a context, in a word.
func cell(verdicts []jar.Verdict, k *jar.Cookie) (string, Style) {
	i := slices.IndexFunc(verdicts, func(v jar.Verdict) bool { return same(&v.Cookie, k) })
	switch {
	case i < 0:
		return "-", Faint
	case verdicts[i].Outcome != jar.Sent:
		if len(verdicts[i].Reasons) == 0 {
			return "withheld", Warn
		}
		return reasonWord(verdicts[i].Reasons[0]), Warn
	case slices.Contains(verdicts[i].Warnings, jar.WarnSameSiteUnspecifiedLaxAllowUnsafe):
		return "young", Good
	}
	return "sent", Good
}

func reasonWord(r jar.Reason) string {
	switch r {
	case jar.SameSiteStrict, jar.SchemefulSameSiteStrict:
		return "Strict"
	case jar.SameSiteLax, jar.SchemefulSameSiteLax:
		return "Lax"
	case jar.SameSiteUnspecifiedTreatedAsLax, jar.SchemefulSameSiteUnspecifiedTreatedAsLax:
		return "as Lax"
	case jar.SecureOnly:
		return "Secure"
	case jar.ThirdPartyPhaseout:
		return "3rd party"
	case jar.PartitionMismatch:
		return "partition"
	case jar.DomainMismatch:
		return "host"
	case jar.NotOnPath:
		return "path"
	case jar.Expired:
		return "expired"
	}
	return "withheld"
}

// cellOrder is the order in which words are explained.
var cellOrder = []string{"sent", "young", "Strict", "Lax", "as Lax", "Secure", "3rd party", "partition", "host", "path", "expired", "withheld"}

var cellWords = map[string]string{
	"sent":      "the cookie goes along",
	"young":     "it goes along, but only in its first two minutes (Lax-allowing-unsafe)",
	"Strict":    "held back: SameSite=Strict goes nowhere that another site asked for",
	"Lax":       "held back: SameSite=Lax goes along when a person follows a link, and no other way",
	"as Lax":    "held back: without SameSite it counts as Lax",
	"Secure":    "held back: a Secure cookie travels over https only",
	"3rd party": "held back: this browser gives no cookies to pages inside those of another site",
	"partition": "held back: it belongs to pages inside one other site (Partitioned)",
	"host":      "held back: it is for another host",
	"path":      "held back: it is for another path",
	"expired":   "held back: its time is over",
	"withheld":  "held back for another reason; --json says which",
}
