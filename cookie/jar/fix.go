package jar

import (
	"net/http"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/cookie"
)

// A correction is what must change in a line so that the jar takes it.
type correction struct {
	without []string // attributes that go, in lower case
	with    []string // and those that come
}

func (f *correction) replace(name, text string) {
	if !slices.Contains(f.with, text) {
		f.without, f.with = append(f.without, lower(name)), append(f.with, text)
	}
}

func (f *correction) drop(name string) { f.without = append(f.without, lower(name)) }

// fix is the line as it should have been, "" if there is none that the jar would take from this URL. It keeps order and
// spelling of what was right.
func (j *Jar) fix(c *context, l *line, v *Verdict) string {
	var f correction
	for _, r := range v.Reasons {
		switch r {
		case InvalidDomain:
			f.drop("Domain")
			if domain, ok := canonicalHost(l.domain); ok && domain != l.domain && domainMatch(c.host, domain) && !isPublicSuffix(domain) {
				f.with = append(f.with, "Domain="+domain) // as A-labels
			}
		case InvalidPrefix:
			p := cookie.PrefixOf(l.name)
			if p == nil {
				return "" // the value begins like a prefix: what was meant cannot be known
			}
			if p.Host {
				f.drop("Domain")
				f.replace("Path", "Path=/")
			}
			f.replace("Secure", "Secure")
			if p.HTTPOnly {
				f.replace("HttpOnly", "HttpOnly")
			}
		case SameSiteNoneInsecure, PartitionedInsecure:
			f.replace("Secure", "Secure")
		case SameSiteStrict, SameSiteLax, SameSiteUnspecifiedTreatedAsLax,
			SchemefulSameSiteStrict, SchemefulSameSiteLax, SchemefulSameSiteUnspecifiedTreatedAsLax:
			f.replace("SameSite", "SameSite=None")
			f.replace("Secure", "Secure")
		case HTTPOnlyOverwrite:
			f.drop("HttpOnly")
		case HeaderTooLarge:
			f.replace("Path", "Path=/")
		default:
			return ""
		}
	}
	text := f.apply(l)
	again := parse(text, c.now)
	if w := j.judge(c, &again); w.Outcome != Stored {
		return ""
	}
	return text
}

// apply writes the corrected line. What was already there in the right way stays where it was.
func (f *correction) apply(l *line) string {
	var b strings.Builder
	if l.name != "" || strings.Contains(l.value, "=") {
		b.WriteString(l.name)
		b.WriteByte('=')
	}
	b.WriteString(l.value)
	with := slices.Clone(f.with)
	for _, a := range l.attributes {
		if i := slices.IndexFunc(with, func(w string) bool { return lower(w) == lower(a.text) }); i >= 0 {
			with = slices.Delete(with, i, i+1)
		} else if slices.Contains(f.without, lower(a.name)) || len(a.value) > cookie.MaxAttribute {
			continue
		}
		b.WriteString("; ")
		b.WriteString(a.text)
	}
	for _, w := range with {
		b.WriteString("; ")
		b.WriteString(w)
	}
	return b.String()
}

// formatSameSite is the value of the attribute, "" for none.
func formatSameSite(m http.SameSite) string {
	switch m {
	case http.SameSiteLaxMode:
		return "Lax"
	case http.SameSiteStrictMode:
		return "Strict"
	case http.SameSiteNoneMode:
		return "None"
	}
	return ""
}
