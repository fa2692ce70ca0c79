package trace

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// heard writes down what each request said.
type heard struct{ lines []string }

func (h *heard) note(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.lines = append(h.lines, fmt.Sprintf("%s %s body=%q auth=%q cookie=%q type=%q extra=%q",
		r.Method, r.URL.Path, body, r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.Header.Get("Content-Type"), r.Header.Get("X-Extra")))
}

// What was said to one origin is never said to another, nor again to the first when the chain comes back: A → A → B → A.
func TestCredentialsStayWithTheFirstOrigin_CK_R5(t *testing.T) {
	tests := []struct {
		what   string
		o      *Options
		user   string
		secret string
	}{
		{"Authorization", &Options{Header: http.Header{"Authorization": {"Bearer secret"}}}, "", "Bearer secret"},
		{"authorization in another spelling", &Options{Header: http.Header{"authorization": {"Bearer secret"}}}, "", "Bearer secret"},
		{"Cookie", &Options{Header: http.Header{"Cookie": {"id=secret"}}}, "", "id=secret"},
		{"user and password of the URL", &Options{}, "anna:secret@", "Basic YW5uYTpzZWNyZXQ="},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			var atA, atB heard
			var a, b *httptest.Server
			a = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				atA.note(r)
				switch r.URL.Path {
				case "/":
					http.Redirect(w, r, "/again", http.StatusFound)
				case "/again":
					http.Redirect(w, r, b.URL+"/away", http.StatusTemporaryRedirect)
				}
			}))
			defer a.Close()
			b = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				atB.note(r)
				http.Redirect(w, r, a.URL+"/back", http.StatusPermanentRedirect)
			}))
			defer b.Close()
			tr, err := runWith(t, strings.Replace(a.URL, "://", "://"+tt.user, 1), tt.o, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(atA.lines) != 3 || len(atB.lines) != 1 || len(tr.Hops) != 4 {
				t.Fatalf("the way was %q, %q", atA.lines, atB.lines)
			}
			for _, line := range atA.lines[:2] {
				if !strings.Contains(line, tt.secret) {
					t.Errorf("the first origin was not told: %s", line)
				}
			}
			for _, line := range []string{atB.lines[0], atA.lines[2]} {
				if strings.Contains(line, "secret") || strings.Contains(line, tt.secret) {
					t.Errorf("told after the chain had left: %s", line)
				}
			}
			for i, h := range tr.Hops {
				// A cookie that was given by hand is shown as sent where it was.
				if given := tt.what == "Cookie" && i < 2; given != (len(h.Cookies) == 1 && h.Cookies[0].Name == "id" && h.Cookies[0].Outcome == jar.Sent) {
					t.Errorf("hop %d shows the cookies %+v", i, h.Cookies)
				}
				if strings.Contains(h.URL, "secret") {
					t.Errorf("the password stands in %s", h.URL)
				}
			}
		})
	}
}

func TestRedirectsChangeMethodAndBodyAsFetchDoes(t *testing.T) {
	tests := []struct {
		status       int
		method, body string
		want         string
	}{
		{301, "POST", "a=b", `GET /to body="" auth="" cookie="" type="" extra="kept"`},
		{302, "POST", "a=b", `GET /to body="" auth="" cookie="" type="" extra="kept"`},
		{303, "POST", "a=b", `GET /to body="" auth="" cookie="" type="" extra="kept"`},
		{307, "POST", "a=b", `POST /to body="a=b" auth="" cookie="" type="text/x" extra="kept"`},
		{308, "POST", "a=b", `POST /to body="a=b" auth="" cookie="" type="text/x" extra="kept"`},
		{301, "PUT", "a=b", `PUT /to body="a=b" auth="" cookie="" type="text/x" extra="kept"`},
		{303, "PUT", "a=b", `GET /to body="" auth="" cookie="" type="" extra="kept"`},
		{303, "HEAD", "", `HEAD /to body="" auth="" cookie="" type="text/x" extra="kept"`},
		{302, "GET", "", `GET /to body="" auth="" cookie="" type="text/x" extra="kept"`},
		{300, "GET", "", ""},
		{304, "GET", "", ""},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d %s", tt.status, tt.method), func(t *testing.T) {
			var at heard
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/to" {
					at.note(r)
					return
				}
				w.Header().Set("Location", "/to")
				w.WriteHeader(tt.status)
			}))
			defer s.Close()
			o := &Options{Method: tt.method, Body: []byte(tt.body), Header: http.Header{"Content-Type": {"text/x"}, "X-Extra": {"kept"}}}
			if _, err := runWith(t, s.URL, o, nil); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(at.lines, "\n"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestWhereARedirectLeads(t *testing.T) {
	const there = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
	tests := []struct {
		what, head string
		want       string // the last hop's URL; HOST is the server
		finding    string
	}{
		{"an absolute path", there + "Location: /b?c", "http://HOST/b?c#top", ""},
		{"a relative path", there + "Location: b", "http://HOST/dir/b#top", ""},
		{"a fragment of its own", there + "Location: /b#down", "http://HOST/b#down", ""},
		{"without scheme", there + "Location: //HOST/b", "http://HOST/b#top", ""},
		{"octets that are not ASCII", there + "Location: /\xc3\xbc", "http://HOST/%C3%BC#top", ""},
		{"a stray %", there + "Location: /100%", "http://HOST/100%#top", ""},
		{"the same twice", there + "Location: /b\r\nLocation: /b", "http://HOST/b#top", ""},
		{"two places", there + "Location: /b\r\nLocation: /c", "http://HOST/dir/a#top", "location-conflict"},
		{"another scheme", there + "Location: myapp://open", "http://HOST/dir/a#top", "redirect-scheme"},
		{"script", there + "Location: javascript:alert(1)", "http://HOST/dir/a#top", "redirect-scheme"},
		{"a URL that is none", there + "Location: http://[::1/", "http://HOST/dir/a#top", "redirect-url"},
		{"nowhere", there + "X: y", "http://HOST/dir/a#top", ""},
		{"user and password", there + "Location: http://anna:secret@HOST/b", "http://HOST/b#top", "redirect-credentials"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			var addr string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "" {
					t.Error("the server's own password came back to it")
				}
				if r.URL.Path != "/dir/a" {
					return
				}
				c, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				io.WriteString(c, strings.ReplaceAll(tt.head, "HOST", addr)+"\r\n\r\n")
			}))
			defer s.Close()
			addr = s.Listener.Addr().String()
			tr, err := runWith(t, s.URL+"/dir/a#top", nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(tr.last().URL, addr, "HOST"); got != tt.want {
				t.Errorf("it ends at %s, want %s", got, tt.want)
			}
			var codes []string
			for _, f := range tr.Findings {
				if f.Code != "malformed" {
					codes = append(codes, f.Code)
				}
			}
			if got := strings.Join(codes, " "); got != tt.finding {
				t.Errorf("findings %q, want %q", got, tt.finding)
			}
		})
	}
}

func TestRedirectsAreFollowedUpToTheLimit(t *testing.T) {
	chain := func(n int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var i int
			fmt.Sscanf(r.URL.Path, "/%d", &i)
			if i < n {
				http.Redirect(w, r, fmt.Sprintf("/%d", i+1), http.StatusFound)
			}
		}))
		t.Cleanup(s.Close)
		return s.URL + "/0"
	}
	tests := []struct {
		what   string
		n, max int
		hops   int
		reason string
	}{
		{"20 by default", 20, 0, 21, ""},
		{"21 are too many", 21, 0, 21, "too-many-redirects"},
		{"two of two", 2, 2, 3, ""},
		{"three of two", 3, 2, 3, "too-many-redirects"},
		{"none is followed", 3, -1, 1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			tr, err := runWith(t, chain(tt.n), &Options{MaxRedirs: tt.max}, nil)
			reason := ""
			if err != nil {
				reason = tr.last().Failed.Reason
			}
			if len(tr.Hops) != tt.hops || reason != tt.reason {
				t.Errorf("%d hops, %q; want %d, %q", len(tr.Hops), reason, tt.hops, tt.reason)
			}
			if tt.max < 0 && tr.Hops[0].Redirect == "" {
				t.Error("it does not say where it would lead")
			}
		})
	}
}

func TestLeavingHTTPSIsAFinding(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer plain.Close()
	s := secure(t, http.RedirectHandler(plain.URL, http.StatusFound), false, -1, 30, "127.0.0.1")
	tr, err := runWith(t, s.URL, &Options{Roots: authority().PEM()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(tr.Findings) != 1 || tr.Findings[0].Code != "downgrade" || tr.Findings[0].Hop != 0 {
		t.Errorf("findings: %+v", tr.Findings)
	}
}
