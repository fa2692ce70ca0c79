package jar

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// SetCookies implements [http.CookieJar]: the cookies are those of a response to a person's own request. What the jar
// refuses is refused in silence; use [Jar.Set] to know why.
func (j *Jar) SetCookies(u *url.URL, cookies []*http.Cookie) { j.setCookies(u, cookies, time.Now()) }

func (j *Jar) setCookies(u *url.URL, cookies []*http.Cookie, now time.Time) {
	c := j.context(Request{URL: u}, now)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.journal.tick(c.now)
	for _, h := range cookies {
		l := fromHTTP(h, c.now)
		if v := j.judge(&c, &l); v.Outcome == Stored {
			j.insert(&c, &l, &v)
		}
	}
}

// fromHTTP is parse for a line that net/http has taken apart, or that a program has put together. The date is read again
// from its text if that is there: net/http does not know all that browsers do.
func fromHTTP(h *http.Cookie, now time.Time) line {
	value := h.Value
	if h.Quoted {
		value = `"` + value + `"`
	}
	l := line{
		name: trim(h.Name), value: trim(value), control: firstControl(h.Name + value + h.Path + h.Domain),
		secure: h.Secure, httpOnly: h.HttpOnly, partitioned: h.Partitioned, sameSite: http.SameSiteDefaultMode,
	}
	l.read("Domain="+h.Domain, now)
	l.read("Path="+h.Path, now)
	l.read("SameSite="+formatSameSite(h.SameSite), now)
	switch {
	case h.RawExpires != "":
		l.read("Expires="+h.RawExpires, now)
	case !h.Expires.IsZero():
		l.expires = cap400(h.Expires, now)
	}
	if h.MaxAge != 0 {
		l.read("Max-Age="+strconv.Itoa(h.MaxAge), now)
	}
	return l
}

// Cookies implements [http.CookieJar]. A cookie without a name is left out: net/http would send it with one.
func (j *Jar) Cookies(u *url.URL) []*http.Cookie { return j.cookies(u, time.Now()) }

func (j *Jar) cookies(u *url.URL, now time.Time) []*http.Cookie {
	c := j.context(Request{URL: u}, now)
	j.mu.Lock()
	defer j.mu.Unlock()
	var few [32]*entry
	list := j.sendable(&c, few[:0])
	j.use(list, c.now)
	if len(list) == 0 {
		return nil
	}
	cookies, out := make([]http.Cookie, len(list)), make([]*http.Cookie, 0, len(list))
	for i, e := range list {
		if e.Name == "" {
			continue
		}
		h := &cookies[i]
		h.Name, h.Value = e.Name, e.Value
		if n := len(h.Value); n > 1 && h.Value[0] == '"' && h.Value[n-1] == '"' {
			h.Value, h.Quoted = h.Value[1:n-1], true
		}
		out = append(out, h)
	}
	return out
}

var _ http.CookieJar = (*Jar)(nil)
