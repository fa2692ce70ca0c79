package explain

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// story finds the story of a name on a site, or begins it; nil if there are too many.
func (w *walk) story(u *url.URL, name string) *Story {
	key := [2]string{jar.Site(u), name}
	s := w.stories[key]
	if s == nil {
		if len(w.stories) >= maxStories {
			return nil
		}
		s = &Story{Name: name, Site: key[0], Results: map[Agreement]int{}, Causes: []*Cause{}, About: "cookie " + nameOr(name) + " of " + key[0]}
		_, s.Purpose = purposeOf(name, Value{})
		w.stories[key] = s
		w.har.Stories = append(w.har.Stories, s)
	}
	return s
}

const maxCauses = 20 // of one story

func (s *Story) cause(c Cause) *Cause {
	for _, have := range s.Causes {
		if have.Result == c.Result && have.Reason == c.Reason {
			have.Times++
			return have
		}
	}
	if len(s.Causes) >= maxCauses {
		return nil
	}
	c.Times = 1
	s.Causes = append(s.Causes, &c)
	return &c
}

// stored writes down what became of a Set-Cookie line.
func (w *walk) stored(e *harEntry, entry *Entry, v jar.Verdict) {
	w.har.Totals.SetCookies++
	if w.kept++; w.kept <= maxCompared {
		entry.SetCookies = append(entry.SetCookies, v)
	}
	s := w.story(entry.target, v.Name)
	if v.Outcome == jar.Rejected {
		w.har.Totals.Rejected++
	}
	if s == nil {
		return
	}
	s.Set++
	switch {
	case v.Outcome == jar.Rejected:
		s.Rejected++
		s.cause(Cause{Reason: v.Reasons[0], Step: v.Step, Detail: v.Detail, Fix: v.Fix, First: e.n, Browser: e.blocked[v.Name]})
	case slices.Contains(v.Reasons, jar.DeletedByMaxAge), slices.Contains(v.Reasons, jar.Expired):
		s.Deleted++
	case s.Set == 1:
		w.judgeStored(s, entry.target, &v)
	}
}

// judgeStored says what is unwise about a cookie that looks like a session; of others there would be no end.
func (w *walk) judgeStored(s *Story, u *url.URL, v *jar.Verdict) {
	value := classify(v.Cookie.Value)
	if isRedacted(v.Cookie.Value) {
		value = Value{}
	}
	f := findings{about: s.About}
	if is, _ := purposeOf(v.Name, value); is == session {
		judgeSafety(&f, v, is, value, false)
		judgeScope(&f, v, u)
		judgeValue(&f, value, is)
		f.list = slices.DeleteFunc(f.list, func(f Finding) bool { return f.Level == Note })
	}
	w.report.Findings = append(w.report.Findings, f.list...)
	if value.Kind == "token" {
		w.token(s.About+": token", strings.Trim(value.decoded, `"`), v.Cookie.Created)
	}
}

// token explains a token as it was at the time of the recording, each once.
func (w *walk) token(about, text string, at time.Time) {
	if w.tokens[text] || len(w.tokens) >= maxTokens || len(text) > maxString || strings.Count(text, ".") != 2 {
		return
	}
	w.tokens[text] = true
	now := w.Now
	w.Now = at
	w.report.Tokens = append(w.report.Tokens, w.explainToken(about, text, 0))
	w.Now = now
}

// bearer explains the token of an Authorization header.
func (w *walk) bearer(e *harEntry, u *url.URL, at time.Time) {
	scheme, credentials, _ := strings.Cut(e.requestHeaders.Get("Authorization"), " ")
	if isScheme(scheme) && looksLikeToken(credentials) {
		w.token("token sent to "+jar.Site(u), credentials, at)
	}
}

// compared writes down how one cookie of a request compares.
func (w *walk) compared(e *harEntry, entry *Entry, c Compared) {
	w.har.Totals.Comparisons[c.Result]++
	if w.kept++; w.kept <= maxCompared {
		entry.Cookies = append(entry.Cookies, c)
	}
	s := w.story(entry.target, c.Name)
	if s == nil {
		return
	}
	s.Results[c.Result]++
	var reason jar.Reason
	if len(c.Reasons) > 0 {
		reason = c.Reasons[0]
	}
	switch c.Result {
	case AgreedWithheld, SentThoughWithheld:
		s.cause(Cause{Result: c.Result, Reason: reason, Step: c.Step, Detail: c.Detail, First: e.n, Browser: c.Browser})
	case WithheldThoughSent, SentThoughRejected, OtherValue:
		s.cause(Cause{Result: c.Result, Detail: "request " + entry.Context, First: e.n, Browser: c.Browser})
	}
}

// tell ends the walk: it orders the stories and turns them into findings.
func (w *walk) tell() {
	h := w.har
	if n := len(h.Entries); n > 0 {
		h.From = h.Entries[0].At
		h.Seconds = h.Entries[n-1].At.Sub(h.From).Seconds()
	}
	slices.SortFunc(h.Stories, func(a, b *Story) int { return cmp.Or(cmp.Compare(a.Site, b.Site), cmp.Compare(a.Name, b.Name)) })
	w.judgeFile()
	for _, s := range h.Stories {
		w.judgeStory(s)
	}
	w.judgeDoubledCookies()
}

func (w *walk) judgeFile() {
	f := findings{about: "HAR"}
	switch {
	case w.file.cut != "":
		f.add(Warning, "cut", "", "Record less at once.", "Not all of the file was judged: %s.", w.file.cut)
	case len(w.file.entries) == 0:
		f.add(Warning, "empty", "", "Open the network panel first, and load the page again.", "There are no requests in the file.")
	case w.blind && w.har.Totals.SetCookies == 0:
		f.add(Warning, "no-cookies", "", "If there should be some: Chrome exports them only with sensitive data (Settings, Network: allow to generate HAR with sensitive data).",
			"There is not one cookie in the file: the site has none, or whoever made the file has taken them out.")
	case w.blind:
		f.add(Warning, "no-request-cookies", "", "Export it with sensitive data, if what was sent matters.",
			"No request has a cookie: the browser sent none, or they were taken out. Only what was set is judged.")
	}
	if w.kept > maxCompared {
		f.add(Note, "not-listed", "", "Record less at once for a full list.", "All cookies were judged, but only %d are listed one by one.", maxCompared)
	}
	if w.long > 0 {
		f.add(Warning, "line-too-long", "", "Find the server that sends it.", "%s were longer than %d octets, and were not looked at.", count(w.long, "Set-Cookie line"), maxString)
	}
	if len(w.stories) >= maxStories {
		f.add(Note, "not-listed", "", "Record less at once for a full list.", "There are more than %d different cookies; the rest is counted only.", maxStories)
	}
	w.report.Findings = append(w.report.Findings, f.list...)
}

func (w *walk) judgeStory(s *Story) {
	f := findings{about: s.About}
	for _, c := range s.Causes {
		times := ""
		if c.Times > 1 {
			times = fmt.Sprintf(" (%d times, first with request %d)", c.Times, c.First)
		} else {
			times = fmt.Sprintf(" (request %d)", c.First)
		}
		switch c.Result {
		case "":
			fix := "No change of the line mends it: see what the reason says."
			if c.Fix != "" {
				fix = "Have the server send the corrected line."
			}
			f.add(Problem, string(c.Reason), draftStep(c.Step), fix, "A browser refuses it%s: %s.", times, c.Detail)
		case SentThoughWithheld:
			f.add(Warning, string(c.Result), draftStep(c.Step), "Look at the request: the browser may know more than the file tells, or its settings differ.",
				"The browser sent it, where the rules would not%s: %s, %s.", times, c.Reason, c.Detail)
		case SentThoughRejected:
			f.add(Warning, string(c.Result), "", "Clear the site's cookies and record again.", "The browser sent it, though its Set-Cookie line is refused%s: it had one from before.", times)
		case WithheldThoughSent:
			f.add(Warning, string(c.Result), "", "Look whether script deleted it, the request was made without credentials, or a setting blocks cookies of third parties.",
				"The browser did not send it, where the rules would%s.%s", times, browserSays(c.Browser))
		}
	}
	w.report.Findings = append(w.report.Findings, f.list...)
}

func browserSays(reasons []string) string {
	if len(reasons) == 0 {
		return ""
	}
	return " The browser says: " + strings.Join(reasons, ", ") + "."
}

// judgeDoubledCookies finds names that a request sent twice.
func (w *walk) judgeDoubledCookies() {
	type doubled struct{ times, first int }
	found := map[string]*doubled{}
	for _, e := range w.file.entries {
		entry := w.entries[e]
		if entry.target == nil || entry.Skipped != "" {
			continue
		}
		names := map[string]int{}
		for _, c := range e.sent() {
			if names[c.Name]++; names[c.Name] == 2 && c.Name != "" {
				about := "cookie " + c.Name + " of " + jar.Site(entry.target)
				if found[about] == nil && len(found) < maxStories {
					found[about] = &doubled{first: e.n}
				}
				if d := found[about]; d != nil {
					d.times++
				}
			}
		}
	}
	for _, s := range w.har.Stories {
		if d := found[s.About]; d != nil {
			f := findings{about: s.About}
			f.add(Problem, "duplicate-cookie", "6265bis section 4.2.2", "Find who set the second one (another Path, or another host with a Domain), and delete it.",
				"%s, first request %d, carried it twice with one name, and nothing tells the server which is right.", capitalCount(d.times, "request"), d.first)
			w.report.Findings = append(w.report.Findings, f.list...)
		}
	}
}

func capitalCount(n int, noun string) string {
	if n == 1 {
		return "One " + noun
	}
	return count(n, noun)
}
