package explain

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

const (
	maxCompared = 300_000 // comparisons and verdicts that are kept one by one; the rest is only counted
	maxStories  = 5_000
)

// A walk goes through a recording in the order of time with one jar.
type walk struct {
	*explainer
	file    *harFile
	har     *HAR
	jar     *jar.Jar
	entries map[*harEntry]*Entry
	pages   map[string]*harPage // as they are at the moment
	stories map[[2]string]*Story
	hosts   map[string]map[string]bool // names that requests to a host have sent; nil before the first
	kept    int
	long    int  // Set-Cookie lines that were too long to look at
	blind   bool // the file has no cookies of requests
	tokens  map[string]bool
}

func newWalk(e *explainer, file *harFile) *walk {
	profile := e.Profile
	name := "rfc"
	if profile == nil {
		if p, ok := jar.FindProfile(browserOf(file.creator)); ok && p.Name != "rfc" {
			profile = p
			e.assume("The rules are those of " + p.Name + ", which made the recording; --profile takes others.")
		}
	}
	if profile != nil {
		name = profile.Name
	}
	return &walk{
		explainer: e, file: file,
		jar:     newJar(profile),
		entries: map[*harEntry]*Entry{}, pages: map[string]*harPage{}, stories: map[[2]string]*Story{},
		hosts: map[string]map[string]bool{}, tokens: map[string]bool{},
		har: &HAR{Creator: file.creator, Profile: name, Cut: file.cut, Entries: []*Entry{}, Stories: []*Story{},
			Totals: Totals{Comparisons: map[Agreement]int{}}},
	}
}

// browserOf names the profile of the browser that wrote a file: Chrome and Edge sign as WebInspector, Safari as WebKit Web
// Inspector.
func browserOf(creator string) string {
	lower := strings.ToLower(creator)
	switch {
	case strings.Contains(lower, "firefox"):
		return "firefox"
	case strings.Contains(lower, "webkit"), strings.Contains(lower, "safari"):
		return "safari"
	case strings.HasPrefix(lower, "webinspector"), strings.Contains(lower, "chrom"), strings.Contains(lower, "edge"):
		return "chrome"
	}
	return "rfc"
}

func (w *walk) walk() {
	events := w.events()
	w.blind = !slices.ContainsFunc(w.file.entries, (*harEntry).sendsCookies)
	for _, ev := range events {
		if ev.response {
			w.response(ev.entry, ev.at)
		} else {
			w.request(ev.entry, ev.at)
		}
	}
	w.tell()
}

// request compares what the browser sent with what the jar would send.
func (w *walk) request(e *harEntry, at time.Time) {
	entry := &Entry{N: e.n, At: at.UTC(), Method: e.method, URL: e.url, Status: e.status, SetCookies: []jar.Verdict{}, Cookies: []Compared{}}
	w.entries[e] = entry
	w.har.Entries = append(w.har.Entries, entry)
	w.har.Totals.Requests++
	u := e.target()
	if u == nil {
		entry.URL, entry.Skipped = cutURL(e.url), "it is no request over http"
		return
	}
	entry.target, entry.around = u, e.surroundings(u, w.pages[e.page])
	entry.Context = entry.around.says
	if !entry.around.embedded && e.page != "" {
		w.pages[e.page] = &harPage{u, e.follows()}
	}
	switch {
	case e.cached:
		entry.Skipped = "the answer came from the browser's cache"
	case e.service:
		entry.Skipped = "a service worker answered"
	case e.status == 0 && !e.sendsCookies():
		entry.Skipped = "there was no answer"
	case e.withoutCredentials(u):
		entry.Skipped = "a fetch to another origin without credentials: no cookies are sent or stored"
	}
	if entry.Skipped != "" {
		return
	}
	w.har.Totals.Judged++
	if w.blind {
		return
	}
	_, verdicts := w.jar.Match(entry.asked(at))
	w.compare(e, entry, e.sent(), verdicts)
	w.bearer(e, u, at)
}

// asked is the request as a jar sees it.
func (e *Entry) asked(at time.Time) jar.Request {
	return jar.Request{URL: e.target, Method: e.Method, Site: e.around.site, Embedded: e.around.embedded, Now: at}
}

func cutURL(u string) string {
	const most = 200
	if len(u) > most {
		return strings.ToValidUTF8(u[:most], "") + "…"
	}
	return u
}

// response gives the jar what the response set.
func (w *walk) response(e *harEntry, at time.Time) {
	entry := w.entries[e]
	if entry == nil || entry.target == nil || entry.Skipped != "" {
		return
	}
	lines, long := e.setCookies()
	if long {
		w.long++
	}
	if len(lines) == 0 {
		return
	}
	for _, v := range w.jar.Set(entry.asked(at), lines...) {
		w.stored(e, entry, v)
	}
}

// compare pairs what was sent with what the jar says.
func (w *walk) compare(e *harEntry, entry *Entry, sent []*http.Cookie, verdicts []jar.Verdict) {
	used := make([]bool, len(verdicts))
	find := func(name string, fits func(v *jar.Verdict) bool) *jar.Verdict {
		for i := range verdicts {
			if v := &verdicts[i]; !used[i] && v.Name == name && fits(v) {
				used[i] = true
				return v
			}
		}
		return nil
	}
	names := map[string]bool{}
	for _, c := range sent {
		result := Compared{Name: c.Name, Browser: e.blocked[c.Name]}
		isSent := func(v *jar.Verdict) bool { return v.Outcome == jar.Sent }
		same := func(v *jar.Verdict) bool { return isSent(v) && v.Cookie.Value == c.Value }
		held := func(v *jar.Verdict) bool { return v.Outcome == jar.Withheld }
		switch {
		case find(c.Name, same) != nil:
			result.Result = AgreedSent
		case find(c.Name, isSent) != nil:
			result.Result = OtherValue
			if isRedacted(c.Value) {
				result.Result = AgreedSent
			}
		default:
			if v := find(c.Name, held); v != nil {
				result.Result, result.Reasons, result.Step, result.Detail = SentThoughWithheld, v.Reasons, v.Step, v.Detail
			} else {
				result.Result = w.origin(entry.target, c.Name)
			}
		}
		names[c.Name] = true
		w.compared(e, entry, result)
	}
	for i := range verdicts {
		v := &verdicts[i]
		if used[i] || v.Outcome == jar.Withheld && slices.Contains(v.Reasons, jar.DomainMismatch) {
			continue
		}
		result := Compared{Name: v.Name, Result: AgreedWithheld, Reasons: v.Reasons, Step: v.Step, Detail: v.Detail, Browser: e.blocked[v.Name]}
		if v.Outcome == jar.Sent {
			result.Result = WithheldThoughSent
			if e.requestHeaders.Get("Sec-Fetch-Storage-Access") == "none" && entry.crossSite() {
				result.Result, result.Reasons = AgreedWithheld, []jar.Reason{jar.ThirdPartyPhaseout}
				result.Detail = "this browser blocks cookies of embedded sites (Sec-Fetch-Storage-Access: none)"
			}
		}
		w.compared(e, entry, result)
	}
	w.remember(entry.target.Host, names)
}

// crossSite: the request is a part of another site's page.
func (e *Entry) crossSite() bool {
	return e.around.embedded && e.around.site != nil && jar.Site(e.around.site) != jar.Site(e.target)
}

// origin is where a cookie comes from that the jar does not have.
func (w *walk) origin(u *url.URL, name string) Agreement {
	if s := w.stories[[2]string{jar.Site(u), name}]; s != nil && s.Rejected > 0 && s.Set == s.Rejected {
		return SentThoughRejected
	}
	if before := w.hosts[u.Host]; before != nil && !before[name] {
		return ByScript
	}
	return FromBefore
}

// remember keeps which names a host was sent, so that what is new can be told from what was there before.
func (w *walk) remember(host string, names map[string]bool) {
	const most = 1000
	have := w.hosts[host]
	if have == nil {
		if len(w.hosts) >= maxStories {
			return
		}
		have = map[string]bool{}
		w.hosts[host] = have
	}
	for name := range names {
		if len(have) < most {
			have[name] = true
		}
	}
}
