package server_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

var errGone = errors.New("disk gone: /var/lib/secret-place")

// TestABrokenDatabaseSaysNo: 503 in the form of each zone, no word of the cause, nothing half done, and all is as before
// when it is mended.
func TestABrokenDatabaseSaysNo(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	tok := program(t, h, anna)
	form := c.FormToken("/account")
	creds := map[string]string{"email": anna, "password": servertest.Password}
	asks := []struct {
		what string
		do   func() servertest.Answer
	}{
		{"sign in", func() servertest.Answer { return h.Client().JSON("/api/signin", creds) }},
		{"sign up", func() servertest.Answer {
			return h.Client().JSON("/api/signup", map[string]string{"email": "b@example.org", "password": servertest.Password})
		}},
		{"token", func() servertest.Answer { return h.Client().JSON("/api/token", creds) }},
		{"refresh", func() servertest.Answer { return refresh(h.Client(), tok.Refresh) }},
		{"revoke", func() servertest.Answer { return post(h.Client(), "/oauth/revoke", url.Values{"token": {tok.Refresh}}) }},
		{"sign out", func() servertest.Answer { return c.Do("POST", "/api/signout", "") }},
		{"sign out by the page", func() servertest.Answer { return c.Form("/signout", url.Values{"form_token": {form}}) }},
		{"end others", func() servertest.Answer { return c.Do("DELETE", "/api/sessions", "") }},
		{"end others by the page", func() servertest.Answer {
			return c.Form("/account/sessions", url.Values{"action": {"end-others"}, "form_token": {form}})
		}},
		{"rename", func() servertest.Answer { return c.Form("/account", url.Values{"name": {"x"}, "form_token": {form}}) }},
		{"change the password", func() servertest.Answer {
			return c.Form("/account/security", url.Values{"current_password": {servertest.Password}, "new_password": {"another plum gravel 48"}, "form_token": {form}})
		}},
		{"an unknown id", func() servertest.Answer {
			thief := h.Client()
			thief.SetCookie(sessionCookie, strings.Repeat("A", 43))
			return thief.Get("/api/me")
		}},
		{"a page with an unknown id", func() servertest.Answer {
			thief := h.Client()
			thief.SetCookie(sessionCookie, strings.Repeat("A", 43))
			return thief.Get("/account")
		}},
	}
	for _, broken := range []struct {
		what string
		fail func(op db.Op) error
	}{
		{"everything", func(db.Op) error { return errGone }},
		{"the commit", func(op db.Op) error {
			if op.Kind == "commit" {
				return errGone
			}
			return nil
		}},
		{"writing", func(op db.Op) error {
			if op.Kind == "exec" {
				return errGone
			}
			return nil
		}},
	} {
		for _, ask := range asks {
			if broken.what != "everything" && strings.Contains(ask.what, "unknown id") {
				continue // reads only
			}
			h.Faults.Set(broken.fail)
			a := ask.do()
			ready := httptest.NewRecorder()
			h.Server.Ops().ServeHTTP(ready, httptest.NewRequest("GET", "/readyz", nil))
			h.Faults.Set(nil)
			if a.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s fails, %s: %d %s", broken.what, ask.what, a.StatusCode, words(a.Body))
			}
			if strings.Contains(a.Body, "disk") || strings.Contains(a.Body, "secret-place") {
				t.Errorf("%s: the cause is told: %s", ask.what, a.Body)
			}
			if a.Header.Get("Content-Type") == "text/html; charset=utf-8" {
				wantText(t, a, "Back in a moment")
			} else if a.Reason() != "store-unavailable" {
				t.Errorf("%s: %s", ask.what, a.Body)
			}
			if broken.what == "everything" && ready.Code != 503 {
				t.Errorf("readyz: %d", ready.Code)
			}
		}
	}
	if !strings.Contains(h.Logs.String(), "disk gone") {
		t.Error("the cause is not in the log")
	}
	want(t, c.Get("/api/me"), 200, "")
	want(t, h.Client().Get("/api/me", bearer(tok.Access)), 200, "")
	want(t, refresh(h.Client(), tok.Refresh), 200, "")
	want(t, h.Client().JSON("/api/signin", creds), 200, "")
	want(t, h.Client().JSON("/api/signin", map[string]string{"email": "b@example.org", "password": servertest.Password}), 401, "wrong-credentials")
}

// TestAPanicIsNeverAYes_FA01: whatever was about to be said.
func TestAPanicIsNeverAYes_FA01(t *testing.T) {
	h := servertest.Start(t, nil)
	for zone, media := range map[string]string{"page": "text/html; charset=utf-8", "api": "application/problem+json", "oauth": "application/json", "forward-auth": ""} {
		path := map[string]string{"page": "/account", "api": "/api/me", "oauth": "/oauth/token", "forward-auth": "/forward-auth/nginx"}[zone]
		early := h.Server.Through(zone, func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Remote-User", "anna")
			w.Header().Set("Set-Cookie", "a=b")
			panic("a secret of the program")
		})
		rec := httptest.NewRecorder()
		early.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		if rec.Code != 500 || rec.Header().Get("Remote-User") != "" || rec.Header().Get("Set-Cookie") != "" || strings.Contains(rec.Body.String(), "secret") {
			t.Errorf("%s: %d %v %s", zone, rec.Code, rec.Header(), rec.Body)
		}
		if got := rec.Header().Get("Content-Type"); got != media {
			t.Errorf("%s: Content-Type %q, want %q", zone, got, media)
		}
		if zone == "page" && !strings.Contains(rec.Body.String(), "Something broke on our side") {
			t.Errorf("%s", words(rec.Body.String()))
		}
		// Half an answer is out: the connection is cut.
		late := h.Server.Through(zone, func(w http.ResponseWriter, r *http.Request) error {
			w.WriteHeader(200)
			panic("late")
		})
		func() {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler {
					t.Errorf("%s: the connection is not cut: %v", zone, v)
				}
			}()
			late.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
		}()
	}
	if n := strings.Count(h.Logs.String(), "msg=panic"); n != 8 {
		t.Errorf("%d panics in the log, want 8", n)
	}
}

// TestABusyDatabaseSaysWhen: where another writer holds the database for too long, nothing is broken: 503 as ever, and when to ask again.
func TestABusyDatabaseSaysWhen(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	tok := program(t, h, anna)
	form := c.FormToken("/account")
	creds := map[string]string{"email": anna, "password": servertest.Password}
	for what, ask := range map[string]func() servertest.Answer{
		"sign in": func() servertest.Answer { return h.Client().JSON("/api/signin", creds) },
		"sign up": func() servertest.Answer {
			return h.Client().JSON("/api/signup", map[string]string{"email": "b@example.org", "password": servertest.Password})
		},
		"token":             func() servertest.Answer { return h.Client().JSON("/api/token", creds) },
		"refresh":           func() servertest.Answer { return refresh(h.Client(), tok.Refresh) },
		"revoke":            func() servertest.Answer { return post(h.Client(), "/oauth/revoke", url.Values{"token": {tok.Refresh}}) },
		"sign out":          func() servertest.Answer { return c.Do("POST", "/api/signout", "") },
		"end others":        func() servertest.Answer { return c.Do("DELETE", "/api/sessions", "") },
		"rename, by a page": func() servertest.Answer { return c.Form("/account", url.Values{"name": {"x"}, "form_token": {form}}) },
		"sign out, by one":  func() servertest.Answer { return c.Form("/signout", url.Values{"form_token": {form}}) },
		"end others, by one": func() servertest.Answer {
			return c.Form("/account/sessions", url.Values{"action": {"end-others"}, "form_token": {form}})
		},
	} {
		h.Faults.Set(func(op db.Op) error {
			if op.Kind == "exec" {
				return &db.Error{Err: db.ErrBusy}
			}
			return nil
		})
		a := ask()
		h.Faults.Set(nil)
		if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "5" {
			t.Errorf("%s: %d, Retry-After %q; want 503, 5", what, a.StatusCode, a.Header.Get("Retry-After"))
		}
		if strings.HasPrefix(a.Header.Get("Content-Type"), "application/") && a.Reason() != "store-unavailable" {
			t.Errorf("%s: %s", what, a.Body)
		}
	}
	want(t, c.Get("/api/me"), http.StatusOK, "")
}
