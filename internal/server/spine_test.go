package server_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestSpine is the thinnest way through everything: sign up, cookie, session, token, refresh, sign out.
func TestSpine(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp("anna@example.org")
	stolen := c.Cookie("__Host-session")
	if a := c.Get("/api/me"); a.StatusCode != http.StatusOK {
		t.Fatalf("me by cookie: %d %s", a.StatusCode, a.Body)
	}
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	h.Client().JSON("/api/token", map[string]string{"email": "anna@example.org", "password": servertest.Password}).Decode(t, &tokens)
	if a := h.Client().Get("/api/me", "Authorization: Bearer "+tokens.Access); a.StatusCode != http.StatusOK {
		t.Fatalf("me by token: %d %s", a.StatusCode, a.Body)
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}, "form_token": {""}}
	if a := h.Client().Form("/oauth/token", form); a.StatusCode != http.StatusOK {
		t.Fatalf("refresh: %d %s", a.StatusCode, a.Body)
	}
	if a := c.JSON("/api/signout", map[string]string{}); a.StatusCode != http.StatusNoContent {
		t.Fatalf("sign out: %d %s", a.StatusCode, a.Body)
	}
	c.SetCookie("__Host-session", stolen)
	if a := c.Get("/api/me"); a.StatusCode != http.StatusUnauthorized || a.Reason() != "signed-out" {
		t.Fatalf("me after sign-out: %d %s", a.StatusCode, a.Body)
	}
	if a := c.Get("/signin"); a.StatusCode != http.StatusOK {
		t.Fatalf("sign-in page: %d", a.StatusCode)
	}
}
