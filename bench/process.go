package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a server that runs beside us.
type process struct {
	cmd  *exec.Cmd
	addr string
	ops  string
}

func startHouse(binary, dir string, more ...string) *process {
	addr, ops := freeAddr(), freeAddr()
	args := []string{"serve", "--addr", addr, "--ops-addr", ops, "--url", "http://" + addr, "--data", dir,
		"--signup", "open", "--trusted-proxy", "127.0.0.1", "--app", "http://127.0.0.1:9000"}
	p := start(exec.Command(binary, append(args, more...)...), addr)
	p.ops = ops
	waitFor(ops, "/readyz")
	return p
}

// startBare runs this program again as a server that only answers 200.
func startBare() *process {
	addr := freeAddr()
	self, err := os.Executable()
	must(err)
	p := start(exec.Command(self, "-bare", addr), addr)
	waitFor(addr, "/")
	return p
}

func start(cmd *exec.Cmd, addr string) *process {
	cmd.Env = append(os.Environ(), "CLOAKROOM_LOG=text")
	must(cmd.Start())
	return &process{cmd: cmd, addr: addr}
}

// bare is the limit that every check by HTTP is measured against.
func bare(addr string) {
	must(http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})))
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

func freeAddr() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer l.Close()
	return l.Addr().String()
}

func waitFor(addr, path string) {
	for deadline := time.Now().Add(10 * time.Second); ; {
		res, err := http.Get("http://" + addr + path)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			panic(fmt.Sprintf("%s did not answer: %v", addr, err))
		}
		time.Sleep(time.Millisecond)
	}
}

// cpu is the processor time of a process and all its threads, by the scheduler's own count.
func (p *process) cpu() time.Duration {
	dir := fmt.Sprintf("/proc/%d/task", p.cmd.Process.Pid)
	tasks, err := os.ReadDir(dir)
	must(err)
	var sum time.Duration
	for _, t := range tasks {
		text, err := os.ReadFile(filepath.Join(dir, t.Name(), "schedstat"))
		if err != nil {
			continue // the thread has ended
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		must(err)
		sum += time.Duration(ns)
	}
	return sum
}

// resident is what a process has in memory, in MiB.
type resident struct{ all, file, own float64 }

func (p *process) resident() (r resident) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	must(err)
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		into := map[string]*float64{"VmRSS": &r.all, "RssFile": &r.file, "RssAnon": &r.own}[name]
		if into == nil {
			continue
		}
		kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
		must(err)
		*into = kb / 1024
	}
	return r
}

const connections = 8

// cost is the CPU time of one request, in nanoseconds, over n of them on a few connections.
func (p *process) cost(request []byte, n int) float64 {
	before := p.cpu()
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			c := p.dial()
			defer c.Close()
			for range n / connections {
				c.ask(request, http.StatusOK)
			}
		})
	}
	all.Wait()
	return float64(p.cpu()-before) / float64(n)
}

type client struct {
	net.Conn
	in *bufio.Reader
}

func (p *process) dial() *client {
	c, err := net.Dial("tcp", p.addr)
	must(err)
	return &client{c, bufio.NewReader(c)}
}

func (c *client) ask(request []byte, want int) {
	_, err := c.Write(request)
	must(err)
	res, err := http.ReadResponse(c.in, nil)
	must(err)
	_, err = io.Copy(io.Discard, res.Body)
	must(err)
	res.Body.Close()
	if res.StatusCode != want {
		panic(fmt.Sprintf("got %s for %.80q", res.Status, request))
	}
}

const password = "plum gravel 47 orbit"

func (p *process) post(path, email string) *http.Response {
	body, err := json.Marshal(map[string]string{"email": email, "password": password})
	must(err)
	res, err := http.Post("http://"+p.addr+path, "application/json", bytes.NewReader(body))
	must(err)
	return res
}

// signUp makes an account, and returns its cookie and an access token.
func (p *process) signUp() (cookie, token string) {
	res := p.post("/api/signup", "anna@example.org")
	res.Body.Close()
	for _, c := range res.Cookies() {
		if c.Name == name {
			cookie = c.Name + "=" + c.Value
		}
	}
	res = p.post("/api/token", "anna@example.org")
	defer res.Body.Close()
	var t struct {
		Access string `json:"access_token"`
	}
	must(json.NewDecoder(res.Body).Decode(&t))
	return cookie, t.Access
}

// flood returns the 99th percentile, in seconds, of checks made at a steady pace while nobody signs in, and while sign-ins come as fast as
// they are answered: the two in turn, so that whatever the machine does meets them alike.
func (p *process) flood(request []byte, rounds int) (quiet, flooded []float64) {
	// Another account's: one more session than an account may have would end the one that is asked for.
	p.post("/api/signup", "flood@example.org").Body.Close()
	for range rounds {
		quiet = append(quiet, p.p99(request))
		stop := make(chan struct{})
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						p.post("/api/signin", "flood@example.org").Body.Close()
					}
				}
			})
		}
		time.Sleep(200 * time.Millisecond)
		flooded = append(flooded, p.p99(request))
		close(stop)
		all.Wait()
	}
	return quiet, flooded
}

// p99 asks 400 times a second for two seconds and a half; a request that has to wait for its turn counts from when it was due.
func (p *process) p99(request []byte) float64 {
	c := p.dial()
	defer c.Close()
	const n, pace = 1000, 2500 * time.Microsecond
	took := make([]float64, 0, n)
	begin := time.Now()
	for i := range n {
		due := begin.Add(time.Duration(i) * pace)
		time.Sleep(time.Until(due))
		c.ask(request, http.StatusOK)
		took = append(took, time.Since(due).Seconds())
	}
	slices.Sort(took)
	return took[n*99/100]
}
