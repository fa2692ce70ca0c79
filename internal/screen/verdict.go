package screen

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

const (
	verdictIndent = 2
	maxName       = 20 // columns of a cookie's name; the middle of longer ones is left out
)

// SetCookies prints the verdicts on the Set-Cookie lines of a response.
func (s *Screen) SetCookies(verdicts []jar.Verdict) {
	column := nameColumn(verdicts)
	for i := range verdicts {
		s.setCookie(column, &verdicts[i])
	}
}

// Cookies prints the verdicts on the cookies of a request: what goes, and what stays and why.
func (s *Screen) Cookies(verdicts []jar.Verdict) {
	var sent []string
	var stay []jar.Verdict
	for i := range verdicts {
		if v := &verdicts[i]; v.Outcome == jar.Sent {
			sent = append(sent, name(v))
		} else {
			stay = append(stay, *v)
		}
	}
	const column = verdictIndent + len("> withheld  ")
	if len(sent) > 0 {
		s.Row(verdictIndent, Span{"→ sent", Good}, column, Span{Text: strings.Join(sent, ", ")})
	}
	text := nameColumn(stay) + column - verdictIndent - 2
	for i := range stay {
		label := "  " + s.paint("→ withheld", Warn) + "  " + name(&stay[i])
		s.row(label, column+Columns(name(&stay[i])), text, 0, why(&stay[i]))
	}
}

// nameColumn is where the column after the names begins.
func nameColumn(verdicts []jar.Verdict) int {
	longest := 0
	for i := range verdicts {
		longest = max(longest, Columns(name(&verdicts[i])))
	}
	return verdictIndent + 2 + longest + 2
}

func name(v *jar.Verdict) string {
	return Fit(cmp.Or(v.Name, "(no name)"), maxName)
}

func (s *Screen) setCookie(column int, v *jar.Verdict) {
	mark, word, style := "✓", "stored", Good
	switch {
	case v.Outcome == jar.Rejected:
		mark, word, style = "✗", "REJECTED", Bad
	case slices.Contains(v.Reasons, jar.Evicted):
		mark, word, style = "!", "no room", Warn
	case slices.Contains(v.Reasons, jar.DeletedByMaxAge), slices.Contains(v.Reasons, jar.Expired):
		mark, word = "✓", "deleted"
	case len(warnings(v)) > 0:
		mark, style = "!", Warn
	}
	text := column + 10
	var spans []Span
	switch {
	case word == "deleted":
		spans = []Span{{v.Detail, Plain}}
	case v.Outcome == jar.Stored && len(v.Reasons) == 0:
		spans = []Span{{s.stored(&v.Cookie), Plain}}
	default:
		spans = why(v)
	}
	for _, w := range warnings(v) {
		spans = append(spans, Span{"· " + w, Warn})
	}
	left := "  " + s.paint(mark, style) + " " + Pad(name(v), column-verdictIndent-2) + s.paint(word, style)
	s.row(left, column+len(word), text, 0, spans)
	if v.Fix != "" {
		fix := v.Fix
		if !s.Secrets {
			fix = ShortSetCookie(fix)
		}
		s.Row(column, Span{"fix", Good}, text, Span{Text: "Set-Cookie: " + fix})
	}
}

// stored says what a cookie is.
func (s *Screen) stored(c *jar.Cookie) string {
	var says []string
	if c.Secure {
		says = append(says, "Secure")
	}
	if c.HTTPOnly {
		says = append(says, "HttpOnly")
	}
	switch c.SameSite {
	case http.SameSiteStrictMode:
		says = append(says, "SameSite=Strict")
	case http.SameSiteLaxMode:
		says = append(says, "SameSite=Lax")
	case http.SameSiteNoneMode:
		says = append(says, "SameSite=None")
	}
	if c.Partition != "" {
		says = append(says, "Partitioned")
	}
	if !c.HostOnly {
		says = append(says, "Domain="+c.Domain)
	}
	if c.Path != "/" {
		says = append(says, "Path="+Fit(c.Path, 40))
	}
	if c.Persistent {
		says = append(says, "for "+span(c.Expires.Sub(s.now())))
	} else {
		says = append(says, "until the browser closes")
	}
	return strings.Join(says, ", ") + " · " + s.Describe(c.Value)
}

// why is the reason of a verdict: code, sentence, step, and what else would have been one.
func why(v *jar.Verdict) (spans []Span) {
	if len(v.Reasons) > 0 {
		spans = append(spans, Span{string(v.Reasons[0]) + ":", Strong})
	}
	if v.Detail != "" {
		spans = append(spans, Span{v.Detail, Plain})
	}
	if len(v.Reasons) > 1 {
		also := make([]string, 0, len(v.Reasons)-1)
		for _, r := range v.Reasons[1:] {
			also = append(also, string(r))
		}
		spans = append(spans, Span{"· also " + strings.Join(also, ", "), Plain})
	}
	if v.Step != "" {
		spans = append(spans, Span{"(" + step(v.Step) + ")", Faint})
	}
	return spans
}

// step says where a rule is written.
func step(s string) string {
	section, number, ok := strings.Cut(s, "/")
	switch {
	case !ok:
		return s
	case section != "" && '0' <= section[0] && section[0] <= '9':
		return "6265bis " + section + " step " + number
	}
	return section + " step " + number
}

// warnings are those of a verdict in words. That loopback counts as secure is said once, elsewhere.
func warnings(v *jar.Verdict) (says []string) {
	for _, w := range v.Warnings {
		if w == jar.WarnLoopback {
			continue
		}
		if text, ok := warningText[w]; ok {
			says = append(says, text)
		} else {
			says = append(says, string(w))
		}
	}
	return says
}

var warningText = map[jar.Reason]string{
	jar.WarnAttributeValueExceedsMaxSize:        "an attribute is longer than 1,024 octets and is ignored",
	jar.WarnDomainNonASCII:                      "its Domain is not ASCII",
	jar.WarnSameSiteUnspecifiedLaxAllowUnsafe:   "sent with this POST only because it is younger than two minutes",
	jar.WarnSameSiteUnspecifiedCrossSiteContext: "it has no SameSite, and other browsers would not take it here",
	jar.WarnSameSiteNoneInsecure:                "SameSite=None without Secure: other browsers refuse it",
	jar.WarnLifetimeCut:                         "its life is cut to 400 days",
	jar.WarnIgnoredAttribute:                    "an attribute that no browser understands is ignored",
}
