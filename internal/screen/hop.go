package screen

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/trace"
)

// Trace prints the hops of a trace, the first with the number n, and returns the number of the next. What is secret in it is
// the caller's to shorten: see [Shorten].
func (s *Screen) Trace(t *trace.Trace, n int, raw bool) (next int) {
	for i, h := range t.Hops {
		s.heading(n+i, h)
		s.waterfall(h)
		if raw && h.Request != nil {
			s.Gap()
			s.message(">", h.Request)
			s.message("<", h.Response)
		}
		s.Cookies(h.Cookies)
		s.SetCookies(h.SetCookies)
		s.findings(t.Findings, i, h.Failed)
		s.leadsTo(h, i == len(t.Hops)-1)
		s.failure(h.Failed)
		s.Gap()
	}
	return n + len(t.Hops)
}

// heading is the first line of a hop: what was asked and, on its right, what came of it.
func (s *Screen) heading(n int, h *trace.Hop) {
	number := strconv.Itoa(n) + " "
	asks := cmp.Or(h.Method, "GET") + " " + h.URL
	says, style := outcome(h)
	at, room := Columns(number), s.width()-Columns(says)
	if at+Columns(Printable(asks))+2 <= room {
		asks = Pad(Printable(asks), room-at)
		s.put(s.paint(number+asks, Strong) + s.paint(says, style))
		return
	}
	s.row(s.paint(number, Strong), at, at, 0, []Span{{asks, Strong}})
	s.put(strings.Repeat(" ", max(room, 0)) + s.paint(says, style))
}

// outcome is status, version and time of a hop.
func outcome(h *trace.Hop) (string, Style) {
	took := duration(total(h))
	if h.Status == 0 {
		return "no answer  " + took, Bad
	}
	style := Good
	switch h.Status / 100 {
	case 1, 3:
		style = Calm
	case 4, 5:
		style = Warn
	}
	says := strings.TrimSpace(strconv.Itoa(h.Status) + " " + statusText(h))
	return says + "  " + h.Response.Proto + "  " + took, style
}

// statusText is the status in words: those of the standard, else those of the server.
func statusText(h *trace.Hop) string {
	if text := http.StatusText(h.Status); text != "" {
		return text
	}
	if words := strings.SplitN(h.Response.StartLine, " ", 3); len(words) == 3 {
		return Fit(words[2], 24)
	}
	return ""
}

func total(h *trace.Hop) time.Duration {
	if len(h.Phases) == 0 {
		return 0
	}
	last := h.Phases[len(h.Phases)-1]
	return last.Start + last.Took
}

// findings are those of one hop that nothing else on the screen says.
// findings prints what was not said with a verdict or a failure.
func (s *Screen) findings(all []trace.Finding, hop int, failed *trace.Failure) {
	for _, f := range all {
		said := f.Code == "cookie-rejected" || failed != nil && f.Code == failed.Reason
		if f.Hop == hop && !said {
			s.Row(2, Span{"!", Warn}, 4, Span{f.Detail, Warn}, Span{"(" + f.Code + ")", Faint})
		}
	}
}

func (s *Screen) leadsTo(h *trace.Hop, last bool) {
	if h.Redirect == "" {
		return
	}
	spans := []Span{{"leads to", Plain}, {h.Redirect, Strong}}
	if last && h.Failed == nil {
		spans = append(spans, Span{"which is not followed (--max-redirs)", Plain})
	}
	s.Row(2, Span{"→", Calm}, 4, spans...)
}

// Next prints what a request to a URL would carry if it were made now. before is what the last one carried.
func (s *Screen) Next(url string, before, verdicts []jar.Verdict) {
	if len(verdicts) == 0 {
		return
	}
	if slices.EqualFunc(before, verdicts, func(a, b jar.Verdict) bool { return a.Outcome == b.Outcome && same(&a.Cookie, &b.Cookie) }) {
		s.Text(0, Span{Text: "The next request there would carry the same cookies."})
	} else {
		s.Text(0, Span{"The next request to", Strong}, Span{url, Strong})
		s.Cookies(verdicts)
	}
	s.Gap()
}

// Footer prints what else there is to see, and once what loopback has to do with it.
func (s *Screen) Footer(loopback bool) {
	if loopback {
		s.Text(0, Span{"http to this machine counts as secure here, as in Chrome and Firefox; Safari refuses Secure cookies from it.", Faint})
	}
	s.Text(0, Span{"More: --raw the messages · --page all of the page · --as all who else may send the cookies · --trace-time · --json", Faint})
}

// failure says where the way ended and why, and what may help.
func (s *Screen) failure(f *trace.Failure) {
	if f == nil {
		return
	}
	s.Row(2, Span{"✗", Bad}, 4, Span{f.Detail, Bad}, Span{"(" + phaseWords[f.Phase] + ": " + f.Reason + ")", Faint})
	if f.Hint != "" {
		s.Row(4, Span{"hint", Good}, 10, Span{f.Hint, Plain})
	}
}

// phaseWords are the phases as people call them.
var phaseWords = map[trace.PhaseName]string{
	trace.PhaseURL: "the URL", trace.PhaseDNS: "finding the address", trace.PhaseTCP: "connecting", trace.PhaseTLS: "encrypting",
	trace.PhaseSend: "sending", trace.PhaseWait: "waiting", trace.PhaseRead: "reading", trace.PhaseRedirect: "redirects",
}

// duration shows three digits at most.
func duration(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms < 0.0995:
		return fmt.Sprintf("%.2f"+glue+"ms", ms)
	case ms < 9.95:
		return fmt.Sprintf("%.1f"+glue+"ms", ms)
	case ms < 999.5:
		return fmt.Sprintf("%.0f"+glue+"ms", ms)
	case ms < 99_950:
		return fmt.Sprintf("%.1f"+glue+"s", ms/1000)
	}
	return fmt.Sprintf("%.0f"+glue+"s", ms/1000)
}

func milliseconds(ms float64) string { return duration(time.Duration(ms * float64(time.Millisecond))) }

// size is a number of octets as people say it.
func size(n int64) string {
	switch {
	case n == 1:
		return "1" + glue + "byte"
	case n < 1000:
		return fmt.Sprintf("%d"+glue+"bytes", n)
	case n < 999_950:
		return fmt.Sprintf("%.1f"+glue+"kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f"+glue+"MB", float64(n)/1e6)
}
