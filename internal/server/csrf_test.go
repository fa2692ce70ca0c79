package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// origins is what the browsers of a victim send with a request that some page makes (AU-30; CV-17 to CV-20). SELF stands for
// the house's own origin.
var origins = []struct {
	what    string
	headers []string
	refused bool
}{
	{"nothing: no browser of today, or a program", nil, false},
	{"same origin", []string{"Sec-Fetch-Site: same-origin"}, false},
	{"typed into the address bar", []string{"Sec-Fetch-Site: none"}, false},
	{"same origin, both headers", []string{"Sec-Fetch-Site: same-origin", "Origin: SELF"}, false},
	{"an older browser: Origin alone, ours", []string{"Origin: SELF"}, false},
	{"a neighbour on the domain", []string{"Sec-Fetch-Site: same-site"}, true},
	{"another site", []string{"Sec-Fetch-Site: cross-site"}, true},
	{"another site, both headers", []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}, true},
	{"an older browser: Origin alone, another site", []string{"Origin: https://evil.example"}, true},
	{"a sandboxed frame", []string{"Origin: null"}, true},
	{"a host that begins with ours", []string{"Origin: SELF.evil.example"}, true},
	{"CV-17: Referer says it is us", []string{"Origin: https://evil.example", "Referer: SELF/signin"}, true},
	{"another port", []string{"Origin: http://localhost:1"}, true},
	{"an unknown value", []string{"Sec-Fetch-Site: friendly"}, true},
	{"CV-20: a path that would be a bypass pattern", []string{"Sec-Fetch-Site: cross-site", "X-Original-URL: /healthz"}, true},
}

// changing are the routes that change something: every one of the pages and the API that is not GET.
func changing(h *servertest.House) (all []server.Route) {
	for _, r := range h.Server.Routes() {
		if r.Method != http.MethodGet && (r.Zone == "page" || r.Zone == "api") {
			all = append(all, r)
		}
	}
	return all
}

// body is a request that the route would carry out if it came from our own page.
func body(r server.Route, token string) (text, media string) {
	if r.Zone == "api" {
		switch r.Path {
		case "/api/signup":
			return `{"email":"new@example.org","password":"` + servertest.Password + `"}`, "application/json"
		case "/api/signin", "/api/token":
			return `{"email":"ben@example.org","password":"` + servertest.Password + `"}`, "application/json"
		}
		return "{}", "application/json"
	}
	v := url.Values{
		"form_token": {token}, "email": {"ben@example.org"}, "password": {servertest.Password}, "name": {"Evil"}, "theme": {"dark"},
		"action": {"end-others"}, "current_password": {servertest.Password}, "new_password": {"another plum gravel 48"},
	}
	return v.Encode(), "application/x-www-form-urlencoded"
}

// TestOtherSitesChangeNothing_AU30_AU32_T4 sends every changing request in the name of a person who is signed in, with the
// headers of each kind of page. Where it is refused, the person's account, sessions and name are as they were.
func TestOtherSitesChangeNothing_AU30_AU32_T4(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp("ben@example.org")
	victim, phone := h.Client(), h.Client()
	victim.SignUp(anna)
	phone.SignIn(anna)
	routes := changing(h)
	if len(routes) < 15 {
		t.Fatalf("only %d routes", len(routes))
	}
	n := 0
	for _, route := range routes {
		path := strings.ReplaceAll(route.Path, "{id}", handleOf(t, phone))
		token := victim.FormToken("/account") // the worst case: the other site knows it
		for _, o := range origins {
			if !o.refused {
				continue
			}
			text, media := body(route, token)
			headers := []string{"Content-Type: " + media}
			for _, line := range o.headers {
				headers = append(headers, strings.ReplaceAll(line, "SELF", h.URL))
			}
			before := victim.Cookie(sessionCookie)
			a := victim.Do(route.Method, path, text, headers...)
			n++
			if a.StatusCode != 403 || route.Zone == "api" && a.Reason() != "cross-origin" || victim.Cookie(sessionCookie) != before {
				t.Errorf("%s %s, %s: %d %s", route.Method, route.Path, o.what, a.StatusCode, a.Reason())
			}
			if route.Zone == "page" {
				wantText(t, a, "This came from another site")
			}
		}
		if a := victim.Get("/api/me"); a.StatusCode != 200 || !strings.Contains(a.Body, `"name":""`) || !strings.Contains(a.Body, anna) {
			t.Fatalf("%s %s changed something: %d %s", route.Method, route.Path, a.StatusCode, a.Body)
		}
		if a := phone.Get("/api/me"); a.StatusCode != 200 {
			t.Fatalf("%s %s ended another session: %s", route.Method, route.Path, a.Body)
		}
	}
	want(t, h.Client().JSON("/api/signin", map[string]string{"email": "new@example.org", "password": servertest.Password}), 401, "wrong-credentials")
	t.Logf("%d requests, 0 carried out", n)
}

// TestOurOwnPagesChangeThings: the other half of the matrix. A test that only refuses would pass with a wall.
func TestOurOwnPagesChangeThings(t *testing.T) {
	h := servertest.Start(t, nil)
	for i, o := range origins {
		if o.refused {
			continue
		}
		t.Run(o.what, func(t *testing.T) {
			var headers []string
			for _, line := range o.headers {
				headers = append(headers, strings.ReplaceAll(line, "SELF", h.URL))
			}
			c := h.Client()
			email := "p" + string(rune('a'+i)) + "@example.org"
			want(t, c.JSON("/api/signup", map[string]string{"email": email, "password": servertest.Password}, headers...), 201, "")
			want(t, c.Form("/account", url.Values{"name": {"Anna"}}, headers...), 200, "")
			want(t, c.Form("/signout", url.Values{"form_token": {c.FormToken("/account")}}, headers...), 303, "")
			want(t, c.Form("/signin", url.Values{"email": {email}, "password": {servertest.Password}}, headers...), 303, "")
		})
	}
}

// TestTrustedOriginBehindAProxy_CV18: our public origin is ours whatever Host the proxy passes on; its http twin is not.
func TestTrustedOriginBehindAProxy_CV18(t *testing.T) {
	h := servertest.Start(t, func(c *app.Config) { c.URL = "https://auth.example.com" })
	for origin, status := range map[string]int{
		"https://auth.example.com": 201, "http://auth.example.com": 403, "https://auth.example.com:8443": 403,
		"https://auth.example.com.evil.example": 403, "https://evil.example": 403,
	} {
		a := h.Client().JSON("/api/signup", map[string]string{"email": anna, "password": servertest.Password}, "Host: inner:8080", "Origin: "+origin)
		want(t, a, status, "")
	}
}

// TestNothingIsChangedByReading_AU32: each route that changes something refuses GET and HEAD, or shows a page and does nothing.
func TestNothingIsChangedByReading_AU32(t *testing.T) {
	h := servertest.Start(t, nil)
	c, phone := h.Client(), h.Client()
	c.SignUp(anna)
	phone.SignIn(anna)
	for _, route := range changing(h) {
		path := strings.ReplaceAll(route.Path, "{id}", handleOf(t, phone))
		text, media := body(route, c.FormToken("/account"))
		for _, method := range []string{"GET", "HEAD"} {
			c.Do(method, path, text, "Content-Type: "+media)
			if media == "application/x-www-form-urlencoded" {
				c.Do(method, path+"?"+text, "")
			}
			for _, override := range []string{"X-HTTP-Method-Override: POST", "X-Method-Override: DELETE", "X-HTTP-Method: POST"} {
				c.Do(method, path+"?_method="+route.Method, text, "Content-Type: "+media, override)
			}
		}
		if a := c.Get("/api/me"); a.StatusCode != 200 || !strings.Contains(a.Body, `"name":""`) || !strings.Contains(a.Body, anna) {
			t.Fatalf("%s %s changed something: %s", route.Method, route.Path, a.Body)
		}
		want(t, phone.Get("/api/me"), 200, "")
	}
}

// TestFormTokens_AU31_CV21: a form belongs to the session it was made for, before sign-in to the browser's visit.
func TestFormTokens_AU31_CV21(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp("ben@example.org")
	victim, evil, stranger := h.Client(), h.Client(), h.Client()
	victim.SignUp(anna)
	evil.SignIn("ben@example.org")
	before := stranger.FormToken("/signin")
	old := victim.FormToken("/account")
	victim.SignIn(anna) // a new session: forms of the old one are worth nothing
	good := victim.FormToken("/account")
	tokens := []struct{ what, token string }{
		{"none", ""},
		{"of another person's session", evil.FormToken("/account")},
		{"of another browser before sign-in", before},
		{"of the session before", old},
		{"cut", good[:len(good)-2]},
		{"with a tail", good + "A"},
		{"altered at the front", string(good[0]^1) + good[1:]},
		{"altered in the middle", good[:30] + strings.Map(func(c rune) rune { return c ^ 1 }, good[30:32]) + good[32:]},
		{"made for nobody", h.Server.MintFormToken("")},
		{"made for the visit of nobody", h.Server.MintFormToken("visit:")},
		{"nonsense", "x"},
	}
	pages := 0
	for _, route := range changing(h) {
		if route.Zone != "page" {
			continue
		}
		pages++
		for _, tt := range tokens {
			text, media := body(route, tt.token)
			id := victim.Cookie(sessionCookie)
			a := victim.Do(route.Method, route.Path, text, "Content-Type: "+media)
			if a.StatusCode != 403 || victim.Cookie(sessionCookie) != id {
				t.Errorf("%s with a token %s: %d", route.Path, tt.what, a.StatusCode)
			}
		}
	}
	if pages < 10 {
		t.Errorf("only %d forms", pages)
	}
	// Not in the query, not twice, not as JSON.
	text, media := body(server.Route{Zone: "page"}, good)
	want(t, victim.Do("POST", "/account?form_token="+good, "name=Evil", "Content-Type: "+media), 403, "")
	want(t, victim.Do("POST", "/account", text+"&form_token="+good, "Content-Type: "+media), 400, "")
	want(t, victim.Do("POST", "/account", `{"form_token":"`+good+`"}`, "Content-Type: application/json"), 415, "")
	want(t, victim.Do("POST", "/account", "%zz", "Content-Type: "+media), 400, "")
	want(t, victim.Do("POST", "/account", strings.Repeat("a", 70<<10), "Content-Type: "+media), 413, "")
	want(t, victim.Do("POST", "/account", text, "Content-Type: "+media), 200, "")
}

// TestLoginCSRF_AU32: another site cannot sign a browser in as somebody else, also where the browser says nothing of origins:
// it has no token that belongs to this browser's visit.
func TestLoginCSRF_AU32(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp("ben@example.org")
	evil, victim := h.Client(), h.Client()
	token := evil.FormToken("/signin")
	form := url.Values{"email": {"ben@example.org"}, "password": {servertest.Password}, "remember": {"1"}, "form_token": {token}}
	a := victim.Form("/signin", form)
	want(t, a, 403, "")
	wantText(t, a, "Your browser kept no cookie of ours") // it has no visit at all
	victim.Get("/signin")
	a = victim.Form("/signin", form)
	want(t, a, 403, "")
	// The page keeps what was typed, but the password, and can be sent once more.
	wantText(t, a, "Please send it once more", `value="ben@example.org"`, "checked")
	if strings.Contains(a.Body, servertest.Password) {
		t.Error("the password is sent back")
	}
	if victim.Cookie(sessionCookie) != "" {
		t.Fatal("signed in")
	}
	// JSON as a form can send it.
	a = victim.Do("POST", "/api/signin", `{"email":"ben@example.org","password":"`+servertest.Password+`"}`, "Content-Type: text/plain")
	want(t, a, 415, "unsupported-media-type")
	want(t, victim.Form("/signin", url.Values{"email": {"ben@example.org"}, "password": {servertest.Password}}), 303, "")
}
