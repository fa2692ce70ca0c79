package server

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/server/page"
	"github.com/cloakroom/cloakroom/trace"
)

const (
	probeTimeout = 5 * time.Second
	probeEvery   = 10 * time.Second // an answer is good for so long: the page is there for everybody
	probeSkew    = time.Minute      // by which a clock may differ before it is told
)

// prober opens the addresses of apps, as a browser would, to see what a proxy makes of them. One at a time, and each seldom.
type prober struct {
	mu   sync.Mutex
	seen map[string]probed // by origin
}

type probed struct {
	at       time.Time
	findings []page.Finding
}

// probe opens the first of our addresses at an app, from which a browser gets a cookie and is sent to the sign-in.
func (s *Server) probe(r *http.Request, origin string) (found []page.Finding, ok bool) {
	p := &s.prober
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if last, known := p.seen[origin]; known && now.Sub(last.at) < probeEvery {
		return last.findings, true
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), probeTimeout) // another visitor waits for the answer too
	defer cancel()
	t, err := trace.Run(ctx, origin+pathAppStart, &trace.Options{MaxRedirs: -1, MaxBody: 64 << 10, Timeout: probeTimeout})
	if len(t.Hops) == 0 {
		s.log.Error("diagnosis.probe", "origin", origin, "error", err)
		return nil, false
	}
	found = s.judge(t.Hops[0], origin, now)
	if p.seen == nil {
		p.seen = map[string]probed{}
	}
	p.seen[origin] = probed{now, found}
	return found, true
}

// judge says what is wrong with the answer to a request for [pathAppStart].
func (s *Server) judge(h *trace.Hop, origin string, now time.Time) (found []page.Finding) {
	if h.Failed != nil {
		// Not in the failure's own words: those name servers inside, and the page is for everybody's eyes.
		return []page.Finding{{
			Heading: "The app's address does not answer",
			Text:    fmt.Sprintf("This server tried to open %s itself and did not get to the end: %s, in the phase %s. If browsers do get there, it only cannot see what they see.", origin, h.Failed.Reason, h.Failed.Phase),
			Fix:     "Ask there, where this server runs, what is in the way: cloakroom trace " + origin + "/",
		}}
	}
	if date, err := http.ParseTime(header(h.Response, "Date")); err == nil {
		if off := date.Sub(now).Round(time.Second); off.Abs() > probeSkew {
			found = append(found, page.Finding{
				Heading: "The clocks differ", Text: fmt.Sprintf("The clock at the app's address is %v off from the one here, which says %s.", off, now.UTC().Format(time.RFC1123)),
				Fix: "Set the clocks of all servers, best by NTP: links that are good for a minute, and what a browser remembers, depend on them.",
			})
		}
	}
	ours := s.app.Config.Link(pathHandover, nil)
	next, _, _ := strings.Cut(h.Redirect, "?")
	switch {
	case next != strings.TrimSuffix(ours, "?"):
		f := findings[guard.PrefixNotPassed]
		f.Text = fmt.Sprintf("The app's address answers with status %d for %s, which Cloakroom did not write.", h.Status, pathAppStart)
		return append(found, f)
	case appIn(h.Redirect) != origin:
		found = append(found, page.Finding{
			Heading: "The proxy changes the name of the app", Text: "What was asked for is " + origin + ", and what arrived here is " + appIn(h.Redirect) + ".",
			Fix: "Have the proxy pass on Host, or X-Forwarded-Host, as the browser sent it.",
		})
	}
	return append(found, judgeCookies(h.SetCookies)...)
}

// judgeCookies says what a browser makes of the cookie that we set, after the proxy had its way with the line.
func judgeCookies(verdicts []jar.Verdict) (found []page.Finding) {
	ours := 0
	for _, v := range verdicts {
		if !strings.EqualFold(v.Name, visitName) {
			continue
		}
		ours++
		if v.Outcome != jar.Rejected {
			continue
		}
		found = append(found, page.Finding{
			Heading: "Browsers refuse the cookie", Line: withoutValue(v.Line), Better: withoutValue(v.Fix),
			Text: "The proxy changed the line that sets our cookie. " + v.Detail + " (" + reasonsOf(v) + ")",
			Fix:  "Have the proxy pass Set-Cookie on as it is below /.cloakroom/: no proxy_cookie_domain, no proxy_cookie_path, no rewriting of flags.",
		})
	}
	if ours == 0 {
		found = append(found, page.Finding{
			Heading: "The cookie is lost on the way", Text: "The answer sets no cookie of ours: the proxy drops Set-Cookie.",
			Fix: "Have the proxy pass Set-Cookie on below /.cloakroom/. In nginx, look for proxy_hide_header and proxy_ignore_headers.",
		})
	}
	return found
}

func reasonsOf(v jar.Verdict) string {
	var all []string
	for _, r := range v.Reasons {
		all = append(all, string(r))
	}
	return strings.Join(all, ", ")
}

// withoutValue leaves the value of a cookie out of its line: the page is for everybody's eyes.
func withoutValue(line string) string {
	name, rest, ok := strings.Cut(line, "=")
	if !ok {
		return ""
	}
	if _, attributes, more := strings.Cut(rest, ";"); more {
		return name + "=…;" + attributes
	}
	return name + "=…"
}

func header(m *trace.Message, name string) string {
	if m == nil {
		return ""
	}
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// appIn is the app that a link to the handover names.
func appIn(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Query().Get(fieldApp)
}

func hostPart(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	return host
}
