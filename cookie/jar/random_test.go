package jar

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// A story draws random steps from few words, so that they meet.
type story struct {
	*rand.Rand
	urls, sites []*url.URL
	now         time.Time
}

func newStory(t *testing.T, seed uint64) *story {
	s := &story{Rand: rand.New(rand.NewPCG(seed, 0)), now: then}
	for _, host := range []string{"example.com", "www.example.com", "a.www.example.com", "example.com.", "other.net", "github.io", "me.github.io",
		"localhost", "x.localhost", "127.0.0.1", "[::1]", "kobe.jp", "city.kobe.jp", "www.city.kobe.jp", "xn--bcher-kva.example"} {
		for _, scheme := range []string{"http", "https", "https"} {
			for _, path := range []string{"", "/", "/a", "/a/", "/a/b", "/ab", "/a/b/c"} {
				s.urls = append(s.urls, mustURL(t, scheme+"://"+host+path))
			}
		}
	}
	for _, site := range []string{"https://example.com/", "http://example.com/", "https://www.example.com/", "https://other.net/", "https://me.github.io/", "https://github.io/"} {
		s.sites = append(s.sites, mustURL(t, site))
	}
	return s
}

func pick[T any](s *story, of ...T) T { return of[s.IntN(len(of))] }

func (s *story) request() Request {
	r := Request{URL: s.urls[s.IntN(len(s.urls))], Script: s.IntN(6) == 0}
	if s.IntN(3) == 0 {
		r.URL = s.urls[s.IntN(60)] // mostly the same site
	}
	if s.IntN(3) == 0 {
		r.Site, r.Embedded = s.sites[s.IntN(len(s.sites))], s.IntN(2) == 0
	}
	if s.IntN(4) == 0 {
		r.Method = "POST"
	}
	return r
}

func (s *story) line() string {
	var b strings.Builder
	b.WriteString(pick(s, "a=", "a=", "b=", "c=", "A=", "=", "", "a b=", "__Host-a=", "__host-b=", "__Secure-a=", "__Http-a=", "__Host-Http-a=", " \ta\t ="))
	b.WriteString(pick(s, "", "1", "2", "v=w", " v ", "__Host-x", strings.Repeat("v", 30)))
	for range s.IntN(6) {
		b.WriteString(pick(s, "; ", ";", " ; "))
		switch s.IntN(12) {
		case 0:
			b.WriteString(pick(s, "Domain=", "Domain=.", "domain = ") +
				pick(s, "example.com", "www.example.com", "com", "Example.com", "github.io", "me.github.io", "localhost", "127.0.0.1", "kobe.jp", "city.kobe.jp", "example.com.", "", "bücher.example", "xn--bcher-kva.example"))
		case 1, 2:
			b.WriteString("Path=" + pick(s, "/", "/", "/a", "/a/", "/a/b", "a", "", "/"+strings.Repeat("p", 1023), "/"+strings.Repeat("p", 1024)))
		case 3, 4, 5:
			b.WriteString(pick(s, "Secure", "secure", "SECURE=0"))
		case 6, 7:
			b.WriteString(pick(s, "HttpOnly", "httponly=x"))
		case 8:
			b.WriteString("SameSite=" + pick(s, "None", "none", "Lax", "Strict", "bogus", ""))
		case 9:
			b.WriteString("Max-Age=" + pick(s, "-1", "0", "1", "60", "600", "99999999999", "", "1x", "-", "+1"))
		case 10:
			b.WriteString("Expires=" + s.now.Add(pick(s, -time.Hour, time.Minute, 600*24*time.Hour)).Format(pick(s, http.TimeFormat, http.TimeFormat, "soon")))
		case 11:
			b.WriteString(pick(s, "Partitioned", "Partitioned", "Priority=High", "\x7f", ""))
		}
	}
	return b.String()
}

// A million random steps: the jar, which has an index and goes on after the first reason, against the model, which has
// neither. Limits are small, so that cookies are put out all the time.
func TestModel(t *testing.T) {
	const rounds, steps = 20, 50_000
	for round := range rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			p := rfc
			p.MaxTotal, p.MaxPerDomain, p.MaxPartition = 10+round, 3+round/3, 20+round
			if round%5 == 0 {
				p.MaxTotal, p.MaxPerDomain, p.MaxPartition = 60, 30, 300
			}
			compare(t, newStory(t, uint64(round)), p, round%2 == 1, steps)
		})
	}
}

func compare(t *testing.T, s *story, p Profile, loopback bool, steps int) {
	m := &model{limits: p, loopback: loopback, places: map[*url.URL]modelPlace{}}
	j := New(&Options{Profile: &p, SecureLoopback: loopback})
	var stored, refused, sent int
	for step := range steps {
		if s.IntN(20) == 0 {
			s.now = s.now.Add(time.Duration(s.IntN(100)) * time.Second)
		}
		r := s.request()
		where := func() string {
			return fmt.Sprintf("step %d: %s %s, page %v, embedded %t, script %t", step, r.Method, r.URL, r.Site, r.Embedded, r.Script)
		}
		if s.IntN(2) == 0 {
			got, want := j.header(r, s.now), m.get(r, s.now)
			if got != want {
				t.Fatalf("%s: %q is sent, by the model %q", where(), got, want)
			}
			if got != "" {
				sent++
			}
			continue
		}
		text := s.line()
		c := j.context(r, s.now)
		l := parse(text, c.now)
		v := j.judge(&c, &l)
		if v.Outcome == Stored {
			j.insert(&c, &l, &v)
			v.Step = ""
			stored++
		} else {
			refused++
		}
		if want := m.set(r, text, s.now); v.Step != want {
			t.Fatalf("%s: %q: %s at %q, by the model at %q", where(), text, v.Outcome, v.Step, want)
		}
	}
	if got, want := contents(j.all(s.now)), m.contents(s.now); !slices.Equal(got, want) {
		t.Fatalf("in the jar are\n%s\nby the model\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if least := steps / 10; stored < least || refused < least || sent < least {
		t.Errorf("the steps say little: %d lines stored, %d refused, %d headers that were not empty", stored, refused, sent)
	}
}

func contents(cookies []Cookie) (all []string) {
	for _, k := range cookies {
		all = append(all, fmt.Sprintln(k.Name, k.Value, k.Domain, k.HostOnly, k.Path, k.Partition, k.Secure, k.HTTPOnly, k.SameSite, k.Persistent, k.Expires.Unix(), k.Accessed))
	}
	slices.Sort(all)
	return all
}

func (m *model) contents(now time.Time) []string {
	m.expire(now)
	var all []Cookie
	for _, k := range m.cookies {
		all = append(all, Cookie{Name: k.name, Value: k.value, Domain: k.domain, HostOnly: k.hostOnly, Path: k.path, Partition: k.partition, Secure: k.secure,
			HTTPOnly: k.httpOnly, SameSite: k.sameSite, Persistent: k.persistent, Expires: k.expires, Accessed: k.accessed})
	}
	return contents(all)
}
