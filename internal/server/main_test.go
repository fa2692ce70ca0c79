package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

const (
	anna          = "anna@example.org"
	sessionCookie = "__Host-session"
	visitCookie   = "__Host-visit"
)

// tokens is the answer of POST /api/token and /oauth/token.
type tokens struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Refresh string `json:"refresh_token"`
	Scope   string `json:"scope"`
}

// program signs a program in.
func program(t testing.TB, h *servertest.House, email string) tokens {
	t.Helper()
	a := h.Client().JSON("/api/token", map[string]string{"email": email, "password": servertest.Password})
	want(t, a, http.StatusOK, "")
	var tok tokens
	a.Decode(t, &tok)
	return tok
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// post sends a form to an OAuth endpoint.
func post(c *servertest.Client, path string, fields url.Values, header ...string) servertest.Answer {
	return c.Do("POST", path, fields.Encode(), append(header, "Content-Type: application/x-www-form-urlencoded")...)
}

func refresh(c *servertest.Client, token string) servertest.Answer {
	return post(c, "/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

// wantRefused holds the refusal of a refresh token (RFC 6749 section 5.2): why, and how the session ended, "" if that is not said.
func wantRefused(t testing.TB, a servertest.Answer, reason, ending string) {
	t.Helper()
	want(t, a, http.StatusBadRequest, reason)
	members := map[string]string{}
	a.Decode(t, &members)
	if members["error"] != "invalid_grant" || members["error_description"] == "" || members["session_reason"] != ending {
		t.Errorf("got %s, want session_reason %q", a.Body, ending)
	}
	if _, said := members["session_reason"]; said != (ending != "") || len(members) > 4 {
		t.Errorf("a member more: %s", a.Body)
	}
}

// want holds status and reason of an answer; reason "" is not looked at.
func want(t testing.TB, a servertest.Answer, status int, reason string) {
	t.Helper()
	if a.StatusCode != status || reason != "" && a.Reason() != reason {
		t.Errorf("%s %s: got %d %q, want %d %q\n%.600s", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.Reason(), status, reason, a.Body)
	}
}

// wantText holds that a page says something.
func wantText(t testing.TB, a servertest.Answer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.Body, text) {
			t.Errorf("%s %s: %q is not on the page:\n%s", a.Request.Method, a.Request.URL.Path, text, words(a.Body))
		}
	}
}

// words is what a person reads on a page.
func words(html string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(html, "<") {
		_, text, _ := strings.Cut(part, ">")
		if text = strings.TrimSpace(text); text != "" {
			b.WriteString(text + " ")
		}
	}
	return b.String()
}

// keys are the names of the members of an object, sorted.
func keys(t testing.TB, body string) string {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// member is one member of an object, as text.
func member(t testing.TB, body, name string) string {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return string(m[name])
}
