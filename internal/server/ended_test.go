package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestEndedDevicesAreNamed: under "Recently ended" stands the device on which a session was opened, however that was.
func TestEndedDevicesAreNamed(t *testing.T) {
	const firefox, edge, safari = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
	h := servertest.Start(t, nil)
	c := func(agent string) *servertest.Client {
		c := h.Client()
		c.Header.Set("User-Agent", agent)
		return c
	}
	c(firefox).SignUp(anna)
	c(edge).SignIn(anna)
	phone := c(safari)
	phone.SignIn(anna)
	want(t, phone.Form("/confirm", url.Values{"password": {servertest.Password}}), http.StatusSeeOther, "") // a new id
	want(t, c("curl/8.5.0").JSON("/api/token", map[string]string{"email": anna, "password": servertest.Password}), http.StatusOK, "")

	last := h.Client()
	last.SignIn(anna)
	want(t, last.Do("DELETE", "/api/sessions", ""), http.StatusOK, "")
	page := last.Get("/account/sessions")
	_, past, found := strings.Cut(page.Body, "Recently ended")
	if !found {
		t.Fatal(words(page.Body))
	}
	for _, device := range []string{"Firefox on Linux", "Edge on Windows", "Safari on iPhone", "curl"} {
		if !strings.Contains(past, device) {
			t.Errorf("%s is not among what ended:\n%s", device, words(past))
		}
	}
}
