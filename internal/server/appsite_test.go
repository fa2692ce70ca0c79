package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

const (
	authHost, wikiHost, mailHost = "auth.example.org", "wiki.example.net", "mail.example.com"
	wikiPage                     = "https://" + wikiHost + "/page?x=1&y=a%20b"
)

// town has a sign-in and two apps, on hosts that have nothing to do with each other, behind one proxy.
func town(t testing.TB, options ...func(*app.Config)) *servertest.House {
	return servertest.StartStill(t, func(c *app.Config) {
		c.URL = "https://" + authHost
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
		c.Apps = []string{"https://" + wikiHost, "https://" + mailHost}
		for _, o := range options {
			o(c)
		}
	})
}

// walker is a browser that walks from host to host. Each host's cookies are its own.
type walker struct {
	t    testing.TB
	h    *servertest.House
	jars map[string]map[string]string
	path []string // where it was, and what it heard: "GET https://wiki.example.net/page 302"
}

func walk(t testing.TB, h *servertest.House) *walker {
	return &walker{t: t, h: h, jars: map[string]map[string]string{}}
}

// do sends one request, by way of the proxy if it is for an app.
func (b *walker) do(method, link, form string, header ...string) *http.Response {
	b.t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequest(method, link, strings.NewReader(form))
	isApp := u.Host != authHost && !strings.HasPrefix(u.Path, "/.cloakroom/")
	if isApp {
		r = httptest.NewRequest("GET", "/forward-auth/nginx", nil)
		r.Header.Set("X-Original-URL", link)
		r.Header.Set("X-Original-Method", method)
	}
	r.RemoteAddr = "192.0.2.7:1234"
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Origin", u.Scheme+"://"+u.Host)
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	for name, value := range b.jars[u.Hostname()] {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.h.Server.Public().ServeHTTP(w, r)
	a := w.Result()
	b.path = append(b.path, fmt.Sprintf("%s %s %d", method, link, a.StatusCode))
	if isApp && len(a.Cookies()) > 0 {
		b.t.Errorf("the check sets a cookie: %v", a.Cookies())
	}
	for _, c := range a.Cookies() {
		if !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
			b.t.Errorf("the cookie %v", c)
		}
		if b.jars[u.Hostname()] == nil {
			b.jars[u.Hostname()] = map[string]string{}
		}
		if b.jars[u.Hostname()][c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.jars[u.Hostname()], c.Name)
		}
	}
	return a
}

// open follows redirects to the end.
func (b *walker) open(link string) (a *http.Response, at string) {
	b.t.Helper()
	for range 20 {
		a = b.do("GET", link, "")
		next := a.Header.Get("Location")
		if next == "" {
			return a, link
		}
		u, err := url.Parse(link)
		if err != nil {
			b.t.Fatal(err)
		}
		if u, err = u.Parse(next); err != nil {
			b.t.Fatal(err)
		}
		link = u.String()
	}
	b.t.Fatalf("in circles: %s", strings.Join(b.path, "\n"))
	return nil, ""
}

// fill sends the form of a page.
func (b *walker) fill(a *http.Response, at string, fields url.Values) string {
	b.t.Helper()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, input := range strings.Split(string(body), "<input ")[1:] {
		name, _ := attribute(input, `name="`)
		if value, ok := attribute(input, `value="`); ok && strings.Contains(input[:strings.IndexByte(input, '>')], `type="hidden"`) && !fields.Has(name) {
			fields.Set(name, strings.ReplaceAll(value, "&amp;", "&"))
		}
	}
	u, err := url.Parse(at)
	if err != nil {
		b.t.Fatal(err)
	}
	a = b.do("POST", "https://"+authHost+u.Path, fields.Encode())
	if a.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("the form of %s: %s", at, a.Status)
	}
	return "https://" + authHost + a.Header.Get("Location")
}

func attribute(s, start string) (string, bool) {
	_, rest, ok := strings.Cut(s, start)
	value, _, _ := strings.Cut(rest, `"`)
	return value, ok
}

func (b *walker) signIn(a *http.Response, at string) (*http.Response, string) {
	b.t.Helper()
	if !strings.HasPrefix(at, "https://"+authHost+"/signin?") {
		b.t.Fatalf("not at the sign-in, but at %s", at)
	}
	return b.open(b.fill(a, at, url.Values{"email": {"anna@example.org"}, "password": {servertest.Password}}))
}

// arrived: the app answers, and hears who it is.
func (b *walker) arrived(a *http.Response, at, want string) {
	b.t.Helper()
	if a.StatusCode != http.StatusOK || at != want || a.Header.Get("Remote-User") == "" {
		b.t.Fatalf("at %s: %s\n%s", at, a.Status, strings.Join(b.path, "\n"))
	}
}

// TestOneSignInForHostsThatHaveNothingInCommon: sign in once, open both, end it in one place: all three refuse, and say why.
func TestOneSignInForHostsThatHaveNothingInCommon(t *testing.T) {
	h := town(t)
	h.Client().SignUp("anna@example.org")
	b := walk(t, h)
	a, at := b.open(wikiPage)
	if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https://"+wikiHost) {
		t.Errorf("the form may not lead back: %s", csp)
	}
	if body, _ := io.ReadAll(a.Body); !strings.Contains(string(body), wikiHost) {
		t.Error("the sign-in page does not say where it leads")
	} else {
		a.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	a, at = b.signIn(a, at)
	b.arrived(a, at, wikiPage)
	b.path = nil
	a, at = b.open("https://" + mailHost + "/inbox")
	b.arrived(a, at, "https://"+mailHost+"/inbox")
	if len(b.path) != 5 {
		t.Errorf("the way to the second app:\n%s", strings.Join(b.path, "\n"))
	}
	ids := map[string]bool{}
	for host, jar := range b.jars {
		ids[jar["__Host-session"]] = true
		for _, name := range []string{"__Host-session", "__Host-visit"} {
			if jar[name] == "" {
				t.Errorf("%s has no %s", host, name)
			}
		}
	}
	if len(ids) != 3 {
		t.Errorf("%d session cookies for three hosts", len(ids))
	}
	// No cookie opens another door.
	for from := range b.jars {
		for to := range b.jars {
			thief := walk(t, h)
			thief.jars[to] = map[string]string{"__Host-session": b.jars[from]["__Host-session"]}
			path := "/"
			if to == authHost {
				path = "/api/me"
			}
			if a := thief.do("GET", "https://"+to+path, ""); (a.StatusCode == http.StatusOK) != (from == to) {
				t.Errorf("the cookie of %s at %s: %s", from, to, a.Status)
			}
		}
	}

	if a := b.do("GET", "https://"+mailHost+"/.cloakroom/signout", ""); a.Header.Get("Location") != "https://"+authHost+"/account" {
		t.Errorf("GET signs nobody out: %s %s", a.Status, a.Header.Get("Location"))
	}
	if a := b.do("POST", "https://"+mailHost+"/.cloakroom/signout", "", "Origin: https://"+wikiHost); a.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another app: %s", a.Status)
	}
	for _, host := range []string{wikiHost, mailHost} {
		if a := b.do("GET", "https://"+host+"/", ""); a.StatusCode != http.StatusOK {
			t.Fatalf("and still %s refuses", host)
		}
	}
	if a := b.do("POST", "https://"+mailHost+"/.cloakroom/signout", ""); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "https://"+authHost+"/signin" {
		t.Errorf("signing out: %s %s", a.Status, a.Header.Get("Location"))
	}
	if b.jars[mailHost]["__Host-session"] != "" {
		t.Error("the session cookie is still there")
	}
	for link, want := range map[string]string{
		"https://" + wikiHost + "/": "signed-out", "https://" + mailHost + "/": "no-credentials", "https://" + authHost + "/api/me": "signed-out",
	} {
		a := b.do("GET", link, "")
		body, _ := io.ReadAll(a.Body)
		if a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.Header.Get("X-Cloakroom-Reason")+string(body), want) {
			t.Errorf("%s after signing out elsewhere: %s %q %s", link, a.Status, a.Header.Get("X-Cloakroom-Reason"), body)
		}
	}
	a, at = b.open(wikiPage)
	if body, _ := io.ReadAll(a.Body); !strings.Contains(string(body), "signed out") {
		t.Errorf("%s does not say that it was signed out", at)
	}
}

// TestACodeThatIsNotOnesOwn_T8: stolen, replayed, late and foreign codes.
func TestACodeThatIsNotOnesOwn_T8(t *testing.T) {
	h := town(t)
	h.Client().SignUp("anna@example.org")
	b := walk(t, h)
	b.signIn(b.open(wikiPage))
	refused := func(what string, by *walker, link, why string) {
		t.Helper()
		a := by.do("GET", link, "")
		if !strings.HasPrefix(a.Header.Get("Location"), "https://"+authHost+"/diagnosis?") || !strings.Contains(a.Header.Get("Location"), "why="+why) {
			t.Errorf("%s: %s %s, want %s", what, a.Status, a.Header.Get("Location"), why)
		}
		for _, c := range a.Cookies() {
			if c.Name == "__Host-session" {
				t.Errorf("%s: opens a session", what)
			}
		}
	}
	thief := walk(t, h)
	refused("stolen, by a browser that was never here", thief, b.codeFor(mailHost), "visit-cookie-lost")
	thief.do("GET", "https://"+mailHost+"/.cloakroom/start?return_to=/", "")
	stolen := b.codeFor(mailHost)
	refused("stolen, by a browser that was here", thief, stolen, "foreign-code")
	refused("and now it is worth nothing to its owner", b, stolen, "invalid-link")
	delete(b.jars[wikiHost], "__Host-session")
	refused("of another host", b, strings.Replace(b.codeFor(mailHost), mailHost, wikiHost, 1), "foreign-code")
	mine := b.codeFor(mailHost)
	if a := b.do("GET", mine, ""); a.Header.Get("Location") != "https://"+mailHost+"/x" {
		t.Fatalf("its own code: %s %s", a.Status, a.Header.Get("Location"))
	}
	if a := b.do("GET", mine, ""); a.Header.Get("Location") != "https://"+mailHost+"/" {
		t.Errorf("the way back in the history: %s %s", a.Status, a.Header.Get("Location"))
	}
	delete(b.jars[mailHost], "__Host-session")
	refused("replayed", b, mine, "invalid-link")
	for _, bad := range []string{"", "x", strings.Repeat("A", 43)} {
		refused("made up", b, "https://"+mailHost+"/.cloakroom/enter?code="+bad, "invalid-link")
	}
}

// TestTheWayToAnAppIsForAppsAlone: nobody is led to a host that nobody named (AU-33), and nothing is issued for one.
func TestTheWayToAnAppIsForAppsAlone_AU33(t *testing.T) {
	h := town(t)
	h.Client().SignUp("anna@example.org")
	b := walk(t, h)
	b.signIn(b.open(wikiPage))
	visit := strings.Repeat("A", 43)
	for _, origin := range []string{"https://evil.test", "http://" + wikiHost, "https://" + wikiHost + ":8443", "https://" + wikiHost + "/x", "https://" + wikiHost + "@evil.test", "https://" + authHost, "", wikiHost,
		"https://" + wikiHost + ".evil.test", "https://x." + wikiHost, "//" + wikiHost, "javascript:1"} {
		a := b.do("GET", "https://"+authHost+"/handover?"+url.Values{"app": {origin}, "return_to": {"/"}, "visit": {visit}}.Encode(), "")
		if a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" {
			t.Errorf("%q: %s %s", origin, a.Status, a.Header.Get("Location"))
		}
	}
	for _, host := range []string{"evil.test", authHost, "x." + wikiHost, wikiHost + ":8443"} {
		for _, path := range []string{"start", "enter", "signout"} {
			if a := b.do("GET", "https://"+host+"/.cloakroom/"+path, ""); a.StatusCode != http.StatusForbidden || len(a.Cookies()) > 0 {
				t.Errorf("%s at %s: %s %v", path, host, a.Status, a.Cookies())
			}
		}
	}
	for target, want := range map[string]string{
		"/a?b=c&d=%2F": "/a?b=c&d=%2F", "//evil.test": "/", "https://evil.test/": "/", `/\evil.test`: "/", "": "/", "x": "/", "/.cloakroom/start": "/", "/\tx": "/",
	} {
		a := b.do("GET", "https://"+wikiHost+"/.cloakroom/start?"+url.Values{"return_to": {target}}.Encode(), "")
		u, err := url.Parse(a.Header.Get("Location"))
		if err != nil || u.Host != authHost || u.Query().Get("return_to") != want {
			t.Errorf("to %q: %s", target, a.Header.Get("Location"))
		}
		b.jars[wikiHost] = map[string]string{}
	}
	// What X-Forwarded-Host says is believed from a proxy alone.
	for from, want := range map[string]int{"192.0.2.7:1": http.StatusSeeOther, "198.51.100.1:1": http.StatusForbidden} {
		r := httptest.NewRequest("GET", "https://inner/.cloakroom/start", nil)
		r.RemoteAddr = from
		r.Header.Set("X-Forwarded-Host", wikiHost)
		w := httptest.NewRecorder()
		if h.Server.Public().ServeHTTP(w, r); w.Code != want {
			t.Errorf("from %s: %d", from, w.Code)
		}
	}
}

// TestWhoGoesInCirclesIsTold: five times a minute, and then what is wrong.
func TestWhoGoesInCirclesIsTold(t *testing.T) {
	h := town(t)
	h.Client().SignUp("anna@example.org")
	start := "https://" + wikiHost + "/.cloakroom/start?return_to=/"
	for _, c := range []struct {
		what, cookie, why string
	}{
		{"the session cookie does not stay", "", "session-cookie-lost"},
		{"the check is asked without cookies", "own", "check-without-cookie"},
		{"an app has a cookie of the same name", strings.Repeat("B", 43), "session-cookie-foreign"},
	} {
		b := walk(t, h)
		a, at := b.open(wikiPage)
		b.signIn(a, at)
		switch c.cookie {
		case "own":
		case "":
			delete(b.jars[wikiHost], "__Host-session")
		default:
			b.jars[wikiHost]["__Host-session"] = c.cookie
		}
		for i := range 4 { // the first was that of signing in
			if a := b.do("GET", start, ""); strings.Contains(a.Header.Get("Location"), "/diagnosis") {
				t.Errorf("%s: told after %d times", c.what, i+2)
			}
		}
		if a := b.do("GET", start, ""); !strings.Contains(a.Header.Get("Location"), "why="+c.why) {
			t.Errorf("%s: %s", c.what, a.Header.Get("Location"))
		}
	}
}

// codeFor walks until a code is in the browser's hands.
func (b *walker) codeFor(host string) (link string) {
	b.t.Helper()
	start := b.do("GET", "https://"+host+"/.cloakroom/start?return_to=/x", "")
	over := b.do("GET", start.Header.Get("Location"), "")
	if link = over.Header.Get("Location"); !strings.HasPrefix(link, "https://"+host+"/.cloakroom/enter?code=") {
		b.t.Fatalf("no code: %s %s", over.Status, link)
	}
	return link
}

// TestWhoIsLateBeginsAnew: a code is good for a minute and for a session that lives. Whoever comes later is sent to the start, which asks nothing of somebody
// who is signed in.
func TestWhoIsLateBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := town(t)
		h.Client().SignUp("anna@example.org")
		b := walk(t, h)
		b.signIn(b.open(wikiPage))
		again := "https://" + mailHost + "/.cloakroom/start?return_to=%2F"

		link := b.codeFor(mailHost)
		time.Sleep(time.Minute)
		if a := b.do("GET", link, ""); a.Header.Get("Location") != "https://"+mailHost+"/x" {
			t.Errorf("in the last moment: %s %s", a.Status, a.Header.Get("Location"))
		}
		link = b.codeFor(mailHost)
		time.Sleep(time.Minute + time.Nanosecond)
		if a := b.do("GET", link, ""); a.Header.Get("Location") != again+"x" {
			t.Errorf("too late: %s %s", a.Status, a.Header.Get("Location"))
		}
		a, at := b.open(link) // the code is worth nothing now, the session at the app is
		b.arrived(a, at, "https://"+mailHost+"/")

		link = b.codeFor(wikiHost)
		if a := b.do("POST", "https://"+mailHost+"/.cloakroom/signout", ""); a.StatusCode != http.StatusSeeOther {
			t.Fatal(a.Status)
		}
		if a := b.do("GET", link, ""); !strings.HasPrefix(a.Header.Get("Location"), "https://"+wikiHost+"/.cloakroom/start?") || b.do("GET", "https://"+wikiHost+"/", "").StatusCode != http.StatusUnauthorized {
			t.Errorf("signed out in between: %s %s", a.Status, a.Header.Get("Location"))
		}
	})
}

// TestUseOfAnAppIsUseOfTheSession: there is one idle time, which every app moves on, and after which all of them refuse (SE-07).
func TestUseOfAnAppIsUseOfTheSession_SE07(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := town(t, func(c *app.Config) { c.Idle = 10 * time.Minute })
		h.Client().SignUp("anna@example.org")
		b := walk(t, h)
		b.signIn(b.open(wikiPage))
		b.open("https://" + mailHost + "/")
		for range 5 {
			time.Sleep(9 * time.Minute)
			if a := b.do("GET", "https://"+wikiHost+"/", ""); a.StatusCode != http.StatusOK {
				t.Fatalf("used each 9 minutes: %s", a.Status)
			}
		}
		if a := b.do("GET", "https://"+mailHost+"/", ""); a.StatusCode != http.StatusOK {
			t.Errorf("the app beside it, unused for 45 minutes: %s", a.Status)
		}
		time.Sleep(10*time.Minute + time.Nanosecond)
		for _, host := range []string{wikiHost, mailHost} {
			if a := b.do("GET", "https://"+host+"/", ""); a.StatusCode != http.StatusUnauthorized || a.Header.Get("X-Cloakroom-Reason") != "idle" {
				t.Errorf("%s after the idle time: %s %q", host, a.Status, a.Header.Get("X-Cloakroom-Reason"))
			}
		}
	})
}

// TestSomebodyElseAtTheSameBrowser: a new sign-in of another account takes the place of the first everywhere.
func TestSomebodyElseAtTheSameBrowser(t *testing.T) {
	h := town(t)
	h.Client().SignUp("anna@example.org")
	h.Client().SignUp("ben@example.org")
	b := walk(t, h)
	a, at := b.signIn(b.open(wikiPage))
	b.arrived(a, at, wikiPage)
	anna := a.Header.Get("Remote-User")
	if a := b.do("POST", "https://"+authHost+"/api/signin", `{"email":"ben@example.org","password":"`+servertest.Password+`"}`, "Content-Type: application/json"); a.StatusCode != http.StatusOK {
		t.Fatal(a.Status)
	}
	if a := b.do("GET", wikiPage, ""); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("anna's name at the app outlives her session: %s", a.Status)
	}
	a, at = b.open(wikiPage)
	if b.arrived(a, at, wikiPage); a.Header.Get("Remote-User") == anna {
		t.Error("ben is taken for anna")
	}
}

// TestWhoComesOftenButNotTooOften: the minute in which the sixth time is one too many begins with the first.
func TestWhoComesOftenButNotTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := town(t)
		for wait, told := range map[time.Duration]bool{59 * time.Second: true, time.Minute: false} {
			b := walk(t, h)
			for i := range 6 {
				if i == 5 {
					time.Sleep(wait)
				}
				a := b.do("GET", "https://"+wikiHost+"/.cloakroom/start", "")
				if got := strings.Contains(a.Header.Get("Location"), "/diagnosis"); got != (told && i == 5) {
					t.Errorf("time %d, the last %v after the first: told %v", i+1, wait, got)
				}
			}
		}
	})
}
