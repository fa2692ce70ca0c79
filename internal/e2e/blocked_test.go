package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestCookiesBlocked: a browser that keeps no cookies is told that this is why, not that the password is wrong.
func TestCookiesBlocked(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp("anna@example.org")
	dir := profile(t)
	if err := os.MkdirAll(filepath.Join(dir, "Default"), 0o700); err != nil {
		t.Fatal(err)
	}
	const never = `{"profile":{"default_content_setting_values":{"cookies":2}}}`
	if err := os.WriteFile(filepath.Join(dir, "Default", "Preferences"), []byte(never), 0o600); err != nil {
		t.Fatal(err)
	}
	b := open(t, dir)
	b.visit(h.URL + "/signin")
	if got := b.cookies(h.URL); len(got) != 0 {
		t.Fatalf("the browser keeps cookies: %v", got)
	}
	b.signIn("anna@example.org", false)
	b.wantText("cookie")
	b.wantText("Safari")
}

// TestCookieDoesNotComeBack: only the session cookie is lost, as by a filter on the way.
func TestCookieDoesNotComeBack(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp("anna@example.org")
	filter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.Server.Public().ServeHTTP(&losing{ResponseWriter: w}, r)
	}))
	t.Cleanup(filter.Close)
	b := newBrowser(t)
	b.visit(strings.Replace(filter.URL, "127.0.0.1", "localhost", 1) + "/signin")
	b.signIn("anna@example.org", false)
	b.wantText("Your browser did not send our cookie back")
}

// losing drops the session cookie of a response.
type losing struct {
	http.ResponseWriter
	wrote bool
}

func (l *losing) WriteHeader(code int) {
	if !l.wrote {
		l.wrote = true
		kept := l.Header()["Set-Cookie"][:0]
		for _, line := range l.Header()["Set-Cookie"] {
			if !strings.HasPrefix(line, sessionCookie+"=") {
				kept = append(kept, line)
			}
		}
		l.Header()["Set-Cookie"] = kept
	}
	l.ResponseWriter.WriteHeader(code)
}

func (l *losing) Write(b []byte) (int, error) {
	if !l.wrote {
		l.WriteHeader(http.StatusOK)
	}
	return l.ResponseWriter.Write(b)
}
