package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestJSONHasExactlyTheMembersOfTheDesign: people script against them.
func TestJSONHasExactlyTheMembersOfTheDesign(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	const (
		account = "admin email groups id name"
		session = "created_at current device expires_at id idle_at seen_at"
	)
	up := c.JSON("/api/signup", map[string]string{"email": " Anna@EXAMPLE.org", "password": servertest.Password, "name": "Anna"})
	want(t, up, http.StatusCreated, "")
	in := c.JSON("/api/signin", map[string]any{"email": anna, "password": servertest.Password, "remember": false})
	want(t, in, http.StatusOK, "")
	me := c.Get("/api/me")
	want(t, me, http.StatusOK, "")
	tok := program(t, h, anna)
	byToken := h.Client().Get("/api/me", bearer(tok.Access))
	want(t, byToken, http.StatusOK, "")
	for _, a := range []servertest.Answer{up, in, me, byToken} {
		wantKeys := "account session"
		if a.Request.URL.Path == "/api/me" {
			wantKeys = "account session via"
		}
		if got := keys(t, a.Body); got != wantKeys {
			t.Errorf("%s: members %q, want %q", a.Request.URL.Path, got, wantKeys)
		}
		if got := keys(t, member(t, a.Body, "account")); got != account {
			t.Errorf("%s: account has %q, want %q", a.Request.URL.Path, got, account)
		}
		if got := keys(t, member(t, a.Body, "session")); got != session {
			t.Errorf("%s: session has %q, want %q", a.Request.URL.Path, got, session)
		}
		if got := a.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("%s: Content-Type %q", a.Request.URL.Path, got)
		}
	}

	type sessionT struct {
		ID      string     `json:"id"`
		Created time.Time  `json:"created_at"`
		Seen    time.Time  `json:"seen_at"`
		Idle    *time.Time `json:"idle_at"`
		Expires time.Time  `json:"expires_at"`
		Device  string     `json:"device"`
		Current bool       `json:"current"`
	}
	var got struct {
		Account struct {
			ID, Email, Name string
			Groups          []string
			Admin           bool
		}
		Via     string
		Session sessionT
	}
	me.Decode(t, &got)
	if got.Account.Email != anna || got.Account.Name != "Anna" || got.Account.Groups == nil || got.Account.Admin || len(got.Account.ID) != 22 {
		t.Errorf("account: %+v", got.Account)
	}
	s := got.Session
	if got.Via != "session" || !s.Current || s.Device != "Firefox on Linux" || s.Idle == nil || s.Idle.Sub(s.Seen) != time.Hour || s.Expires.Sub(s.Created) != 24*time.Hour {
		t.Errorf("session: %+v via %s", s, got.Via)
	}
	if s.ID == c.Cookie(sessionCookie) {
		t.Error("SE-02: the public id is the secret")
	}
	byToken.Decode(t, &got)
	if got.Via != "token" || got.Session.Expires.Sub(got.Session.Created) != 720*time.Hour || member(t, member(t, byToken.Body, "session"), "idle_at") != "null" {
		t.Errorf("a program's session: %+v via %s", got.Session, got.Via)
	}
	if _, offset := got.Session.Created.Zone(); offset != 0 || !strings.HasSuffix(strings.Trim(member(t, member(t, me.Body, "session"), "created_at"), `"`), "Z") {
		t.Error("times are not in UTC")
	}

	raw := h.Client().JSON("/api/token", map[string]string{"email": anna, "password": servertest.Password})
	if got := keys(t, raw.Body); got != "access_token expires_in refresh_token scope token_type" {
		t.Errorf("token: members %q", got)
	}
	if len(raw.Header["Set-Cookie"]) > 0 {
		t.Error("signing a program in set a cookie")
	}
	if tok.Type != "Bearer" || tok.Expires != 600 || tok.Scope != "account" || len(tok.Refresh) < 43 {
		t.Errorf("token: %+v", tok)
	}

	var list struct{ Sessions []sessionT }
	c.Get("/api/sessions").Decode(t, &list)
	current := 0
	for _, s := range list.Sessions {
		if s.Current {
			current++
		}
	}
	if len(list.Sessions) != 3 || current != 1 { // the browser and two programs; the session of the sign-up was renewed
		t.Errorf("%d sessions, %d current: %+v", len(list.Sessions), current, list.Sessions)
	}
}

// TestBodiesOfTheAPI: what two readers could understand in two ways is no request, and each refusal names its field of the body.
func TestBodiesOfTheAPI(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	const good = `{"email":"anna@example.org","password":"plum gravel 47 orbit"}`
	const media = "Content-Type: application/json"
	tests := []struct {
		what, body, header string
		status             int
		reason             string
	}{
		{"as it should be", good, media, 200, ""},
		{"UTF-8 named, in capitals", good, "Content-Type: application/json; charset=UTF-8", 200, ""},
		{"white space around", "\n " + good + "\r\n", media, 200, ""},
		{"no type", good, "X: y", 415, "unsupported-media-type"},
		{"a form", "email=a&password=b", "Content-Type: application/x-www-form-urlencoded", 415, "unsupported-media-type"},
		{"text, as a form can send it", good, "Content-Type: text/plain", 415, "unsupported-media-type"},
		{"another character set", good, "Content-Type: application/json; charset=utf-16", 415, "unsupported-media-type"},
		{"JSON of another kind", good, "Content-Type: application/merge-patch+json", 415, "unsupported-media-type"},
		{"an unknown member", `{"email":"a@b.org","password":"x","admin":true}`, media, 400, "malformed-request"},
		{"a member in other capitals", `{"email":"a@b.org","Password":"x"}`, media, 400, "malformed-request"},
		{"a member in other capitals beside the right one", `{"email":"a@b.org","password":"x","EMAIL":"anna@example.org"}`, media, 400, "malformed-request"},
		{"a member twice", `{"email":"a@b.org","password":"x","email":"anna@example.org"}`, media, 400, "malformed-request"},
		{"a member twice, once escaped", `{"email":"a@b.org","password":"x","\u0065mail":"anna@example.org"}`, media, 400, "malformed-request"},
		{"null for a string", `{"email":"anna@example.org","password":null}`, media, 400, "malformed-request"},
		{"a number for a string", `{"email":"anna@example.org","password":1}`, media, 400, "malformed-request"},
		{"half a surrogate pair, which encoding/json would mend", `{"email":"anna@example.org","password":"\ud800 gravel 47 orbit"}`, media, 400, "malformed-request"},
		{"the character that stands for a mended one, written out", `{"email":"anna@example.org","password":"\ufffd gravel 47 orbit"}`, media, 401, "wrong-credentials"},
		{"not UTF-8", "{\"email\":\"anna@example.org\",\"password\":\"\xff\"}", media, 400, "malformed-request"},
		{"a missing member", `{"email":"anna@example.org"}`, media, 400, "malformed-request"},
		{"no body", ``, media, 400, "malformed-request"},
		{"an array", `[` + good + `]`, media, 400, "malformed-request"},
		{"two objects", good + good, media, 400, "malformed-request"},
		{"cut off", good[:len(good)-1], media, 400, "malformed-request"},
		{"not JSON", `email: anna`, media, 400, "malformed-request"},
		{"a comment", `{/*x*/"email":"anna@example.org","password":"x"}`, media, 400, "malformed-request"},
		{"very deep", `{"email":` + strings.Repeat("[", 30000), media, 400, "malformed-request"},
		{"too large", `{"email":"` + strings.Repeat("a", 70<<10) + `"}`, media, 413, "too-large"},
	}
	for _, path := range []string{"/api/signin", "/api/token"} {
		for _, tt := range tests {
			a := h.Client().Do("POST", path, tt.body, tt.header)
			t.Run(path+"/"+tt.what, func(t *testing.T) { want(t, a, tt.status, tt.reason) })
		}
	}
	a := h.Client().Do("POST", "/api/signin", good, media, "Content-Type: text/plain")
	want(t, a, 415, "unsupported-media-type")
	for _, tt := range tests {
		if tt.status == 415 || tt.status == 413 {
			want(t, h.Client().Do("POST", "/api/signup", tt.body, tt.header), tt.status, tt.reason)
		}
	}
}

// TestRequestsWithoutABody: sign-out and the ending of sessions need none; an HTML form, which always has one, is refused.
func TestRequestsWithoutABody(t *testing.T) {
	h := servertest.Start(t, nil)
	tests := []struct {
		what, body, header string
		status             int
	}{
		{"none", "", "X: y", 204},
		{"an empty object", "{}", "Content-Type: application/json", 204},
		{"an unknown member", `{"all":true}`, "Content-Type: application/json", 400},
		{"JSON without its type", "{}", "X: y", 415},
		{"a form", "a=b", "Content-Type: application/x-www-form-urlencoded", 415},
		{"an empty form", "", "Content-Type: application/x-www-form-urlencoded", 415},
		{"an empty form with a file", "", "Content-Type: multipart/form-data; boundary=x", 415},
	}
	for i, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			c := h.Client()
			c.SignUp("p" + string(rune('a'+i)) + "@example.org")
			want(t, c.Do("POST", "/api/signout", tt.body, tt.header), tt.status, "")
			if signedIn := c.Get("/api/me").StatusCode == 200; signedIn != (tt.status != 204) {
				t.Errorf("signed in afterwards: %v", signedIn)
			}
			ended := tt.status
			if ended == 204 {
				c.SignIn("p" + string(rune('a'+i)) + "@example.org")
				ended = 200
			}
			want(t, c.Do("DELETE", "/api/sessions", tt.body, tt.header), ended, "")
		})
	}
}

func TestSignUpOverTheAPI(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	tests := []struct {
		what                  string
		email, password, name string
		status                int
		reason, field         string
	}{
		{"a taken address, in another spelling", "ANNA@example.ORG", servertest.Password, "", 409, "taken", "email"},
		{"no address", "anna", servertest.Password, "", 400, "invalid-email", "email"},
		{"two addresses", "a@b.org, c@d.org", servertest.Password, "", 400, "invalid-email", "email"},
		{"an empty address", "", servertest.Password, "", 400, "invalid-email", "email"},
		{"a short password", "b@example.org", "short", "", 400, "weak-password", "password"},
		{"14 characters", "b@example.org", "plum gravel 4o", "", 400, "weak-password", "password"},
		{"a long password", "b@example.org", strings.Repeat("plum gravel ", 100), "", 400, "weak-password", "password"},
		{"the site's own name (AU-04)", "b@example.org", "localhostlocalhost", "", 400, "weak-password", "password"},
		{"a name with a line break", "b@example.org", servertest.Password, "a\nb", 400, "invalid-input", "name"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			c := h.Client()
			a := c.JSON("/api/signup", map[string]string{"email": tt.email, "password": tt.password, "name": tt.name})
			want(t, a, tt.status, tt.reason)
			if got := strings.Trim(member(t, a.Body, "field"), `"`); got != tt.field {
				t.Errorf("field: got %q, want %q", got, tt.field)
			}
			if c.Cookie(sessionCookie) != "" {
				t.Error("a refused sign-up opened a session")
			}
		})
	}
	for mode, reason := range map[app.SignupMode]string{app.SignupInvite: "signup-closed", app.SignupClosed: "signup-closed"} {
		closed := servertest.Start(t, func(c *app.Config) { c.Signup = mode })
		want(t, closed.Client().JSON("/api/signup", map[string]string{"email": anna, "password": servertest.Password}), 403, reason)
	}
}

// TestAnAccountReachesOnlyItsOwnSessions: a foreign handle is unknown, not forbidden.
func TestAnAccountReachesOnlyItsOwnSessions(t *testing.T) {
	h := servertest.Start(t, nil)
	a, b := h.Client(), h.Client()
	a.SignUp(anna)
	b.SignUp("ben@example.org")
	handle := handleOf(t, b)
	want(t, a.Do("DELETE", "/api/sessions/"+handle, ""), 404, "not-found")
	want(t, a.Do("DELETE", "/api/sessions/nothing", ""), 404, "not-found")
	want(t, b.Get("/api/me"), 200, "")
	want(t, b.Do("DELETE", "/api/sessions/"+handle, ""), 204, "")
	want(t, b.Get("/api/me"), 401, "no-credentials") // its own ending took its cookie away, as signing out does
}

// handleOf is the public name of a client's session.
func handleOf(t testing.TB, c *servertest.Client) string {
	t.Helper()
	var me struct{ Session struct{ ID string } }
	a := c.Get("/api/me")
	want(t, a, 200, "")
	if err := json.Unmarshal([]byte(a.Body), &me); err != nil || me.Session.ID == "" {
		t.Fatalf("%v in %s", err, a.Body)
	}
	return me.Session.ID
}

// TestAddressesAndMethods: each route answers other methods with 405 and those that it takes; each zone says 404 in its own form.
func TestAddressesAndMethods(t *testing.T) {
	h := servertest.Start(t, nil)
	byPath := map[string][]string{}
	for _, r := range h.Server.Routes() {
		path := strings.ReplaceAll(r.Path, "{id}", "x")
		byPath[path] = append(byPath[path], r.Method)
		if r.Method == "GET" {
			byPath[path] = append(byPath[path], "HEAD")
		}
	}
	for path, methods := range byPath {
		if strings.HasPrefix(path, "/forward-auth/") {
			continue
		}
		for _, method := range []string{"PUT", "PATCH", "DELETE", "POST", "GET", "OPTIONS", "TRACE", "post", "BREW"} {
			if strings.Contains(" "+strings.Join(methods, " ")+" ", " "+method+" ") {
				continue
			}
			a := h.Client().Do(method, path, "")
			if a.StatusCode != 405 {
				t.Errorf("%s %s: got %d, want 405", method, path, a.StatusCode)
				continue
			}
			for _, m := range methods {
				if !strings.Contains(", "+a.Header.Get("Allow")+", ", ", "+m+", ") {
					t.Errorf("%s %s: Allow %q lacks %s", method, path, a.Header.Get("Allow"), m)
				}
			}
		}
	}
	for path, media := range map[string]string{
		"/nothing": "text/html; charset=utf-8", "/account/nothing": "text/html; charset=utf-8", "/api/nothing": "application/problem+json",
		"/api": "text/html; charset=utf-8", "/api/me/": "application/problem+json", "/oauth/nothing": "application/json",
		"/.well-known/nothing": "application/problem+json",
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			a := h.Client().Do(method, path, "")
			if a.StatusCode/100 == 3 { // to the same with a slash
				continue
			}
			if got := a.Header.Get("Content-Type"); a.StatusCode != 404 || got != media {
				t.Errorf("%s %s: got %d %q, want 404 %q", method, path, a.StatusCode, got, media)
			}
		}
	}
	// What the mux cleans up keeps to this site.
	for _, path := range []string{"//evil.example/x", "/signin/../account", "/./signin", "//", "/api/../signin"} {
		if a := h.Client().Get(path); a.StatusCode >= 400 && a.StatusCode != 404 {
			t.Errorf("GET %s: %d", path, a.StatusCode)
		}
	}
}

// TestSignOutIsDoneForWhomeverAsks: nobody is told that they cannot leave.
func TestSignOutIsDoneForWhomeverAsks(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	dead := c.Cookie(sessionCookie)
	want(t, c.Do("POST", "/api/signout", ""), 204, "")
	if c.Cookie(sessionCookie) != "" {
		t.Error("CK-P7: the cookie stayed after signing out")
	}
	want(t, c.Do("POST", "/api/signout", ""), 204, "")
	c.SetCookie(sessionCookie, dead)
	want(t, c.Do("POST", "/api/signout", ""), 204, "")
	if c.Cookie(sessionCookie) != dead {
		t.Error("a dead cookie was taken away by something else than the sign-in page")
	}
	tok := program(t, h, anna)
	want(t, h.Client().Do("POST", "/api/signout", "", bearer(tok.Access)), 204, "")
	want(t, h.Client().Get("/api/me", bearer(tok.Access)), 401, "signed-out")
	wantRefused(t, refresh(h.Client(), tok.Refresh), "ended", "signed-out")
	want(t, h.Client().Do("POST", "/api/signout", "", bearer(tok.Access)), 204, "")
	want(t, h.Client().Do("POST", "/api/signout", "", bearer("nonsense")), 401, "invalid-token")
}
