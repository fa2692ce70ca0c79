package jar

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A model is the draft read aloud: a list of cookies, each step in its order, no index and no care for speed. It stops at
// the first step that refuses.
type model struct {
	cookies  []*modelCookie
	limits   Profile
	loopback bool
	made     int
	places   map[*url.URL]modelPlace
}

// A modelPlace is a URL's host and registrable domain, found once.
type modelPlace struct{ host, site string }

func (m *model) place(u *url.URL) modelPlace {
	p, ok := m.places[u]
	if !ok {
		host, _ := canonicalHost(u.Hostname())
		p = modelPlace{host, registrable(host)}
		m.places[u] = p
	}
	return p
}

type modelCookie struct {
	name, value, domain, path, partition string
	site                                 string // the registrable domain
	hostOnly, secure, httpOnly           bool
	persistent                           bool
	sameSite                             http.SameSite
	expires, accessed                    time.Time
	made                                 int
}

func (m *model) secure(r Request) bool {
	h := m.place(r.URL).host
	return r.URL.Scheme == "https" || m.loopback && (h == "localhost" || strings.HasSuffix(h, ".localhost") || h == "127.0.0.1" || h == "[::1]")
}

// site is the site of the request, and of the page that made it.
func (m *model) sites(r Request) (to, from string) {
	to = r.URL.Scheme + "://" + m.place(r.URL).site
	if r.Site == nil {
		return to, to
	}
	return to, r.Site.Scheme + "://" + m.place(r.Site).site
}

func modelDomainMatch(host, domain string) bool {
	if host == domain {
		return true
	}
	return strings.HasSuffix(host, "."+domain) && host != "127.0.0.1" && host != "[::1]"
}

func modelPathMatch(request, cookie string) bool {
	switch {
	case request == cookie:
		return true
	case strings.HasPrefix(request, cookie) && strings.HasSuffix(cookie, "/"):
		return true
	}
	return strings.HasPrefix(request, cookie+"/")
}

// set returns the step that refused, "" if none did.
func (m *model) set(r Request, text string, now time.Time) string {
	m.expire(now)
	host, site := m.place(r.URL).host, m.place(r.URL).site

	// 5.6
	for _, c := range []byte(text) {
		if c <= 8 || 0x0A <= c && c <= 0x1F || c == 0x7F {
			return "5.6/1"
		}
	}
	parts := strings.Split(text, ";")
	i := strings.Index(parts[0], "=")
	k := &modelCookie{name: strings.Trim(parts[0][:max(i, 0)], " \t"), value: strings.Trim(parts[0][i+1:], " \t")}
	if len(k.name)+len(k.value) > 4096 {
		return "5.6/5"
	}
	var domain, path string
	var hasPath, partitioned, hasMaxAge bool
	var expires, maxAge time.Time
	k.sameSite = http.SameSiteDefaultMode
	limit := now.Add(400 * 24 * time.Hour)
	for _, av := range parts[1:] {
		name, value, _ := strings.Cut(av, "=")
		name, value = strings.ToLower(strings.Trim(name, " \t")), strings.Trim(value, " \t")
		if len(value) > 1024 {
			continue
		}
		switch name {
		case "expires":
			if t, err := time.Parse(http.TimeFormat, value); err == nil {
				if expires = t; t.After(limit) {
					expires = limit
				}
			}
		case "max-age":
			n, err := strconv.Atoi(value)
			if err != nil || strings.HasPrefix(value, "+") {
				continue
			}
			if hasMaxAge, maxAge = true, (time.Time{}).Add(1); n > 0 {
				maxAge = now.Add(time.Duration(min(n, 400*24*3600)) * time.Second)
			}
		case "domain":
			domain = strings.ToLower(strings.TrimPrefix(value, "."))
		case "path":
			if hasPath = strings.HasPrefix(value, "/"); hasPath {
				path = value
			}
		case "secure":
			k.secure = true
		case "httponly":
			k.httpOnly = true
		case "samesite":
			k.sameSite = map[string]http.SameSite{"none": http.SameSiteNoneMode, "lax": http.SameSiteLaxMode, "strict": http.SameSiteStrictMode}[strings.ToLower(value)]
			if k.sameSite == 0 {
				k.sameSite = http.SameSiteDefaultMode
			}
		case "partitioned":
			partitioned = true
		}
	}

	// 5.7
	if k.name == "" && k.value == "" {
		return "5.7/2"
	}
	k.accessed = now
	if k.expires, k.persistent = maxAge, hasMaxAge; !hasMaxAge {
		k.expires, k.persistent = expires, !expires.IsZero()
	}
	asked := domain
	for _, c := range []byte(domain) {
		if c >= 0x80 {
			return "5.7/8"
		}
	}
	if domain != "" && (isPublicSuffix(domain) || len(domain) < len(site) && modelDomainMatch(site, domain)) {
		if domain != host {
			return "5.7/9.2"
		}
		domain = ""
	}
	if k.domain, k.hostOnly = domain, domain == ""; k.hostOnly {
		k.domain = host
	} else if !modelDomainMatch(host, domain) {
		return "5.7/10.1"
	}
	k.site = site
	if k.path = path; !hasPath {
		k.path = "/"
		if i := strings.LastIndex(r.URL.Path, "/"); i > 0 {
			k.path = r.URL.Path[:i]
		}
	}
	if k.secure && !m.secure(r) {
		return "5.7/13"
	}
	if k.httpOnly && r.Script {
		return "5.7/15"
	}
	if !k.secure && !m.secure(r) {
		for _, o := range m.cookies {
			// The draft does not ask for the same registrable domain: see coversSecure.
			if o.name == k.name && o.secure && o.partition == "" && o.site == site && (modelDomainMatch(o.domain, k.domain) || modelDomainMatch(k.domain, o.domain)) && modelPathMatch(k.path, o.path) {
				return "5.7/16"
			}
		}
	}
	to, from := m.sites(r)
	if k.sameSite != http.SameSiteNoneMode && to != from && (r.Script || r.Embedded) {
		return "5.7/18.4"
	}
	if k.sameSite == http.SameSiteNoneMode && !k.secure {
		return "5.7/19"
	}
	if step := modelPrefix(k, asked, hasPath, r.Script); step != "" {
		return step
	}
	if partitioned {
		if !k.secure {
			return "CHIPS"
		}
		if k.partition = to; r.Embedded {
			k.partition = from
		}
	}
	m.made++
	k.made = m.made
	for i, o := range m.cookies {
		if o.name == k.name && o.domain == k.domain && o.hostOnly == k.hostOnly && o.path == k.path && o.partition == k.partition {
			if r.Script && o.httpOnly {
				return "5.7/23.2"
			}
			k.made = o.made
			m.cookies = slices.Delete(m.cookies, i, i+1)
			break
		}
	}
	m.cookies = append(m.cookies, k)
	m.expire(now)
	m.evict(k)
	return ""
}

func modelPrefix(k *modelCookie, domain string, hasPath, script bool) string {
	starts := func(prefix string) bool { return strings.HasPrefix(strings.ToLower(k.name), prefix) }
	if k.name == "" {
		v := strings.ToLower(k.value)
		for _, p := range []string{"__secure-", "__host-", "__http-", "__host-http-"} {
			if strings.HasPrefix(v, p) {
				return "5.7/22"
			}
		}
		return ""
	}
	if starts("__secure-") && !k.secure {
		return "5.7/20"
	}
	if starts("__host-") {
		switch {
		case !k.secure:
			return "5.7/21.1"
		case domain != "":
			return "5.7/21.2"
		case !hasPath || k.path != "/":
			return "5.7/21.3"
		}
	}
	if starts("__http-") && (!k.secure || !k.httpOnly || script) {
		return "layered-cookies/15"
	}
	if starts("__host-http-") && (!k.httpOnly || script) {
		return "layered-cookies/16"
	}
	return ""
}

func (m *model) expire(now time.Time) {
	m.cookies = slices.DeleteFunc(m.cookies, func(k *modelCookie) bool { return k.persistent && !k.expires.After(now) })
}

// evict takes out the one used longest ago among those that are meant, the one made first among equals.
func (m *model) evict(new *modelCookie) {
	put := func(meant func(*modelCookie) bool) bool {
		oldest := -1
		for i, k := range m.cookies {
			if !meant(k) {
				continue
			}
			if oldest < 0 || k.accessed.Before(m.cookies[oldest].accessed) || k.accessed.Equal(m.cookies[oldest].accessed) && k.made < m.cookies[oldest].made {
				oldest = i
			}
		}
		if oldest >= 0 {
			m.cookies = slices.Delete(m.cookies, oldest, oldest+1)
		}
		return oldest >= 0
	}
	together := func(k *modelCookie) bool {
		return k.site == new.site && k.partition == new.partition
	}
	count := func() (n, size int) {
		for _, k := range m.cookies {
			if together(k) {
				n, size = n+1, size+len(k.name)+len(k.value)
			}
		}
		return n, size
	}
	for n, _ := count(); n > m.limits.MaxPerDomain; n, _ = count() {
		if !put(func(k *modelCookie) bool { return together(k) && !k.secure }) {
			put(together)
		}
	}
	for _, size := count(); new.partition != "" && size > m.limits.MaxPartition; _, size = count() {
		put(together)
	}
	for len(m.cookies) > m.limits.MaxTotal {
		put(func(*modelCookie) bool { return true })
	}
}

// get is 5.8.3.
func (m *model) get(r Request, now time.Time) string {
	m.expire(now)
	host, site := m.place(r.URL).host, m.place(r.URL).site
	to, from := m.sites(r)
	tab := to
	if r.Embedded {
		tab = from
	}
	path := r.URL.Path
	if path == "" {
		path = "/"
	}
	var list []*modelCookie
	for _, k := range m.cookies {
		switch {
		case k.hostOnly && k.domain != host:
		case !k.hostOnly && (!modelDomainMatch(host, k.domain) || len(k.domain) < len(site)): // too wide, as for step 9
		case !modelPathMatch(path, k.path):
		case k.secure && !m.secure(r):
		case k.httpOnly && r.Script:
		case k.partition != "" && k.partition != tab:
		case to != from && k.sameSite == http.SameSiteStrictMode:
		case to != from && k.sameSite != http.SameSiteNoneMode && (r.Script || r.Embedded || r.Method == "POST"):
		default:
			list = append(list, k)
		}
	}
	slices.SortFunc(list, func(a, b *modelCookie) int {
		if len(a.path) != len(b.path) {
			return len(b.path) - len(a.path)
		}
		return a.made - b.made
	})
	var pairs []string
	for _, k := range list {
		k.accessed = now
		if k.name == "" {
			pairs = append(pairs, k.value)
		} else {
			pairs = append(pairs, k.name+"="+k.value)
		}
	}
	return strings.Join(pairs, "; ")
}
