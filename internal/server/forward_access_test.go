package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

func ruled(c *app.Config) {
	c.Apps = nil
	c.Allow = []string{wikiHost, mailHost + "=staff"}
	c.Rules = []access.Rule{
		{Host: wikiHost, Path: "/admin", Groups: []string{"ops"}, Source: "line 1"},
		{Host: wikiHost, Path: "/money", Within: 5 * time.Minute, Source: "line 2"},
		{Host: wikiHost, Path: "/hook", Methods: []string{"POST"}, Public: true, Source: "line 3"},
	}
}

// TestRulesDecideWhoReachesWhat: by the answers that a proxy gets.
func TestRulesDecideWhoReachesWhat(t *testing.T) {
	h := town(t, ruled)
	h.Client().SignUp("anna@example.org")
	b := walk(t, h)
	b.signIn(b.open(wikiPage))
	stranger := walk(t, h)
	for _, c := range []struct {
		by             *walker
		method, link   string
		status         int
		reason, person string
	}{
		{b, "GET", "https://" + wikiHost + "/", 200, "", "anna"},
		{b, "GET", "https://" + wikiHost + "/administrator", 200, "", "anna"},
		{b, "GET", "https://" + wikiHost + "/admin", 403, "not-in-group", ""},
		{b, "GET", "https://" + wikiHost + "/admin/users?x=1", 403, "not-in-group", ""},
		{b, "GET", "https://" + wikiHost + "/Admin", 403, "ambiguous-path", ""},
		{b, "GET", "https://" + wikiHost + "/x/../admin", 403, "ambiguous-path", ""},
		{b, "GET", "https://" + wikiHost + "/%61dmin", 403, "ambiguous-path", ""},
		{b, "GET", "https://" + wikiHost + "/money", 200, "", "anna"}, // signed in just now
		{stranger, "GET", "https://" + wikiHost + "/admin", 401, "no-credentials", ""},
		{stranger, "POST", "https://" + wikiHost + "/hook", 200, "", ""},
		{b, "POST", "https://" + wikiHost + "/hook", 200, "", "anna"},
		{stranger, "GET", "https://" + wikiHost + "/hook", 401, "no-credentials", ""},
		{stranger, "POST", "https://" + wikiHost + "/hook/x", 401, "no-credentials", ""},
		{b, "GET", "https://evil.test/", 403, "unknown-host", ""},
		{b, "GET", "http://" + wikiHost + "/", 401, "plain-http", ""},
		{b, "GET", "https://" + wikiHost + ":8443/", 401, "unknown-port", ""},
	} {
		a := c.by.do(c.method, c.link, "")
		if a.StatusCode != c.status || a.Header.Get("X-Cloakroom-Reason") != c.reason || (a.Header.Get("Remote-User") != "") != (c.person != "") {
			t.Errorf("%s %s: %s %q %q", c.method, c.link, a.Status, a.Header.Get("X-Cloakroom-Reason"), a.Header.Get("Remote-User"))
		}
		wantIdentity(t, c.link, a)
	}
	if a, at := b.open("https://" + mailHost + "/"); a.StatusCode != http.StatusForbidden || a.Header.Get("X-Cloakroom-Reason") != "not-in-group" {
		t.Errorf("at %s: %s", at, a.Status)
	}
}

// TestWhatAnAppTakesForAnotherMethod has to be let through as that method too.
func TestWhatAnAppTakesForAnotherMethod(t *testing.T) {
	h := town(t, ruled, func(c *app.Config) {
		c.Rules = append(c.Rules, access.Rule{Host: wikiHost, Path: "/cart", Methods: []string{"DELETE"}, Groups: []string{"ops"}, Source: "line 4"})
	})
	h.Client().SignUp("anna@example.org")
	b := walk(t, h)
	b.signIn(b.open(wikiPage))
	for _, c := range []struct {
		method, path, line string
		status             int
	}{
		{"POST", "/cart", "X-Other: DELETE", 200},
		{"POST", "/cart", "X-HTTP-Method-Override: DELETE", 403},
		{"POST", "/cart", "X-HTTP-Method: PUT, delete", 403},
		{"PATCH", "/cart", "X-Method-Override: DELETE", 403},
		{"POST", "/cart", "X-Method-Override: PUT", 200},
		{"POST", "/cart?x&_method=delete", "X-Other: x", 403},
		{"POST", "/other", "X-HTTP-Method-Override: DELETE", 200},
		{"POST", "/hook", "X-HTTP-Method-Override: DELETE", 200}, // public as POST, and for who is signed in otherwise
	} {
		a := b.do(c.method, "https://"+wikiHost+c.path, "", c.line)
		if reason := a.Header.Get("X-Cloakroom-Reason"); a.StatusCode != c.status || (reason == "not-in-group") != (c.status == 403) {
			t.Errorf("%s %s with %s: %s %q", c.method, c.path, c.line, a.Status, reason)
		}
	}
	if a := walk(t, h).do("POST", "https://"+wikiHost+"/hook", "", "X-HTTP-Method-Override: DELETE"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger, where POST alone is public: %s", a.Status)
	}
}

// TestAPageForWhoSignedInLately: who did so too long ago confirms who it is, and is at the page without losing the way.
func TestAPageForWhoSignedInLately(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := town(t, ruled)
		h.Client().SignUp("anna@example.org")
		b := walk(t, h)
		b.signIn(b.open(wikiPage))
		money := "https://" + wikiHost + "/money?to=ben"
		time.Sleep(5 * time.Minute)
		if a := b.do("GET", money, ""); a.StatusCode != http.StatusOK {
			t.Errorf("at the limit: %s", a.Status)
		}
		time.Sleep(time.Nanosecond)
		a := b.do("GET", money, "", "Sec-Fetch-Mode: cors")
		if a.StatusCode != http.StatusForbidden || a.Header.Get("X-Cloakroom-Reason") != "reauthentication-required" || a.Header.Get("Location") != "" {
			t.Errorf("a script, too late: %s %q", a.Status, a.Header.Get("X-Cloakroom-Reason"))
		}
		a, at := b.open(money)
		if !strings.HasPrefix(at, "https://"+authHost+"/confirm?") || !strings.Contains(a.Header.Get("Content-Security-Policy"), "https://"+wikiHost) {
			t.Fatalf("a person, too late: at %s, %s", at, a.Header.Get("Content-Security-Policy"))
		}
		before := b.jars[wikiHost]["__Host-session"]
		a, at = b.open(b.fill(a, at, url.Values{"password": {servertest.Password}}))
		b.arrived(a, at, money)
		if b.jars[wikiHost]["__Host-session"] != before {
			t.Error("the renewed session needs a new cookie at the app")
		}
	})
}
