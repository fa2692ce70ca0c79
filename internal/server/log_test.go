package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestNobodyWritesOurLog_AU38: what comes from outside stays on its line and in its quotes.
func TestNobodyWritesOurLog_AU38(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	forged := "level=INFO msg=signin actor=FORGED"
	for _, sep := range []string{"\n", "\r\n", "\r", "\u2028", "\u0085", "\x00", "\x1b[2K", "\t", "\v", "\f", " ", `" `, `\n`, "%0a", "\x7f", "\u202e"} {
		text := "x" + sep + forged
		c := h.Client()
		c.Get("/" + url.PathEscape(text))
		c.Get("/nothing?x=" + url.QueryEscape(text))
		c.JSON("/api/signin", map[string]string{"email": text, "password": "x"})
		c.JSON("/api/signup", map[string]string{"email": "a@b.org", "password": "x", "name": text})
		c.Form("/signin", url.Values{"email": {text}, "password": {"x"}, "return_to": {text}})
		post(c, "/oauth/token", url.Values{"grant_type": {text}})
		post(c, "/oauth/revoke", url.Values{"token": {text}})
		c.Do("DELETE", "/api/sessions/"+url.PathEscape(text), "")
		if !strings.ContainsAny(sep, "\n\r\x00\x1b\v\f\x7f") {
			known := h.Client()
			known.JSON("/api/signin", map[string]string{"email": anna, "password": servertest.Password}, "User-Agent: "+text)
			known.Get("/api/me", "X-Forwarded-For: "+text, "X-Request-Id: "+text, "Cookie: "+strings.ReplaceAll(text, " ", "_")+"=1")
		}
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(h.Logs.String(), "\n"), "\n") {
		if !strings.HasPrefix(line, "time=") {
			t.Fatalf("a line of somebody else: %q", line)
		}
		if strings.Contains(line, "actor=FORGED") && !strings.Contains(line, `="`) {
			t.Fatalf("outside of quotes: %q", line)
		}
		if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f || c == 0x85 || c == 0x2028 || c == 0x202e }) {
			t.Fatalf("a control character: %q", line)
		}
	}
}

// TestEventsAreLogged (ASVS 16.3.1): each way of coming and going leaves a line with its request's number.
func TestEventsAreLogged(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	c.SignIn(anna)
	want(t, c.JSON("/api/signin", map[string]string{"email": anna, "password": "not the right password"}), http.StatusUnauthorized, "")
	program(t, h, anna)
	c.Do("DELETE", "/api/sessions", "")
	a := c.Do("POST", "/api/signout", "")
	log := h.Logs.String()
	for _, event := range []string{"msg=signup", "msg=signin ", "msg=signin.refused reason=wrong-credentials", "msg=token.issue", "msg=session.end-all", "msg=signout"} {
		if !strings.Contains(log, event) {
			t.Errorf("no line %q", event)
		}
	}
	if n := strings.Count(log, "request="+a.Header.Get("X-Request-Id")); n < 2 {
		t.Errorf("%d lines with the number of the sign-out", n)
	}
}
