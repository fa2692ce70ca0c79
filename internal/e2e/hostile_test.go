package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// changing are all routes that change something, with what would make them do it (T4, AU-30 to AU-32). The password and the
// address are right: nothing but the protection stands in the way.
func changing(stranger string) []struct {
	method, path string
	fields       url.Values
} {
	const p = servertest.Password
	type f = url.Values
	return []struct {
		method, path string
		fields       url.Values
	}{
		{"POST", "/signin", f{"email": {stranger}, "password": {p}}}, // login CSRF: the victim would work in the stranger's account
		{"POST", "/signup", f{"email": {"forged@example.org"}, "password": {p}}},
		{"POST", "/setup", f{"link": {"x"}, "email": {"forged@example.org"}, "password": {p}}},
		{"POST", "/reset", f{"link": {"x"}, "new_password": {p + " forged"}}},
		{"POST", "/signout", f{}},
		{"POST", "/theme", f{"theme": {"dark"}}},
		{"POST", "/account", f{"name": {"Forged"}}},
		{"POST", "/account/sessions", f{"action": {"end-others"}}},
		{"POST", "/account/security", f{"current_password": {p}, "new_password": {p + " forged"}}},
		{"POST", "/confirm", f{"password": {p}}},
		{"POST", "/admin/invite", f{"email": {"forged@example.org"}}},
		{"POST", "/api/signup", f{"email": {"forged@example.org"}, "password": {p}}},
		{"POST", "/api/signin", f{"email": {stranger}, "password": {p}}},
		{"POST", "/api/signout", f{}},
		{"POST", "/api/token", f{"email": {stranger}, "password": {p}}},
		{"DELETE", "/api/sessions", f{}},
		{"DELETE", "/api/sessions/HANDLE", f{}},
		{"POST", "/oauth/token", f{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}},
		{"POST", "/oauth/revoke", f{"token": {"x"}}},
	}
}

// evil is another site: it posts to us whatever it likes, from a page that the victim opens.
type evil struct {
	*httptest.Server
	mu   sync.Mutex
	page string
}

func newEvil(t *testing.T) *evil {
	e := &evil{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, e.page)
	}))
	t.Cleanup(e.Close)
	return e
}

// show puts a page on the site and gives its address: on another host than ours, or on another port of ours, which for cookies
// and SameSite is the same site.
func (e *evil) show(host, page string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.page = "<!doctype html><title>win a prize</title><body>" + page
	return strings.Replace(e.URL, "127.0.0.1", host, 1)
}

// TestEvilPage: nothing that another site sends through a signed-in browser does anything.
func TestEvilPage(t *testing.T) {
	h := servertest.Start(t, nil)
	b, site := newBrowser(t), newEvil(t)
	h.Client().SignUp("stranger@example.org")
	b.signUp(h, "anna@example.org")
	h.Client().SignIn("anna@example.org") // another device, which could be ended
	before := state(t, h, b)
	handle := before.Live[1]
	token := h.Client().FormToken("/signin") // a good one, but of the stranger's browser (AU-31)
	already := len(h.Logs.String())

	routes := changing("stranger@example.org")
	var frames, scripts []string
	for i := range routes {
		c := &routes[i]
		c.path = strings.ReplaceAll(c.path, "HANDLE", handle)
		c.fields.Set("form_token", token)
		for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "application/json"} {
			if c.method == "POST" && kind != "application/json" {
				frames = append(frames, form(h.URL+c.path, kind, fmt.Sprint("f", len(frames)), c.fields))
			}
			for _, mode := range []string{"no-cors", "cors"} {
				scripts = append(scripts, fetch(h.URL+c.path, c.method, mode, kind, c.fields))
			}
		}
	}
	tried, seen := 0, map[string]int{}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		for _, c := range routes {
			if c.method == "POST" { // a whole page that turns into the answer
				tried++
				b.visit(site.show(host, form(h.URL+c.path, "application/x-www-form-urlencoded", "_self", c.fields)+send))
				b.arriveAt(h.URL + c.path)
			}
		}
		tried += len(frames) + len(scripts)
		b.visit(site.show(host, strings.Join(frames, "\n")+send))
		for _, got := range eval[[]string](b, "Promise.all(["+strings.Join(scripts, ",\n")+"])") {
			seen[got]++
		}
		// Nothing is changed by GET either (AU-32), and nobody sees what a GET says.
		b.visit(site.show(host, `<img src="`+h.URL+`/signout"><img src="`+h.URL+`/signin?email=a&amp;password=b">`))
		if got := eval[string](b, fetch(h.URL+"/api/me", "GET", "cors", "", nil)); got != "refused" {
			t.Errorf("a script of another site reads /api/me: %s", got)
		}
	}
	if after := state(t, h, b); !reflect.DeepEqual(after, before) {
		t.Errorf("%d tries changed something:\n%+v\nwas\n%+v", tried, after, before)
	}
	// Every route was really reached, and none was answered as if it had worked.
	answered, arrived := map[string]int{}, map[string]int{}
	for _, m := range request.FindAllStringSubmatch(h.Logs.String()[already:], -1) {
		if method, path, status := m[1], m[2], m[3]; method != "GET" {
			answered[status]++
			arrived[method+" "+path]++
			// Nobody's token is revoked, which RFC 7009 section 2.2 answers with 200. What reads no cookie may be asked by every origin.
			if status < "400" && path != "/oauth/revoke" && (method != "OPTIONS" || path != "/oauth/token") {
				t.Errorf("%s %s: %s", method, path, status)
			}
		}
	}
	for _, c := range routes {
		// A browser asks before it sends DELETE, and is not allowed to.
		if n := arrived[c.method+" "+c.path]; (n < 6) != (c.method == "DELETE") {
			t.Errorf("%s %s arrived %d times", c.method, c.path, n)
		}
	}
	t.Logf("%d tries; answered by the server: %v; seen by the scripts: %v", tried, answered, seen)
}

// request is what the server logs of each.
var request = regexp.MustCompile(`msg=request method=(\w+) path=(\S+) status=(\d+)`)

// TestForcedSignIn: another site cannot sign a browser in, so that its owner would work in the account of a stranger (AU-32).
func TestForcedSignIn(t *testing.T) {
	h := servertest.Start(t, nil)
	b, site := newBrowser(t), newEvil(t)
	h.Client().SignUp("stranger@example.org")
	b.visit(h.URL + "/signin")
	c := changing("stranger@example.org")[0]
	c.fields.Set("form_token", h.Client().FormToken("/signin"))
	for _, host := range []string{"127.0.0.1", "localhost"} {
		b.visit(site.show(host, form(h.URL+c.path, "application/x-www-form-urlencoded", "_self", c.fields)+send))
		b.arriveAt(h.URL + c.path)
		if b.cookies(h.URL)[sessionCookie] != nil {
			t.Errorf("%s signed the browser in as the stranger", host)
		}
	}
}

// form is a form for target, whose answer is shown in a window, or in a frame of that name.
func form(target, enctype, window string, fields url.Values) string {
	s := fmt.Sprintf(`<form method="post" action="%s" enctype="%s" target="%s">`, target, enctype, window)
	for name := range fields {
		s += fmt.Sprintf(`<input type="hidden" name="%s" value="%s">`, name, fields.Get(name))
	}
	s += "</form>"
	if window != "_self" {
		s += fmt.Sprintf(`<iframe name="%s"></iframe>`, window)
	}
	return s
}

// send sends all forms of a page as soon as a person opens it.
const send = `<script>setTimeout(() => { for (const f of document.forms) f.submit() }, 0)</script>`

// arriveAt waits until a page that sends itself away has arrived.
func (b *browser) arriveAt(target string) {
	b.t.Helper()
	waitFor(b.t, "the form is sent to "+target, func() bool {
		done, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fmt.Sprintf(`location.href === %q && document.readyState === "complete"`, target)))
		return err == nil && done // between two pages there is nobody to ask
	})
}

// fetch is a script that sends the same with fetch, and tells the status: "refused" when it may not even see that, "opaque" when the
// request went out and the answer is hidden.
func fetch(target, method, mode, kind string, fields url.Values) string {
	body := fields.Encode()
	if kind != "application/x-www-form-urlencoded" {
		flat := map[string]string{}
		for name := range fields {
			flat[name] = fields.Get(name)
		}
		text, _ := json.Marshal(flat)
		body = string(text)
	}
	init := map[string]any{"method": method, "mode": mode, "credentials": "include"}
	if method != "GET" {
		init["body"], init["headers"] = body, map[string]string{"Content-Type": kind}
	}
	text, _ := json.Marshal(init)
	link, _ := json.Marshal(target)
	return fmt.Sprintf(`fetch(%s, %s).then(r => r.type === "opaque" ? "opaque" : String(r.status), () => "refused")`, link, text)
}

// standing is what an evil page could change.
type standing struct {
	Accounts []string
	Live     []string // sessions of the victim
	Cookies  []string
	Journal  int
}

func state(t *testing.T, h *servertest.House, b *browser) (s standing) {
	t.Helper()
	all, err := h.App.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		s.Accounts = append(s.Accounts, fmt.Sprint(a.Email, a.Name, a.Disabled, a.Groups, a.PasswordChanged))
		live, err := h.App.SessionsOf(t.Context(), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		events, err := h.App.History(t.Context(), a.ID, 1000)
		if err != nil {
			t.Fatal(err)
		}
		s.Journal += len(events)
		if a.Email == "anna@example.org" {
			for _, r := range live {
				s.Live = append(s.Live, r.Handle)
			}
		}
	}
	for _, name := range []string{sessionCookie, visitCookie} {
		value := "none"
		if c := b.cookies(h.URL)[name]; c != nil {
			value = c.Value
		}
		s.Cookies = append(s.Cookies, value)
	}
	return s
}

// TestFrames: no other page shows ours inside itself (AU-35).
func TestFrames(t *testing.T) {
	h := servertest.Start(t, nil)
	b, site := newBrowser(t), newEvil(t)
	b.signUp(h, "anna@example.org")
	for _, host := range []string{"127.0.0.1", "localhost"} {
		for _, path := range []string{"/signin", "/account", "/account/sessions", "/nothing-here"} {
			b.forget()
			b.visit(site.show(host, `<iframe src="`+h.URL+path+`"></iframe>`))
			waitFor(t, "the browser says that it does not frame "+path, func() bool {
				return strings.Contains(b.complaints(), "frame-ancestors")
			})
		}
	}
}

// TestOpener: a page that opened ours in a window has no hold of it (COOP).
func TestOpener(t *testing.T) {
	h := servertest.Start(t, nil)
	b, site := newBrowser(t), newEvil(t)
	b.visit(site.show("localhost", ""))
	got := eval[bool](b, fmt.Sprintf(`new Promise(done => {
		const w = window.open(%q, "ours");
		if (!w) return done(false);
		const end = Date.now() + 15000;
		const look = () => w.closed ? done(true) : Date.now() > end ? done(false) : setTimeout(look, 20);
		look();
	})`, h.URL+"/signin"))
	if !got {
		t.Error("the opener still holds our window")
	}
}
