package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/explain"
	"github.com/cloakroom/cloakroom/internal/screen"
)

// reportScreen prints a report: what was read, what is made of it, and what is wrong.
type reportScreen struct {
	*screen.Screen
	report *explain.Report
}

func (s *reportScreen) print() {
	r := s.report
	for _, sentence := range r.Assumed {
		s.Text(0, screen.Span{Text: sentence, Style: screen.Faint})
	}
	if len(r.Assumed) > 0 {
		s.Gap()
	}
	for _, c := range r.SetCookies {
		s.setCookie(c)
	}
	for _, h := range r.Cookies {
		s.header(h)
	}
	if r.HAR != nil {
		s.har(r.HAR)
	}
	for _, t := range r.Tokens {
		s.token(t)
	}
	if rest := r.About("Authorization"); len(rest) > 0 {
		s.title("Authorization: Basic")
		s.findings(2, rest)
		s.Gap()
	}
	s.total()
}

func (s *reportScreen) title(format string, args ...any) {
	s.Text(0, screen.Span{Text: fmt.Sprintf(format, args...), Style: screen.Strong})
}

// total is the last line: what a person in a hurry reads.
func (s *reportScreen) total() {
	n := map[explain.Level]int{}
	for _, f := range s.report.Findings {
		n[f.Level]++
	}
	if len(s.report.Findings) == 0 {
		s.Text(0, screen.Span{Text: "Nothing is wrong with it.", Style: screen.Good})
		return
	}
	style := screen.Good
	if n[explain.Warning] > 0 {
		style = screen.Warn
	}
	if n[explain.Problem] > 0 {
		style = screen.Bad
	}
	s.Text(0, screen.Span{Text: count(n[explain.Problem], "problem") + ", " + count(n[explain.Warning], "warning") + ", " + count(n[explain.Note], "note") + ".", Style: style})
}

func (s *reportScreen) setCookie(c *explain.SetCookie) {
	s.SetCookies([]jar.Verdict{c.Verdict})
	if c.Purpose != "" {
		s.Row(4, screen.Span{Text: "name"}, 14, screen.Span{Text: "It is known: " + c.Purpose + "."})
	}
	s.Row(4, screen.Span{Text: "value"}, 14, screen.Span{Text: capital(c.Value.Says) + "."})
	if c.Outcome != jar.Rejected {
		for _, m := range c.Means {
			s.Row(4, screen.Span{Text: m.What}, 14, screen.Span{Text: m.Says})
		}
	}
	found := s.report.About(c.About)
	if c.Outcome == jar.Rejected { // the verdict has said so
		found = slices.DeleteFunc(found, func(f explain.Finding) bool { return f.Code == string(c.Reasons[0]) })
	}
	s.findings(4, found)
	s.Gap()
	if c.Token != nil {
		s.token(c.Token)
	}
}

func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func (s *reportScreen) findings(indent int, list []explain.Finding) {
	for _, level := range []explain.Level{explain.Problem, explain.Warning, explain.Note} {
		for _, f := range list {
			if f.Level == level {
				s.finding(indent, &f)
			}
		}
	}
}

func (s *reportScreen) finding(indent int, f *explain.Finding) {
	mark := screen.Span{Text: "✗", Style: screen.Bad}
	switch f.Level {
	case explain.Warning:
		mark = screen.Span{Text: "!", Style: screen.Warn}
	case explain.Note:
		mark = screen.Span{Text: "·", Style: screen.Faint}
	}
	spans := []screen.Span{{Text: f.Detail}}
	if f.Fix != "" {
		spans = append(spans, screen.Span{Text: "→", Style: screen.Good}, screen.Span{Text: f.Fix})
	}
	ref := f.Code
	if f.Ref != "" {
		ref += ", " + f.Ref
	}
	s.Row(indent, mark, indent+2, append(spans, screen.Span{Text: "(" + ref + ")", Style: screen.Faint})...)
}

func (s *reportScreen) header(h *explain.Header) {
	s.title("%s header: %s, %s", h.About, count(len(h.Pairs), "cookie"), count(h.Bytes, "octet"))
	column := 0
	for _, p := range h.Pairs {
		column = max(column, min(screen.Columns(screen.Printable(pairName(p))), 24))
	}
	shown := map[string]bool{}
	for _, p := range h.Pairs {
		spans := []screen.Span{{Text: s.Describe(p.Value.Text)}}
		if p.Purpose != "" {
			spans = append(spans, screen.Span{Text: "· " + p.Purpose})
		}
		if p.Server != "the value" {
			spans = append(spans, screen.Span{Text: "· our server: " + p.Server, Style: screen.Warn})
		}
		s.Row(2, screen.Span{Text: screen.Fit(pairName(p), 24), Style: screen.Strong}, column+4, spans...)
		if !shown[p.About] {
			s.findings(column+4, s.report.About(p.About))
		}
		shown[p.About] = true
	}
	s.findings(2, s.report.About(h.About))
	s.Gap()
	for _, p := range h.Pairs {
		if p.Token != nil {
			s.token(p.Token)
		}
	}
}

func pairName(p *explain.Pair) string {
	if p.Name == "" {
		return "(no name)"
	}
	return p.Name
}
