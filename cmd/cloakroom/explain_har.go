package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/internal/explain"
	"github.com/cloakroom/cloakroom/internal/screen"
)

// har prints a recording: first all of it in numbers, then each cookie, the ones with something to say before the others.
func (s *reportScreen) har(h *explain.HAR) {
	s.title("HAR by %s, judged as %s: %s, %s", orUnknown(h.Creator), h.Profile, count(h.Totals.Requests, "request"), count(len(h.Stories), "cookie"))
	if h.Totals.Requests > 0 {
		s.Row(2, screen.Span{Text: "recorded"}, 13, screen.Span{Text: h.From.Format("2006-01-02 15:04:05 UTC") + ", for " + lasting(time.Duration(h.Seconds*float64(time.Second)))})
	}
	if skipped := h.Totals.Requests - h.Totals.Judged; skipped > 0 {
		s.Row(2, screen.Span{Text: "judged"}, 13, screen.Span{Text: fmt.Sprintf("%s; %d went without cookies by their nature (cache, service worker, no answer, no credentials)", count(h.Totals.Judged, "request"), skipped)})
	}
	s.Row(2, screen.Span{Text: "set"}, 13, screen.Span{Text: count(h.Totals.SetCookies, "Set-Cookie line") + ", " + fmt.Sprint(h.Totals.Rejected) + " refused"})
	if text := sums(h.Totals.Comparisons, sentWays); text != "" {
		s.Row(2, screen.Span{Text: "sent"}, 13, screen.Span{Text: text})
	}
	if text := sums(h.Totals.Comparisons, heldWays); text != "" {
		s.Row(2, screen.Span{Text: "held back"}, 13, screen.Span{Text: text})
	}
	s.findings(2, s.report.About("HAR"))
	s.Gap()
	site := ""
	for _, story := range h.Stories {
		if story.Site != site {
			site = story.Site
			s.title("%s", site)
		}
		s.story(story)
	}
	if len(h.Stories) > 0 {
		s.Gap()
	}
}

func orUnknown(name string) string {
	if name == "" {
		return "an unknown program"
	}
	return name
}

// A way is a result of a comparison in words.
type way struct {
	result explain.Agreement
	says   string
}

var (
	sentWays = []way{
		{explain.AgreedSent, "as expected"},
		{explain.OtherValue, "with another value (script or another tab changed it)"},
		{explain.FromBefore, "from before the recording"},
		{explain.ByScript, "made by script or in another tab"},
		{explain.SentThoughWithheld, "though the rules would hold it back"},
		{explain.SentThoughRejected, "though its line is refused"},
	}
	heldWays = []way{
		{explain.AgreedWithheld, "as expected"},
		{explain.WithheldThoughSent, "though the rules would send it"},
	}
)

// sums says how often each of some ways was gone.
func sums(n map[explain.Agreement]int, ways []way) string {
	var parts []string
	for _, w := range ways {
		if n[w.result] > 0 {
			parts = append(parts, fmt.Sprintf("%d× %s", n[w.result], w.says))
		}
	}
	return strings.Join(parts, ", ")
}

func purpose(known string) string {
	if known == "" {
		return ""
	}
	return "(" + known + ")"
}

func (s *reportScreen) story(story *explain.Story) {
	found := s.report.About(story.About)
	mark := screen.Span{Text: "✓", Style: screen.Good}
	for _, f := range found {
		if f.Level == explain.Problem {
			mark = screen.Span{Text: "✗", Style: screen.Bad}
		} else if f.Level == explain.Warning && mark.Style == screen.Good {
			mark = screen.Span{Text: "!", Style: screen.Warn}
		}
	}
	var says []string
	if story.Set > 0 {
		text := fmt.Sprintf("set %d×", story.Set)
		if story.Rejected > 0 {
			text += fmt.Sprintf(" (%d refused)", story.Rejected)
		}
		if story.Deleted > 0 {
			text += fmt.Sprintf(" (%d to delete it)", story.Deleted)
		}
		says = append(says, text)
	}
	if text := sums(story.Results, sentWays); text != "" {
		says = append(says, "sent "+text)
	}
	if text := sums(story.Results, heldWays); text != "" {
		says = append(says, "held back "+text)
	}
	name := story.Name
	if name == "" {
		name = "(no name)"
	}
	s.Row(2, mark, 4, screen.Span{Text: screen.Fit(screen.Printable(name), 40), Style: screen.Strong}, screen.Span{Text: strings.Join(says, ", ")}, screen.Span{Text: purpose(story.Purpose), Style: screen.Faint})
	for _, c := range story.Causes {
		if c.Result == explain.AgreedWithheld {
			s.Row(4, screen.Span{Text: "·", Style: screen.Faint}, 6, screen.Span{Text: fmt.Sprintf("held back %d×: %s, %s", c.Times, c.Reason, c.Detail)})
		}
		if c.Result == "" && c.Fix != "" {
			fix := c.Fix
			if !s.Secrets {
				fix = screen.ShortSetCookie(fix)
			}
			s.Row(4, screen.Span{Text: "fix", Style: screen.Good}, 8, screen.Span{Text: "Set-Cookie: " + fix})
		}
	}
	s.findings(4, found)
}
