package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// echoApp answers with what it was asked, sorted.
func echoApp(w http.ResponseWriter, r *http.Request) {
	var lines []string
	for name, values := range r.Header {
		for _, v := range values {
			lines = append(lines, name+": "+v)
		}
	}
	slices.Sort(lines)
	w.Header().Set("Set-Cookie", "app=1")
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s\nHost: %s\n%s\n\n%s", r.Method, r.RequestURI, r.Host, strings.Join(lines, "\n"), body)
}

// protected is a house that serves an app at app.localhost.
func protected(t *testing.T, behind http.HandlerFunc, change ...func(*app.Config)) *servertest.House {
	t.Helper()
	server := httptest.NewServer(behind)
	t.Cleanup(server.Close)
	return servertest.Start(t, func(c *app.Config) {
		c.Protect = []string{"app.localhost=" + server.URL}
		for _, f := range change {
			f(c)
		}
	})
}

// tab is a browser that finds every name below localhost on this machine.
type tab struct {
	t    *testing.T
	h    *servertest.House
	http *http.Client
}

func newTab(t *testing.T, h *servertest.House) *tab {
	u, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+u.Port())
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &tab{t, h, &http.Client{Jar: jar.New(&jar.Options{SecureLoopback: true}), Transport: transport}}
}

// at is an address at the app's host.
func (b *tab) at(path string) string {
	return strings.Replace(b.h.URL, "localhost", "app.localhost", 1) + path
}

func (b *tab) do(method, link, body string, header ...string) (*http.Response, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, link, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header[name] = append(r.Header[name], value)
	}
	res, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res, string(text)
}

func (b *tab) open(link string) (*http.Response, string) {
	b.t.Helper()
	return b.do("GET", link, "", "Sec-Fetch-Mode: navigate", "Accept: text/html")
}

// signUp makes an account where people sign in.
func (b *tab) signUp(email string) {
	b.t.Helper()
	body := fmt.Sprintf(`{"email": %q, "password": %q, "name": "Anna"}`, email, servertest.Password)
	if res, text := b.do("POST", b.h.URL+"/api/signup", body, "Content-Type: application/json"); res.StatusCode != http.StatusCreated {
		b.t.Fatal(res.Status, text)
	}
}

// signIn signs in to an account that there is.
func (b *tab) signIn(email string) {
	b.t.Helper()
	body := fmt.Sprintf(`{"email": %q, "password": %q}`, email, servertest.Password)
	if res, text := b.do("POST", b.h.URL+"/api/signin", body, "Content-Type: application/json"); res.StatusCode != http.StatusOK {
		b.t.Fatal(res.Status, text)
	}
}

// TestProtect: who is signed in comes through the front by way of the app's own host, and the app hears who it is and nothing of ours; who
// is not gets no further.
func TestProtect(t *testing.T) {
	h := protected(t, echoApp)
	b := newTab(t, h)

	res, _ := b.open(b.at("/page?a=b%2fc"))
	if res.StatusCode != http.StatusOK || res.Request.URL.Path != "/signin" || res.Request.URL.Hostname() != "localhost" {
		t.Errorf("a stranger who opens a page comes to %s", res.Request.URL)
	}
	if res, body := b.do("GET", b.at("/data"), "", "Sec-Fetch-Mode: cors", "Accept: */*"); res.StatusCode != http.StatusUnauthorized ||
		res.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, `"no-credentials"`) || res.Header.Get("X-Request-Id") == "" {
		t.Errorf("a stranger's script: %s %v %s", res.Status, res.Header, body)
	}
	if res, body := b.do("POST", b.at("/form"), "x=1", "Sec-Fetch-Mode: navigate"); res.StatusCode != http.StatusUnauthorized || !strings.Contains(body, "did not reach the app") {
		t.Errorf("a stranger's form: %s %s", res.Status, body)
	}

	b.signUp(anna)
	res, body := b.open(b.at("/page?a=b%2fc"))
	if res.StatusCode != http.StatusOK || res.Request.URL.String() != b.at("/page?a=b%2fc") {
		t.Fatalf("%s at %s\n%s", res.Status, res.Request.URL, body)
	}
	for _, want := range []string{"GET /page?a=b%2fc\n", "Host: app.localhost:", "Remote-Name: Anna\n", "Remote-Email: \n", "Remote-Groups: \n", "X-Forwarded-Proto: http\n", "X-Forwarded-For: 127.0.0.1\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("the app does not see %q", want)
		}
	}
	if strings.Contains(body, "__Host-") {
		t.Error("the app sees a cookie of ours")
	}
	for _, name := range []string{"X-Request-Id", "Content-Security-Policy", "Cache-Control", "X-Frame-Options"} {
		if res.Header.Get(name) != "" {
			t.Errorf("the answer of the app has %s: %q", name, res.Header[name])
		}
	}
	res, body = b.do("POST", b.at("/x"), "hello", "Remote_User: root", "Connection: Remote-User", "X-Forwarded-For: 10.0.0.1")
	if res.StatusCode != http.StatusOK || !strings.HasSuffix(body, "\n\nhello") || strings.Contains(body, "root") || strings.Contains(body, "10.0.0.1") || !strings.Contains(body, "Cookie: app=1\n") {
		t.Errorf("%s\n%s", res.Status, body)
	}
	if strings.Contains(h.Logs.String(), "path=/page") {
		t.Error("a request that was passed on is logged")
	}
}

// TestProtectWhatIsAmbiguous: what the app might read as another path, or as another host, is passed on to nobody (FA-06).
func TestProtectWhatIsAmbiguous_FA06(t *testing.T) {
	h := protected(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s arrives", r.RequestURI) })
	b := newTab(t, h)
	b.signUp(anna)
	for _, path := range []string{"/a/../b", "/%2e%2e/b", "/a/..%2fb", `/a\b`, "/a%5cb", "/a%00b", "/.cloakroom/nothing", "/%2ecloakroom/nothing", "/.cloakroom/../signin"} {
		u, err := url.Parse(h.URL)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", "127.0.0.1:"+u.Port())
		if err != nil {
			t.Fatal(err)
		}
		app, _ := url.Parse(b.at("/"))
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", path, app.Host)
		for _, c := range b.http.Jar.Cookies(app) {
			fmt.Fprintf(conn, "Cookie: %s=%s\r\n", c.Name, c.Value)
		}
		fmt.Fprint(conn, "\r\n")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode < 300 {
			t.Errorf("%s: %s", path, res.Status)
		}
		conn.Close()
	}
}

// TestProtectAnAppThatDoesNotAnswer is 502, in words for a person and for a script.
func TestProtectAnAppThatDoesNotAnswer(t *testing.T) {
	h := protected(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	b := newTab(t, h)
	b.signUp(anna)
	if res, body := b.open(b.at("/")); res.StatusCode != http.StatusBadGateway || !strings.Contains(body, "<h1 id=\"title\">The app does not answer</h1>") {
		t.Errorf("%s %s", res.Status, body)
	}
	if res, body := b.do("POST", b.at("/"), "x", "Accept: application/json"); res.StatusCode != http.StatusBadGateway || !strings.Contains(body, `"app-unreachable"`) || strings.Contains(body, "not carried out") {
		t.Errorf("%s %s", res.Status, body)
	}
	if res, _ := b.do("TRACE", b.at("/"), ""); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") == "" {
		t.Errorf("TRACE: %s", res.Status)
	}
	if !strings.Contains(h.Logs.String(), "app-unreachable") {
		t.Error("nothing in the log")
	}
}

// TestProtectAToken_FA09: a program may come with a token of ours. The app hears who it is, and does not get the token.
func TestProtectAToken_FA09(t *testing.T) {
	h := protected(t, echoApp)
	b := newTab(t, h)
	b.signUp(anna)
	tok := program(t, h, anna)
	res, body := b.do("GET", b.at("/"), "", "Authorization: Bearer "+tok.Access)
	if res.StatusCode != http.StatusOK || !strings.Contains(body, "Remote-Name: Anna\n") || strings.Contains(body, "Authorization") {
		t.Errorf("%s\n%s", res.Status, body)
	}
	b.open(b.at("/"))
	if _, body := b.do("GET", b.at("/"), "", "Authorization: Basic YTpi"); !strings.Contains(body, "Authorization: Basic YTpi\n") {
		t.Errorf("what is the app's own is kept from it:\n%s", body)
	}
}

// TestProtectWhatIsOpenEnds: an event stream ends within a second of its session, whoever ends that and wherever.
func TestProtectWhatIsOpenEnds(t *testing.T) {
	h := protected(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, ": hello\n\n")
		http.NewResponseController(w).Flush()
		if r.URL.Path == "/events" {
			<-r.Context().Done()
		}
	})
	b := newTab(t, h)
	b.signUp(anna)
	if res, _ := b.open(b.at("/")); res.StatusCode != http.StatusOK {
		t.Fatal(res.Status)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.at("/events"), nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := b.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	if line, err := bufio.NewReader(stream.Body).ReadString('\n'); err != nil || line != ": hello\n" {
		t.Fatalf("%q %v", line, err)
	}
	if res, body := b.do("POST", b.h.URL+"/api/signout", ""); res.StatusCode != http.StatusNoContent {
		t.Fatal(res.Status, body)
	}
	start := time.Now()
	if _, err := io.ReadAll(stream.Body); err == nil {
		t.Error("the stream seems whole")
	}
	if took := time.Since(start); took > testenv.Soon {
		t.Errorf("took %v", took)
	}
	if res, body := b.do("GET", b.at("/events"), "", "Accept: text/event-stream"); res.StatusCode != http.StatusUnauthorized || !strings.Contains(body, `"signed-out`) {
		t.Errorf("afterwards: %s %s", res.Status, body)
	}
}

// TestProtectWhatWasUnderWay when the session ended may have been done: nobody is told that it was not.
func TestProtectWhatWasUnderWay(t *testing.T) {
	begun := make(chan struct{})
	h := protected(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.Copy(io.Discard, r.Body)
			begun <- struct{}{}
			<-r.Context().Done()
		}
	})
	b, other := newTab(t, h), newTab(t, h)
	b.signUp(anna)
	b.open(b.at("/"))
	other.signIn(anna)
	var running sync.WaitGroup
	running.Go(func() {
		<-begun
		other.do("DELETE", h.URL+"/api/sessions", "")
	})
	defer running.Wait()
	res, body := b.do("POST", b.at("/"), "x", "Accept: application/json")
	if res.StatusCode != http.StatusUnauthorized || !strings.Contains(body, `"signed-out-elsewhere"`) || strings.Contains(body, "not carried out") {
		t.Errorf("%s %s", res.Status, body)
	}
}

// TestProtectIdle: a stream that nobody asks anything beside ends with the idle session, within a second, though the app talks.
func TestProtectIdle(t *testing.T) {
	const idle = testenv.Soon // in which a slow machine gets from signing up to the stream
	h := protected(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for r.URL.Path == "/events" {
			fmt.Fprint(w, ": tick\n\n")
			http.NewResponseController(w).Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	}, func(c *app.Config) { c.Idle = idle })
	b := newTab(t, h)
	b.signUp(anna)
	b.open(b.at("/"))
	start := time.Now()
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.at("/events"), nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := b.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	n, err := io.Copy(io.Discard, stream.Body)
	if took := time.Since(start); err == nil || n == 0 || took < idle || took > idle+testenv.Soon {
		t.Errorf("%d bytes, then %v, after %v", n, err, took)
	}
}
