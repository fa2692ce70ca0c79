package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// street is a whole street of houses: a real nginx with exactly what proxy-config prints, an app behind it that says
// what it hears, and a Cloakroom that nginx asks. Between nginx and Cloakroom stands a gate that a test may break.
type street struct {
	house *servertest.House
	app   *echo
	gate  *gate
	addr  string // where nginx listens
	host  string // its Host: localhost and the port
	down  func() // stops what nginx asks
	t     *testing.T
}

// gate passes the questions of nginx on to the house, or answers them wrongly.
type gate struct {
	mu    sync.Mutex
	wrong http.HandlerFunc // instead of the house; nil = the house
	asked []*http.Request
	house http.Handler
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.asked = append(g.asked, r.Clone(r.Context()))
	wrong := g.wrong
	g.mu.Unlock()
	if wrong != nil {
		wrong(w, r)
		return
	}
	g.house.ServeHTTP(w, r)
}

func (g *gate) breakWith(h http.HandlerFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wrong = h
}

// last is the question that nginx asked last.
func (g *gate) last() *http.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.asked) == 0 {
		return nil
	}
	return g.asked[len(g.asked)-1]
}

// echo is an app that answers with what it heard.
type echo struct {
	mu    sync.Mutex
	calls int
}

// heard is one request as the app saw it.
type heard struct {
	Method, Path, Host string
	Header             http.Header
	Body               string
}

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	e.calls++
	e.mu.Unlock()
	if r.Header.Get("Upgrade") == "websocket" && r.Header.Get("Connection") == "upgrade" && r.ProtoAtLeast(1, 1) {
		shake(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(heard{r.Method, r.RequestURI, r.Host, r.Header, string(body)})
}

// shake is as much of RFC 6455 as a proxy can see: 101, and then bytes both ways.
func shake(w http.ResponseWriter, r *http.Request) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-User: %s\r\n\r\n", r.Header.Get("Remote-User"))
	rw.Flush()
	line, _ := rw.ReadString('\n')
	fmt.Fprintf(rw, "echo %s", line)
	rw.Flush()
}

func (e *echo) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls
}

// newStreet builds it all. around is put before our configuration in the http block: what an operator may have there;
// ADDR in it is where nginx listens.
func newStreet(t *testing.T, around string, change func(*app.Config)) *street {
	t.Helper()
	bin := testenv.Nginx(t)
	port := testenv.FreePort(t)
	s := &street{app: &echo{}, gate: &gate{}, t: t, addr: fmt.Sprintf("127.0.0.1:%d", port), host: fmt.Sprintf("localhost:%d", port)}
	s.house = servertest.Start(t, func(c *app.Config) {
		c.Apps = []string{"http://" + s.host}
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		if change != nil {
			change(c)
		}
	})
	s.gate.house = s.house.Server.Public()
	asked, upstream := httptest.NewServer(s.gate), httptest.NewServer(s.app)
	t.Cleanup(upstream.Close)
	s.down = sync.OnceFunc(asked.Close)
	t.Cleanup(s.down)
	printed := printConfig(t, "--app-url", "http://"+s.host, "--upstream", upstream.URL,
		"--addr", strings.TrimPrefix(asked.URL, "http://"), "--url", s.house.URL)
	startNginx(t, bin, strings.ReplaceAll(around, "ADDR", s.addr), printed, s.addr)
	return s
}

// printConfig is what `cloakroom proxy-config nginx` prints.
func printConfig(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	term := &terminal{in: strings.NewReader(""), out: &out, err: &errs}
	if code := run(t.Context(), append([]string{"proxy-config", "nginx"}, args...), term); code != exitDone {
		t.Fatalf("proxy-config: exit %d: %s", code, errs.String())
	}
	return out.String()
}

// startNginx has the configuration checked by `nginx -t`, then runs it until the test ends.
func startNginx(t *testing.T, bin, around, printed, addr string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	site := write("cloakroom.conf", printed)
	log := filepath.Join(dir, "error.log")
	temp := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += fmt.Sprintf("  %s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	conf := write("nginx.conf", fmt.Sprintf(`daemon off;
master_process off;
pid %s;
error_log %s warn;
events { worker_connections 256; }
http {
  access_log off;
%s%s
  include %s;
}
`, filepath.Join(dir, "pid"), log, temp, around, site))
	args := []string{"-p", dir, "-e", log, "-c", conf}
	if out, err := exec.CommandContext(t.Context(), bin, append(args, "-t")...).CombinedOutput(); err != nil || bytes.Contains(out, []byte("[warn]")) {
		t.Fatalf("nginx -t: %v\n%s\n%s", err, out, printed)
	}
	cmd := exec.Command(bin, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if text, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("nginx said:\n%s", text)
		}
	})
	waitFor(t, "nginx listens", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// waitFor asks until the answer is yes, for programs that do not say when they are ready.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("20 s, and still not: %s", what)
}

// reply is what comes back through nginx.
type reply struct {
	*http.Response
	body string
	conn *bufio.ReadWriter
}

// ask sends lines as they are: no client library has a say in how they are spelt. Host and the end come by themselves.
func (s *street) ask(request string, lines ...string) reply { return s.askBody(request, "", lines...) }

func (s *street) askBody(request, body string, lines ...string) reply {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	all := []string{request + " HTTP/1.1"}
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "Host:") }) {
		all = append(all, "Host: "+s.host)
	}
	all = append(all, lines...)
	if body != "" {
		all = append(all, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	if _, err := io.WriteString(conn, strings.Join(all, "\r\n")+"\r\n\r\n"+body); err != nil {
		s.t.Fatal(err)
	}
	rw := bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(rw.Reader, &http.Request{Method: method})
	if err != nil {
		s.t.Fatal(err)
	}
	r := reply{Response: res, conn: rw}
	if res.StatusCode != http.StatusSwitchingProtocols {
		text, err := io.ReadAll(res.Body)
		if err != nil {
			s.t.Fatal(err)
		}
		r.body = string(text)
	}
	return r
}

// heard is what the app heard, of an answer that came from it.
func (r reply) heard(t *testing.T) heard {
	t.Helper()
	var h heard
	if r.StatusCode != http.StatusOK {
		t.Fatalf("got %d %s, want an answer of the app", r.StatusCode, r.body)
	}
	if err := json.Unmarshal([]byte(r.body), &h); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
	return h
}

// person signs up and returns the cookie line of a browser, and the account id.
func (s *street) person(email string) (cookie, id string) {
	s.t.Helper()
	c := s.house.Client()
	c.SignUp(email)
	var me struct {
		Account struct {
			ID string `json:"id"`
		} `json:"account"`
	}
	c.Get("/api/me").Decode(s.t, &me)
	// The visit cookie comes with the first page.
	c.Get("/account")
	visit := cmp.Or(c.Cookie("__Host-visit"), "v")
	return "Cookie: __Host-visit=" + visit + "; __Host-session=" + c.Cookie("__Host-session"), me.Account.ID
}

const (
	byBrowser = "Sec-Fetch-Mode: navigate"
	byScript  = "Sec-Fetch-Mode: cors"
)
