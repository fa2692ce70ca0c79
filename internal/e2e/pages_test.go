package e2e_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestPages walks through every page as a browser shows it: nothing is complained of, neither by its policy (AU-35) nor else;
// nothing runs; nothing sticks out of a small screen.
func TestPages(t *testing.T) {
	h := servertest.Start(t, nil)
	link, err := h.App.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	link = h.URL + link[strings.Index(link, "/setup"):]
	b := newBrowser(t)
	b.visit(link)
	b.look(t, "setup", link)
	b.write("email", "anna@example.org")
	b.write("name", "Anna")
	b.write("password", servertest.Password)
	b.click("button.main")
	b.wantAt(h.URL + "/account")
	invitation, err := h.App.Invite(t.Context(), app.Invitation{Email: "bea@example.org", Groups: []string{"staff"}}, "test", app.Client{})
	if err != nil {
		t.Fatal(err)
	}
	reset, err := h.App.ResetLink(t.Context(), "anna@example.org", "test", app.Client{})
	if err != nil {
		t.Fatal(err)
	}
	other := h.Client()
	other.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	other.SignIn("anna@example.org")
	if a := other.JSON("/api/signout", struct{}{}); a.StatusCode != 204 {
		t.Fatal(a.Body)
	}
	other.SignIn("anna@example.org")
	other.JSON("/api/token", map[string]string{"email": "anna@example.org", "password": servertest.Password})

	for _, path := range []string{"/account", "/account/sessions", "/account/security", "/confirm", "/admin/invite", invitation, reset} {
		b.look(t, name(path), absolute(h, path))
	}
	b.visit(h.URL + "/account")
	b.click(`main form[action="/signout"] button`)
	b.wantText("You are signed out.")
	for _, path := range []string{"/signin", "/signup", "/setup", "/reset"} {
		b.look(t, name(path)+"-out", absolute(h, path))
	}
	if got := b.complaints(); got != "" {
		t.Errorf("the browser says:\n%s", got)
	}
	// An answer that is no page says so in the log; that is all it says.
	b.forget()
	b.look(t, "not-found", h.URL+"/nothing-here")
	for _, line := range strings.Split(b.complaints(), "\n") {
		if !strings.HasPrefix(line, "network: Failed to load resource: the server responded with a status of 404") {
			t.Errorf("the browser says: %s", line)
		}
	}
}

func absolute(h *servertest.House, path string) string {
	if i := strings.Index(path, "://"); i > 0 {
		_, rest, _ := strings.Cut(path[i+3:], "/")
		path = "/" + rest
	}
	return h.URL + path
}

// name is what a picture of a page is called.
func name(path string) string {
	u, err := url.Parse(path)
	if err != nil {
		return "page"
	}
	return strings.ReplaceAll(strings.Trim(u.Path, "/"), "/", "-")
}

// look shows a page on screens of two sizes, in both colours.
func (b *browser) look(t *testing.T, name, link string) {
	t.Helper()
	for _, width := range []int64{1280, 360} {
		for _, colours := range []string{"light", "dark"} {
			b.screen(width, colours)
			b.visit(link)
			if got := eval[int64](b, `document.documentElement.scrollWidth`); got > width {
				t.Errorf("%s is %d pixels wide on a screen of %d", name, got, width)
			}
			if got := eval[int](b, `document.scripts.length + document.querySelectorAll("[style],[onclick],[onload],style,iframe,object").length`); got != 0 {
				t.Errorf("%s has %d scripts, inline styles or handlers", name, got)
			}
			if b.text() == "" {
				t.Errorf("%s is empty", name)
			}
			b.shot(fmt.Sprintf("%s-%d-%s", name, width, colours))
		}
	}
	b.screen(1280, "light")
}
