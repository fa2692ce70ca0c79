package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/cloakroom/cloakroom/jwt"
)

// proc is a server in a process of its own.
type proc struct {
	cmd  *exec.Cmd
	dir  string // it was started there
	url  string
	addr string
	log  *saying
	took time.Duration // from its start until it answered
	t    testing.TB

	ended chan struct{} // closed when it has ended
	err   error         // and how
}

// saying keeps what a process says, and tells when it says something in particular.
type saying struct {
	mu      sync.Mutex
	text    bytes.Buffer
	waiting map[string]chan struct{}
}

// said is closed once a line with these words comes.
func (j *saying) said(words string) <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := make(chan struct{})
	if strings.Contains(j.text.String(), words) {
		close(c)
		return c
	}
	if j.waiting == nil {
		j.waiting = map[string]chan struct{}{}
	}
	j.waiting[words] = c
	return c
}

func (j *saying) follow(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		j.mu.Lock()
		j.text.WriteString(lines.Text() + "\n")
		for words, c := range j.waiting {
			if strings.Contains(lines.Text(), words) {
				close(c)
				delete(j.waiting, words)
			}
		}
		j.mu.Unlock()
	}
}

func (j *saying) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// serve starts `cloakroom serve` in dir on a free port and returns when it answers.
func serve(t testing.TB, dir string, flags ...string) *proc {
	t.Helper()
	addr := freeAddr(t)
	return serveAt(t, dir, addr, "http://"+addr, flags...)
}

// serveAt is serve at an address, for a house with this URL.
func serveAt(t testing.TB, dir, addr, url string, flags ...string) *proc {
	t.Helper()
	args := append([]string{"serve", "--addr", addr, "--ops-addr=", "--url", url}, flags...)
	return launch(t, addr, "msg=serving", dir, built(t, "cloakroom"), args...)
}

// launch starts a program that says ready on standard output or error when it answers at addr.
func launch(t testing.TB, addr, ready, dir, bin string, args ...string) *proc {
	t.Helper()
	p := &proc{dir: dir, url: "http://" + addr, addr: addr, log: &saying{}, t: t, ended: make(chan struct{})}
	p.cmd = exec.Command(bin, args...)
	p.cmd.Dir, p.cmd.Env = dir, cleanEnv()
	said, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = end, end
	up := p.log.said(ready)
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end.Close()
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.log.follow(said)
	}()
	go func() {
		p.err = p.cmd.Wait()
		<-read
		said.Close()
		// A POST on a connection to the dead server would fail, also when another listens at its address.
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	select {
	case <-up:
		p.took = time.Since(begin)
	case <-p.ended:
		t.Fatalf("%s %v: %v\n%s", bin, args, p.err, p.log)
	case <-time.After(20 * time.Second):
		t.Fatalf("20 s, and %s %v is not up:\n%s", bin, args, p.log)
	}
	return p
}

// cleanEnv is the environment without settings of whoever runs the tests.
func cleanEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "CLOAKROOM_") })
}

// kill ends it as a power cut would.
func (p *proc) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// stop ends it by a signal and returns its exit status.
func (p *proc) stop(sig os.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		p.t.Fatalf("20 s after %v it still runs:\n%s", sig, p.log)
	}
	return p.cmd.ProcessState.ExitCode()
}

// beside runs another cloakroom command on the same directory, as a second process.
func (p *proc) beside(args ...string) string {
	p.t.Helper()
	cmd := exec.Command(built(p.t, "cloakroom"), args...)
	cmd.Dir, cmd.Env = p.dir, cleanEnv()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("cloakroom %v: %v\n%s", args, err, errs.String())
	}
	return string(out)
}

// guest is a browser or a program of one person, over the network.
type guest struct {
	url    string
	http   *http.Client
	cookie map[string]string
}

func (p *proc) guest() *guest {
	return &guest{url: p.url, cookie: map[string]string{}, http: &http.Client{
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response whose body was read.
type answer struct {
	status int
	body   string
	fields map[string]any // of a JSON body
}

func (a answer) text(name string) string { s, _ := a.fields[name].(string); return s }

func (a answer) inner(object, name string) string {
	o, _ := a.fields[object].(map[string]any)
	s, _ := o[name].(string)
	return s
}

// ask sends a request with the cookies that it has; header lines are "Name: value". An error means that no answer came.
func (g *guest) ask(method, path, body string, header ...string) (answer, error) {
	r, err := http.NewRequest(method, g.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	for name, value := range g.cookie {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res, err := g.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 {
			delete(g.cookie, c.Name)
		} else {
			g.cookie[c.Name] = c.Value
		}
	}
	a := answer{status: res.StatusCode, body: string(text)}
	_ = json.Unmarshal(text, &a.fields)
	return a, nil
}

func (g *guest) json(path string, v any) (answer, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return answer{}, err
	}
	return g.ask("POST", path, string(body), "Content-Type: application/json")
}

func (g *guest) form(path string, fields url.Values) (answer, error) {
	return g.ask("POST", path, fields.Encode(), "Content-Type: application/x-www-form-urlencoded")
}

// page posts a form of a page as a browser does: with the token that the page holds.
func (g *guest) page(path string, fields url.Values) (answer, error) {
	a, err := g.ask("GET", path, "")
	if err != nil {
		return a, err
	}
	_, after, _ := strings.Cut(a.body, `name="form_token" value="`)
	token, _, _ := strings.Cut(after, `"`)
	fields.Set("form_token", token)
	return g.form(path, fields)
}

type credentials struct {
	Email      string `json:"email"`
	Password   string `json:"password"`
	Invitation string `json:"invitation,omitempty"`
}

const goodPassword = "plum gravel 47 orbit"

// must is for a request that has to succeed with this status.
func must(t testing.TB, status int, a answer, err error) answer {
	t.Helper()
	if err != nil || a.status != status {
		t.Fatalf("got %d %v, want %d: %s", a.status, err, status, a.body)
	}
	return a
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

func freeAddr(t testing.TB) string { return fmt.Sprintf("localhost:%d", testenv.FreePort(t)) }

func inspect(t testing.TB, token string) *jwt.Inspection {
	t.Helper()
	seen, err := jwt.Inspect(token)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}
