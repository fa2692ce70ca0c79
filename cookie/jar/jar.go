package jar

import (
	"net/http"
	"net/url"
	"time"
)

// Options may be nil. The zero value is safe.
type Options struct {
	// Profile says how a browser differs from the draft; nil is the draft itself.
	Profile *Profile
	// SecureLoopback: localhost and 127.0.0.0/8 and [::1] count as secure over http too, as in Chrome, Firefox and curl.
	SecureLoopback bool
}

// A Jar is safe for concurrent use.
type Jar struct{}

// New returns an empty jar.
func New(o *Options) *Jar { return &Jar{} }

// Set stores what the Set-Cookie lines of one response say, in their order, and returns a verdict for each.
func (j *Jar) Set(r Request, lines ...string) []Verdict { return j.set(r, lines, time.Now()) }

// Match returns the Cookie header for a request, "" for none, and a verdict for each cookie of the jar that belongs to the
// request's host or could be meant for it: sent ones first, in their order.
func (j *Jar) Match(r Request) (header string, verdicts []Verdict) { return j.match(r, time.Now()) }

// Peek is Match, but does not count as a use of the cookies.
func (j *Jar) Peek(r Request) (header string, verdicts []Verdict) { return j.match(r, time.Now()) }

// All returns the cookies of the jar that have not expired, ordered by domain, path and name.
func (j *Jar) All() []Cookie { return nil }

// Close ends the browser: cookies without an expiry are gone. The jar can be used on.
func (j *Jar) Close() {}

// SetCookies implements [http.CookieJar].
func (j *Jar) SetCookies(u *url.URL, cookies []*http.Cookie) {}

// Cookies implements [http.CookieJar].
func (j *Jar) Cookies(u *url.URL) []*http.Cookie { return nil }

func (j *Jar) set(r Request, lines []string, now time.Time) []Verdict      { return nil }
func (j *Jar) match(r Request, now time.Time) (header string, v []Verdict) { return "", nil }
