package screen

import (
	"net/url"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/pattern"
	"github.com/cloakroom/cloakroom/trace"
)

// Shorten returns a copy of a trace in which everything that somebody could use is shortened: the values of cookies and
// credentials in both messages, lines and corrections of verdicts, hidden fields of forms, and tokens wherever they stand. The
// bodies of requests are left out. Verdict.Cookie, which no JSON shows, keeps its value: [Screen.Describe] looks at it.
func Shorten(t *trace.Trace) *trace.Trace {
	short := *t
	short.Findings = slices.Clone(t.Findings)
	for i := range short.Findings {
		short.Findings[i].Detail = hideTokens(short.Findings[i].Detail)
	}
	short.Hops = make([]*trace.Hop, len(t.Hops))
	echo := echoes(t)
	for i, h := range t.Hops {
		short.Hops[i] = shortenHop(*h, echo)
	}
	return &short
}

// echoes finds the values of cookies, credentials and forms where a server says them back: in the page.
func echoes(t *trace.Trace) *strings.Replacer {
	const least, most = 8, 400 // characters of a value that is worth it; values
	var pairs []string
	for _, h := range t.Hops {
		for _, v := range secretsSent(h.Request) {
			if len(v) >= least && len(pairs) < 2*most {
				pairs = append(pairs, v, Short(v))
			}
		}
		for _, verdicts := range [][]jar.Verdict{h.SetCookies, h.Cookies} {
			for i := range verdicts {
				if v := verdicts[i].Cookie.Value; len(v) >= least && len(pairs) < 2*most {
					pairs = append(pairs, v, Short(v))
				}
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// secretsSent are the credentials of a request, and what was typed into a form beside them.
func secretsSent(m *trace.Message) (secrets []string) {
	if m == nil {
		return nil
	}
	for _, f := range m.Fields {
		switch name := strings.ToLower(f.Name); {
		case name == "authorization" || name == "proxy-authorization":
			_, secret, _ := strings.Cut(f.Value, " ")
			secrets = append(secrets, f.Value, secret)
		case secretName().MatchString(name):
			secrets = append(secrets, f.Value)
		}
	}
	if form, err := url.ParseQuery(string(m.Body)); err == nil {
		for name, values := range form {
			if secretName().MatchString(name) {
				secrets = append(secrets, values...)
			}
		}
	}
	return secrets
}

func shortenHop(h trace.Hop, echo *strings.Replacer) *trace.Hop {
	h.URL, h.Redirect = hideTokens(h.URL), hideTokens(h.Redirect)
	if h.Parts != nil {
		parts := *h.Parts
		parts.Path, parts.Query, parts.Fragment = hideTokens(parts.Path), hideTokens(parts.Query), hideTokens(parts.Fragment)
		h.Parts = &parts
	}
	h.Request, h.Response = shortenMessage(h.Request), shortenMessage(h.Response)
	if h.Request != nil && len(h.Request.Body) > 0 {
		h.Request.Body = []byte("(" + size(h.Request.BodyBytes) + ": --show-secrets shows them)")
	}
	h.SetCookies = slices.Clone(h.SetCookies)
	for i := range h.SetCookies {
		shortenVerdict(&h.SetCookies[i])
	}
	h.Page = shortenPage(h.Page, echo)
	if h.Response != nil {
		h.Response.Body = []byte(echo.Replace(string(h.Response.Body)))
	}
	return &h
}

func shortenVerdict(v *jar.Verdict) {
	v.Line = ShortSetCookie(v.Line)
	if v.Fix != "" {
		v.Fix = ShortSetCookie(v.Fix)
	}
}

func shortenMessage(m *trace.Message) *trace.Message {
	if m == nil {
		return nil
	}
	short := *m
	short.StartLine = hideTokens(m.StartLine)
	short.Fields, short.Trailers = shortenFields(m.Fields), shortenFields(m.Trailers)
	short.Raw = []byte(shortenHead(string(m.Raw)))
	short.Body = []byte(hideMembers(hideTokens(string(m.Body))))
	return &short
}

func shortenFields(fields []trace.Field) []trace.Field {
	short := slices.Clone(fields)
	for i := range short {
		short[i].Value = shortenField(short[i].Name, short[i].Value)
	}
	return short
}

// shortenHead shortens the lines of a head as it stood on the wire. A line that continues another is as secret as that.
func shortenHead(head string) string {
	lines := strings.SplitAfter(head, "\n")
	last := ""
	for i, line := range lines {
		bare := strings.TrimRight(line, "\r\n")
		end := line[len(bare):]
		name, value, ok := strings.Cut(bare, ":")
		switch {
		case i == 0:
			lines[i] = hideTokens(bare) + end
		case bare != "" && (bare[0] == ' ' || bare[0] == '\t'):
			lines[i] = bare[:1] + shortenField(last, bare[1:]) + end
		case ok:
			last = name
			lines[i] = name + ":" + shortenField(name, value) + end
		}
	}
	return strings.Join(lines, "")
}

// secretName is what fields are called whose value is for one reader only.
var secretName = pattern.Lazy(`(?i)token|secret|passw|api-?key|session|^x-auth`)

func shortenField(name, value string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	text := strings.TrimLeft(value, " \t")
	space := value[:len(value)-len(text)]
	switch {
	case name == "cookie":
		return space + ShortCookie(text)
	case name == "set-cookie":
		return space + ShortSetCookie(text)
	case name == "authorization" || name == "proxy-authorization":
		if scheme, secret, ok := strings.Cut(text, " "); ok {
			return space + scheme + " " + Short(secret)
		}
		return space + Short(text)
	case secretName().MatchString(name):
		return space + Short(text)
	}
	return space + hideTokens(text)
}

func shortenPage(p *trace.Page, echo *strings.Replacer) *trace.Page {
	if p == nil {
		return nil
	}
	short := *p
	short.Title, short.Text = echo.Replace(hideTokens(p.Title)), echo.Replace(hideTokens(p.Text))
	if strings.HasSuffix(p.Type, "json") {
		short.Text = hideMembers(short.Text)
	}
	short.Links = slices.Clone(p.Links)
	for i := range short.Links {
		short.Links[i].URL = hideTokens(short.Links[i].URL)
	}
	short.Forms = slices.Clone(p.Forms)
	for i := range short.Forms {
		f := &short.Forms[i]
		f.Action = hideTokens(f.Action)
		f.Inputs = slices.Clone(f.Inputs)
		for j := range f.Inputs {
			if f.Inputs[j].Type == "hidden" {
				f.Inputs[j].Value = Short(f.Inputs[j].Value)
			}
		}
	}
	return &short
}

// aToken is a JWT: nothing else begins like this and has two dots.
var aToken = pattern.Lazy(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_.-]*`)

func hideTokens(s string) string {
	if !strings.Contains(s, "eyJ") {
		return s
	}
	return aToken().ReplaceAllStringFunc(s, Short)
}

// aMember is a member of a JSON object that is called like a secret, and its text.
var aMember = pattern.Lazy(`(?i)("[^"\\]{0,40}(?:token|secret|passw|api_?key)[^"\\]{0,40}"\s*:\s*")((?:[^"\\]|\\.){9,})`)

func hideMembers(s string) string {
	return aMember().ReplaceAllStringFunc(s, func(m string) string {
		parts := aMember().FindStringSubmatch(m)
		return parts[1] + Short(parts[2])
	})
}
