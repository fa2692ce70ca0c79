package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// vector is a story about cookies that can be told to a browser and to a jar.
type vector struct {
	name   string
	steps  []step
	ask    string // the address that is asked for in the end
	script bool   // or there a script reads document.cookie
}

// step is one response that sets cookies, or a script of a page that does it line by line.
type step struct {
	at     string
	script bool
	lines  []string
}

// account is what somebody made of a vector.
type account struct {
	lines    []ruling          // of each line, in order
	store    []string          // what is kept in the end, sorted
	header   string            // what is sent in the end, or what the script reads
	withheld map[string]ruling // by cookie
}

// play tells the browser a vector.
func (b *witness) play(v vector, now time.Time) (a account) {
	b.t.Helper()
	b.forget()
	for _, s := range v.steps {
		link := address(b.t, s.at).String()
		if s.script {
			b.page(link)
			for _, line := range s.lines {
				eval[string](b.browser, fmt.Sprintf("document.cookie = %s", quoted(b.t, line)))
				a.lines = append(a.lines, ruling{unknown: true})
			}
			continue
		}
		b.web.serve(link, answer{setCookie: s.lines})
		x := b.exchange(link, func() { b.goTo(link) })
		a.lines = append(a.lines, b.rulings(s.lines, x.blocked)...)
	}
	a.store = b.keeps(now)
	link := address(b.t, v.ask).String()
	if v.script {
		b.page(link)
		a.header = eval[string](b.browser, "document.cookie")
		return a
	}
	b.web.serve(link, answer{})
	x := b.exchange(link, func() { b.goTo(link) })
	a.header, _ = b.web.header(link)
	a.withheld = withheld(x.associated)
	return a
}

// keeps is everything in the browser's store, keeps of a jar the same.
func (b *witness) keeps(now time.Time) (all []string) {
	b.t.Helper()
	for _, c := range b.stored() {
		all = append(all, kept(now, theirs(c)))
	}
	slices.Sort(all)
	return all
}

func keeps(j *jar.Jar, now time.Time) (all []string) {
	for _, c := range j.All() {
		all = append(all, kept(now, c))
	}
	slices.Sort(all)
	return all
}

// page makes sure that the browser shows a page of an address.
func (b *witness) page(link string) {
	b.t.Helper()
	b.web.serve(link, answer{body: "page"})
	if b.where() != link {
		b.visit(link)
	}
}

// tell tells a jar the same vector.
func tell(t *testing.T, j *jar.Jar, v vector, now time.Time) (a account) {
	t.Helper()
	for _, s := range v.steps {
		a.lines = append(a.lines, verdicts(j.Set(jar.Request{URL: address(t, s.at), Script: s.script}, s.lines...))...)
	}
	a.store = keeps(j, now)
	var verdicts []jar.Verdict
	a.header, verdicts = j.Match(jar.Request{URL: address(t, v.ask), Script: v.script})
	if !v.script { // the browser does not say what it keeps from a script
		a.withheld = heldBack(verdicts)
	}
	return a
}

// theirs is a cookie of the browser as the jar has cookies.
func theirs(c *network.Cookie) jar.Cookie {
	ours := jar.Cookie{
		Name: c.Name, Value: c.Value, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly,
		Domain: strings.TrimPrefix(c.Domain, "."), HostOnly: !strings.HasPrefix(c.Domain, "."),
		SameSite: map[network.CookieSameSite]http.SameSite{
			network.CookieSameSiteStrict: http.SameSiteStrictMode,
			network.CookieSameSiteLax:    http.SameSiteLaxMode,
			network.CookieSameSiteNone:   http.SameSiteNoneMode,
			"":                           http.SameSiteDefaultMode,
		}[c.SameSite],
	}
	if c.PartitionKey != nil {
		ours.Partition = c.PartitionKey.TopLevelSite
	}
	if !c.Session {
		ours.Persistent, ours.Expires = true, time.UnixMilli(int64(c.Expires*1000))
	}
	return ours
}

// key tells the cookies of one store apart.
func key(c jar.Cookie) string {
	return fmt.Sprintf("%s at %s%s host-only=%t %s", c.Name, c.Domain, c.Path, c.HostOnly, c.Partition)
}

// kept is everything about a cookie in a store. The browser and the jar are not told at the same moment.
func kept(now time.Time, c jar.Cookie) string {
	life := "until closed"
	if c.Persistent {
		life = c.Expires.Sub(now).Round(10 * time.Minute).String()
	}
	return fmt.Sprintf("%s=%s secure=%t httponly=%t samesite=%d %s", key(c), c.Value, c.Secure, c.HTTPOnly, c.SameSite, life)
}

func quoted(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// corpora are vectors that others wrote. What they expect does not count here: the browser decides.
func corpora(t *testing.T) (all []vector) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testenv.Vectors(t), "wpt-cookies", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of web-platform-tests, %v", len(files), err)
	}
	for _, file := range append(files, filepath.Join(testenv.Vectors(t), "http-state", "http-state-6265bis.json")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var rows []struct {
			ID                          string
			API, GetAPI, SetURL, GetURL string
			SetCookie                   []string
			Disabled                    any
		}
		if err := json.Unmarshal(text, &rows); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			script := r.API == "dom"
			if !script && slices.ContainsFunc(r.SetCookie, func(line string) bool { return strings.ContainsAny(line, "\r\n\x00") }) {
				continue // on the wire the line ends there, or the response is broken: it never comes to a jar
			}
			all = append(all, vector{
				name:   strings.TrimPrefix(filepath.Base(filepath.Dir(file))+"/", "wpt-cookies/") + r.ID,
				steps:  []step{{r.SetURL, script, r.SetCookie}},
				ask:    r.GetURL,
				script: script && r.GetAPI == "dom",
			})
		}
	}
	return all
}
