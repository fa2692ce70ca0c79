package server_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// changes are the parts of an answer that differ each time, whoever is asked about.
var changes = regexp.MustCompile(`(name="form_token" value=")[^"]*|(__Host-visit=)[^;]*|(datetime=")[^"]*`)

func masked(a servertest.Answer, email string) string {
	h := a.Header.Clone()
	h.Del("X-Request-Id")
	h.Del("Date")
	h.Del("Content-Length")
	text := http.StatusText(a.StatusCode) + "\n" + golden(h) + "\n" + strings.Join(h["Set-Cookie"], "\n") + "\n" + a.Body
	return strings.ReplaceAll(changes.ReplaceAllString(text, "$1$2$3"), email, "EMAIL")
}

// waysIn are the doors at which a password is asked for.
func waysIn(h *servertest.House) map[string]func(email, password string) servertest.Answer {
	return map[string]func(email, password string) servertest.Answer{
		"page": func(email, password string) servertest.Answer {
			return h.Client().Form("/signin", url.Values{"email": {email}, "password": {password}})
		},
		"api": func(email, password string) servertest.Answer {
			return h.Client().JSON("/api/signin", map[string]string{"email": email, "password": password})
		},
		"token": func(email, password string) servertest.Answer {
			return h.Client().JSON("/api/token", map[string]string{"email": email, "password": password})
		},
	}
}

// TestNobodyLearnsWhoHasAnAccount_AU10 (CV-68, CV-78): an unknown address, a wrong password and a disabled account are one
// answer, byte for byte, after the same number of hashes.
func TestNobodyLearnsWhoHasAnAccount_AU10(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp("wrong@example.org")
	h.Client().SignUp("disab@example.org")
	tests := []struct{ what, email, password string }{
		{"a wrong password", "wrong@example.org", "not the right password"},
		{"nobody", "nobod@example.org", "not the right password"},
		{"a disabled account, right password", "disab@example.org", servertest.Password},
		{"a disabled account, wrong password", "disab@example.org", "not the right password"},
		{"no address at all", "no address at all", "not the right password"},
	}
	for way, do := range waysIn(h) {
		t.Run(way, func(t *testing.T) {
			for _, email := range []string{"wrong@example.org", "disab@example.org"} { // forgets the failures by the doors before
				if err := h.App.EnableUser(t.Context(), email, "test"); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := h.App.DisableUser(t.Context(), "disab@example.org", "test"); err != nil {
				t.Fatal(err)
			}
			var first string
			for _, tt := range tests {
				before := h.App.Stats().PasswordsHashed
				a := do(tt.email, tt.password)
				if n := h.App.Stats().PasswordsHashed - before; n != 1 {
					t.Errorf("%s: %d hashes", tt.what, n)
				}
				got := masked(a, tt.email)
				if a.StatusCode != 401 {
					t.Errorf("%s: %d", tt.what, a.StatusCode)
				}
				if first == "" {
					first = got
				} else if got != first {
					t.Errorf("%s can be told:\n%s\n---\n%s", tt.what, got, first)
				}
			}
		})
	}
}

// TestNobodyLearnsWhoIsThrottled_AU10: whether there is an account or not, the sixth try waits. It waits for a second, so time is that of a bubble.
func TestNobodyLearnsWhoIsThrottled_AU10(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := servertest.StartStill(t, nil)
		h.Client().SignUp("wrong@example.org")
		try := waysIn(h)["api"]
		var first string
		for _, email := range []string{"aaaaa@example.org", "wrong@example.org"} {
			for range 5 {
				want(t, try(email, "not the right password"), 401, "wrong-credentials")
			}
			a := try(email, "not the right password")
			want(t, a, 429, "throttled")
			if got := masked(a, email); first == "" {
				first = got
			} else if got != first {
				t.Errorf("%s can be told:\n%s\n---\n%s", email, got, first)
			}
		}
	})
}
