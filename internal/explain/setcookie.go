package explain

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// A SetCookie is a Set-Cookie line, what a browser does with it, and what it means.
type SetCookie struct {
	jar.Verdict
	Value   Value     `json:"value"`
	Purpose string    `json:"purpose,omitempty"` // what a cookie of this name is, if that is known
	Means   []Meaning `json:"means"`             // never nil
	Token   *Token    `json:"token,omitempty"`   // the token in the value

	About string `json:"about"` // by which its findings are found
}

// A Meaning is one property of a cookie in plain words.
type Meaning struct {
	What string `json:"what"` // "goes to", "paths", "until", "over", "script", "from", "tabs"
	Says string `json:"says"`
}

var exampleURL = &url.URL{Scheme: "https", Host: "example.com", Path: "/"}

// explainSetCookies applies the lines in order to one empty jar.
func (e *explainer) explainSetCookies(p *pasted) {
	if len(p.setCookies) == 0 {
		return
	}
	u := e.URL
	if u == nil {
		if u = p.url(); u != nil {
			e.assume("The response came from " + u.String() + ", as the request above it says; --url names another place.")
		} else {
			u = exampleURL
			e.assume("The response came from " + u.String() + "; --url says where it really came from.")
		}
	}
	e.report.URL = u.String()
	j := newJar(e.Profile)
	r := jar.Request{URL: u, Method: p.method, Site: e.Site, Embedded: e.Site != nil, Script: e.Script || p.script, Now: e.Now}
	if p.script && !e.Script {
		e.assume("Script sets the cookie, as document.cookie says.")
	}
	seen := map[string]int{}
	for _, v := range j.Set(r, p.setCookies...) {
		about := "Set-Cookie " + nameOr(v.Name)
		if seen[about]++; seen[about] > 1 {
			about = fmt.Sprintf("%s (%d)", about, seen[about])
		}
		e.report.SetCookies = append(e.report.SetCookies, e.explainSetCookie(about, v, u, r.Script))
	}
	e.explainSameNames()
}

// newJar makes the jar of a browser. The draft leaves open whether loopback is secure over http; Chrome, Firefox and curl say yes,
// and who asks for none of the browsers that decide is answered like them.
func newJar(p *jar.Profile) *jar.Jar {
	return jar.New(&jar.Options{Profile: p, SecureLoopback: p == nil || p.Name == "rfc" || p.Name == "classic"})
}

func nameOr(name string) string {
	if name == "" {
		return "(no name)"
	}
	return name
}

func (e *explainer) explainSetCookie(about string, v jar.Verdict, u *url.URL, script bool) *SetCookie {
	s := &SetCookie{Verdict: v, Value: classify(v.Cookie.Value), About: about, Means: []Meaning{}}
	l := splitLine(v.Line)
	if v.Cookie.Domain != "" { // else the URL is none that has cookies
		s.Means = e.meanings(&s.Verdict)
	}
	f := findings{about: about}
	if v.Outcome == jar.Rejected {
		fix := "No change of the line mends it: see what the reason says."
		if v.Fix != "" {
			fix = "Send the corrected line."
		}
		f.add(Problem, string(v.Reasons[0]), draftStep(v.Step), fix, "Browsers refuse the cookie: %s.", strings.TrimSuffix(v.Detail, "."))
	}
	is, says := purposeOf(v.Name, s.Value)
	s.Purpose = says
	judgeLine(&f, &s.Verdict, l)
	judgeAttributes(&f, l)
	if v.Outcome != jar.Rejected && !s.deletes() {
		judgeSafety(&f, &s.Verdict, is, s.Value, script)
		judgeScope(&f, &s.Verdict, u)
		e.judgeLifetime(&f, &s.Verdict, l, is)
	}
	judgeValue(&f, s.Value, is)
	e.report.Findings = append(e.report.Findings, f.list...)
	if s.Value.Kind == "token" || s.Value.Kind == "encrypted-token" {
		s.Token = e.explainToken(about+": token", strings.Trim(s.Value.decoded, `"`), 0)
		e.judgeTokenCookie(about, s)
	}
	return s
}

func (s *SetCookie) deletes() bool {
	return slices.Contains(s.Reasons, jar.DeletedByMaxAge) || slices.Contains(s.Reasons, jar.Expired)
}

// draftStep writes "5.7/21.1" as the draft would be quoted.
func draftStep(step string) string {
	section, n, ok := strings.Cut(step, "/")
	if !ok || section == "" {
		return step
	}
	if section[0] >= '0' && section[0] <= '9' {
		section = "6265bis section " + section
	}
	return section + " step " + n
}

// meanings reads a cookie as it was understood, in plain words.
func (e *explainer) meanings(v *jar.Verdict) []Meaning {
	c := &v.Cookie
	m := []Meaning{
		{"goes to", goesTo(c)}, {"paths", paths(c)}, {"until", e.until(c)}, {"over", over(c)}, {"script", byScript(c)}, {"from", from(c)},
	}
	if c.Partition != "" {
		m = append(m, Meaning{"tabs", "It is kept apart for each site that embeds it; this one is for tabs of " + c.Partition + "."})
	}
	return m
}

func goesTo(c *jar.Cookie) string {
	if c.HostOnly {
		return c.Domain + " alone, and no host below it (there is no Domain)."
	}
	return c.Domain + " and every host below it, whoever runs them."
}

func paths(c *jar.Cookie) string {
	if c.Path == "/" {
		return "All paths."
	}
	return excerpt(strings.TrimSuffix(c.Path, "/")) + " and what is below it, as far as the browser is concerned; it keeps no other path of the host from reading it."
}

func (e *explainer) until(c *jar.Cookie) string {
	switch {
	case !c.Persistent:
		return "The browser is closed (neither Max-Age nor Expires); browsers that reopen their tabs bring it back."
	case !c.Expires.After(e.Now):
		return "It has ended already, and so deletes the cookie of this name."
	}
	return when(c.Expires, e.Now) + "."
}

func over(c *jar.Cookie) string {
	if c.Secure {
		return "https only (Secure)."
	}
	return "http as well as https: without Secure everybody on the way can read it."
}

func byScript(c *jar.Cookie) string {
	if c.HTTPOnly {
		return "Script in the page cannot read it (HttpOnly)."
	}
	return "Script in the page can read it: there is no HttpOnly."
}

func from(c *jar.Cookie) string {
	switch c.SameSite {
	case http.SameSiteStrictMode:
		return "This site only; even who follows a link from elsewhere arrives without it (SameSite=Strict)."
	case http.SameSiteLaxMode:
		return "This site, and links from elsewhere; no forms with POST, frames or fetches of other sites (SameSite=Lax)."
	case http.SameSiteNoneMode:
		return "Every site, where the browser does not block third parties (SameSite=None)."
	}
	return "Chrome: as with SameSite=Lax. Firefox and Safari: every site, where they do not block third parties."
}
