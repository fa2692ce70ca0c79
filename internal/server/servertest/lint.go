package servertest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pageHeaders is what every page has; the policy may name one origin more, the app that a sign-in goes on to.
var pageHeaders = map[string]string{
	"Content-Type":               "text/html; charset=utf-8",
	"Cache-Control":              "no-store",
	"X-Content-Type-Options":     "nosniff",
	"Referrer-Policy":            "no-referrer",
	"Cross-Origin-Opener-Policy": "same-origin",
	"X-Frame-Options":            "DENY",
}

const policy = "default-src 'none'; style-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// What may not stand in a page; attributes are looked for where no value is.
var (
	quoted  = regexp.MustCompile(`="[^"]*"`)
	inline  = regexp.MustCompile(`(?i)<script|<style|<[^>]+\s(?:style|on[a-z]+)\s*=`)
	address = regexp.MustCompile(`(?i)(?:href|src|action)="\s*(?:javascript|data):`)
)

// lint holds what must be so of every answer, whatever was asked.
func (c *Client) lint(r *http.Request, a Answer) {
	t := c.house.t
	t.Helper()
	bad := func(rule, format string, args ...any) {
		t.Helper()
		t.Errorf(rule+": "+r.Method+" "+r.URL.Path+": "+format, args...)
	}
	c.ids.mu.Lock()
	defer c.ids.mu.Unlock()
	lintCookies(a, c.ids.remembered, bad)
	for id := range c.ids.had {
		if strings.Contains(a.Body, id) {
			bad("T2", "a session id is in the body")
		}
		for name, values := range a.Header {
			if name != "Set-Cookie" && strings.Contains(strings.Join(values, "\n"), id) {
				bad("T2", "a session id is in the header %s", name)
			}
		}
	}
	if strings.HasPrefix(r.URL.Path, "/forward-auth/") {
		return
	}
	if id := a.Header.Get("X-Request-Id"); len(id) < 5 {
		bad("request id", "got %q", id)
	}
	if got := a.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		bad("AU-35", "X-Content-Type-Options: got %q", got)
	}
	if hsts := a.Header.Get("Strict-Transport-Security"); (hsts == "max-age=31536000; includeSubDomains") != strings.HasPrefix(c.house.URL, "https:") {
		bad("AU-35", "Strict-Transport-Security: got %q", hsts)
	}
	open := strings.HasPrefix(r.URL.Path, "/.well-known/")
	shared := r.URL.Path == "/oauth/token" || r.URL.Path == "/oauth/revoke"
	if got := a.Header.Get("Access-Control-Allow-Origin"); got != "" && !open && !shared {
		bad("AU-36", "another origin may read this: %q", got)
	}
	if a.Header.Get("Cache-Control") != "no-store" && !open && !strings.HasPrefix(r.URL.Path, "/static/") {
		bad("SE-09", "Cache-Control: got %q", a.Header.Get("Cache-Control"))
	}
	c.lintStatus(a, bad)
	switch media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";"); media {
	case "text/html":
		lintPage(a, bad)
	case "application/problem+json":
		lintProblem(t, a, bad)
	}
}

type reporter func(rule, format string, args ...any)

// lintCookies: CK-P2, CK-P5, SE-09, SE-13, SE-14.
func lintCookies(a Answer, remembered bool, bad reporter) {
	lines := a.Header["Set-Cookie"]
	if len(lines) > 0 && a.Header.Get("Cache-Control") != "no-store" {
		bad("SE-09", "a cookie is set in a response that may be cached")
	}
	seen := map[string]bool{}
	for _, line := range lines {
		k, err := http.ParseSetCookie(line)
		if err != nil {
			bad("CK-P1", "%v in %q", err, line)
			continue
		}
		if seen[k.Name] {
			bad("CK-P2", "%s is set twice", k.Name)
		}
		seen[k.Name] = true
		if !slices.Contains([]string{"__Host-session", "__Host-visit"}, k.Name) {
			bad("CK-P5", "a cookie that is not ours: %q", line)
		}
		if !k.Secure || !k.HttpOnly || k.Path != "/" || k.Domain != "" || k.SameSite != http.SameSiteLaxMode && k.SameSite != http.SameSiteStrictMode {
			bad("CK-P5", "%q", line)
		}
		gone := k.Value == "" && k.MaxAge < 0
		if k.Name == "__Host-session" && !gone && !remembered && (k.MaxAge != 0 || !k.Expires.IsZero()) {
			bad("SE-13", "the session would outlive the browser: %q", line)
		}
		if k.Name == "__Host-session" && !gone && len(k.Value) != 43 {
			bad("SE-02", "an id of %d characters", len(k.Value))
		}
	}
}

func (c *Client) lintStatus(a Answer, bad reporter) {
	need := func(name string) {
		if a.Header.Get(name) == "" {
			bad("RFC 9110", "%d without %s", a.StatusCode, name)
		}
	}
	switch a.StatusCode {
	case http.StatusUnauthorized:
		need("WWW-Authenticate")
	case http.StatusMethodNotAllowed:
		need("Allow")
	case http.StatusTooManyRequests:
		need("Retry-After")
	}
	if to := a.Header.Get("Location"); to != "" {
		u, err := url.Parse(to)
		switch {
		case err != nil:
			bad("AU-33", "Location %q: %v", to, err)
		case u.Scheme == "" && u.Host == "" && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.Contains(to, `\`):
		case slices.ContainsFunc(c.house.App.Config.AppOrigins(), func(o *url.URL) bool { return o.Scheme == u.Scheme && o.Host == u.Host && u.User == nil }):
		default:
			bad("AU-33", "Location %q leaves the site", to)
		}
	}
}

// lintPage: AU-35, AU-37.
func lintPage(a Answer, bad reporter) {
	for name, want := range pageHeaders {
		if got := a.Header[name]; len(got) != 1 || got[0] != want {
			bad("AU-35", "%s: got %q, want %q", name, got, want)
		}
	}
	got := a.Header["Content-Security-Policy"]
	if len(got) != 1 || !strings.HasPrefix(got[0], policy) {
		bad("AU-35", "Content-Security-Policy: got %q", got)
	} else if more := strings.Fields(strings.TrimPrefix(got[0], policy)); len(more) > 1 || len(more) == 1 && !strings.HasPrefix(more[0], "http") {
		bad("AU-35", "Content-Security-Policy: form-action has %q more", more)
	}
	if found := inline.FindString(quoted.ReplaceAllString(a.Body, `=""`)) + address.FindString(a.Body); found != "" {
		bad("AU-35", "inline: %q", found)
	}
}

// lintProblem: RFC 9457, and the reason that DESIGN section 4 promises.
func lintProblem(t testing.TB, a Answer, bad reporter) {
	if a.Request.Method == http.MethodHead {
		return
	}
	var members map[string]any
	if err := json.Unmarshal([]byte(a.Body), &members); err != nil {
		bad("RFC 9457", "%v in %q", err, a.Body)
		return
	}
	for _, name := range []string{"type", "title", "detail", "reason"} {
		if text, _ := members[name].(string); text == "" {
			bad("RFC 9457", "no %s in %s", name, a.Body)
		}
	}
	if members["status"] != float64(a.StatusCode) || a.StatusCode < 400 {
		bad("RFC 9457", "status %v in an answer of %d", members["status"], a.StatusCode)
	}
	for name := range members {
		if !slices.Contains([]string{"type", "title", "status", "detail", "reason", "field"}, name) {
			bad("RFC 9457", "a member more: %s", name)
		}
	}
}
