package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestDiagnosis: a proxy that does one thing wrong, and the sentence that its people read.
func TestDiagnosis(t *testing.T) {
	for _, c := range []struct {
		what string
		hand func(w http.ResponseWriter, r *http.Request, to http.Handler) // what the proxy does with our addresses; nil: it does not answer
		says []string
	}{
		{"nothing is wrong", func(w http.ResponseWriter, r *http.Request, to http.Handler) { to.ServeHTTP(w, r) }, []string{"Nothing is wrong that could be seen from here"}},
		{"it drops Set-Cookie", func(w http.ResponseWriter, r *http.Request, to http.Handler) {
			rewritten(w, r, to, func(h http.Header) { h.Del("Set-Cookie") })
		}, []string{"The cookie is lost on the way", "proxy_hide_header"}},
		{"it puts a Domain into the cookie", func(w http.ResponseWriter, r *http.Request, to http.Handler) {
			rewritten(w, r, to, replaceCookie("Path=/", "Path=/; Domain=localhost"))
		}, []string{"Browsers refuse the cookie", "InvalidPrefix", "Domain=localhost", "__Host-visit=…; Path=/;"}},
		{"it puts a port into the Domain", func(w http.ResponseWriter, r *http.Request, to http.Handler) {
			rewritten(w, r, to, replaceCookie("Path=/", "Path=/; Domain=wiki.localhost:8443"))
		}, []string{"Browsers refuse the cookie", "InvalidDomain"}},
		{"it takes Secure out", func(w http.ResponseWriter, r *http.Request, to http.Handler) {
			rewritten(w, r, to, replaceCookie("; Secure", ""))
		}, []string{"Browsers refuse the cookie", "InvalidPrefix"}},
		{"it keeps our addresses for the app", func(w http.ResponseWriter, r *http.Request, to http.Handler) { http.NotFound(w, r) },
			[]string{"The proxy keeps our addresses to itself", "status 404"}},
		{"it changes Host", func(w http.ResponseWriter, r *http.Request, to http.Handler) {
			_, port, _ := strings.Cut(r.Host, ":")
			r.Host = "other.localhost:" + port
			to.ServeHTTP(w, r)
		}, []string{"The proxy changes the name of the app", "http://other.localhost:"}},
		{"its clock is behind", func(w http.ResponseWriter, r *http.Request, to http.Handler) {
			rewritten(w, r, to, func(h http.Header) { h.Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)) })
		}, []string{"The clocks differ", "off from the one here"}},
		{"it is not there", nil, []string{"The app&#39;s address does not answer"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			var h *servertest.House
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.hand(w, r, h.Server.Public()) }))
			t.Cleanup(front.Close)
			u, err := url.Parse(front.URL)
			if err != nil {
				t.Fatal(err)
			}
			port := u.Port()
			if c.hand == nil {
				port = fmt.Sprint(testenv.FreePort(t))
			}
			origin := "http://wiki.localhost:" + port
			h = servertest.StartStill(t, func(cfg *app.Config) { cfg.Apps = []string{origin, "http://other.localhost:" + port} })
			a := h.Client().Get("/diagnosis?app=" + url.QueryEscape(origin))
			for _, want := range c.says {
				if !strings.Contains(a.Body, want) {
					t.Errorf("%q is not on the page:\n%s", want, a.Body)
				}
			}
			if again := h.Client().Get("/diagnosis?app=" + url.QueryEscape(origin)); !strings.Contains(again.Body, c.says[0]) {
				t.Error("and the second visitor reads something else")
			}
		})
	}
}

func rewritten(w http.ResponseWriter, r *http.Request, to http.Handler, change func(http.Header)) {
	rec := httptest.NewRecorder()
	to.ServeHTTP(rec, r)
	change(rec.Header())
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = io.Copy(w, rec.Body)
}

func replaceCookie(old, new string) func(http.Header) {
	return func(h http.Header) {
		for i, line := range h["Set-Cookie"] {
			h["Set-Cookie"][i] = strings.Replace(line, old, new, 1)
		}
	}
}

// TestEveryStrayHasWords: for each reason with which somebody is sent to the page there is a sentence, and nothing of the address gets onto it.
func TestEveryStrayHasWords(t *testing.T) {
	h := town(t)
	for why, want := range map[string]string{
		"visit-cookie-lost": "No cookie came back", "check-without-cookie": "asks without the cookie", "session-cookie-lost": "does not stay", "session-cookie-foreign": "Somebody else sets our cookie",
		"too-many-cookies": "Too many cookies", "duplicate-cookie": "Two session cookies", "prefix-not-passed": "keeps our addresses", "plain-http": "plain http", "unknown-port": "another port",
		"malformed-request": "does not say what was asked for", "wrong-clock": "clocks differ", "foreign-code": "another browser", "invalid-link": "has been used", "idle": "not been used for a while",
		"<script>": "Nothing is wrong", "": "Nothing is wrong",
	} {
		a := h.Client().Get("/diagnosis?" + url.Values{"why": {why}, "app": {"https://evil.test"}}.Encode())
		a.Body, _, _ = strings.Cut(a.Body, "<footer")
		if a.StatusCode != http.StatusOK || !strings.Contains(a.Body, want) || strings.Contains(a.Body, "evil.test") || strings.Contains(a.Body, "<script>") {
			t.Errorf("%s: %s\n%s", why, a.Status, a.Body)
		}
	}
}

// TestAProxyThatAsksAboutOurAddresses is told where they belong, and does not send people in circles.
func TestAProxyThatAsksAboutOurAddresses(t *testing.T) {
	h := town(t)
	r := httptest.NewRequest("GET", "/forward-auth/nginx", nil)
	r.RemoteAddr = "192.0.2.7:1"
	r.Header = http.Header{"X-Original-Url": {"https://" + wikiHost + "/.cloakroom/start?return_to=/"}, "X-Original-Method": {"GET"}, "Sec-Fetch-Mode": {"navigate"}}
	w := httptest.NewRecorder()
	h.Server.Public().ServeHTTP(w, r)
	if to := w.Header().Get("Location"); w.Code != http.StatusUnauthorized || !strings.HasPrefix(to, "https://"+authHost+"/diagnosis?") || !strings.Contains(to, "why=prefix-not-passed") {
		t.Errorf("%d to %q", w.Code, to)
	}
}
