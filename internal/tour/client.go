package tour

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// client is a browser, or a program, or a thief: who sends requests. What it sends and gets is taken from the connection
// itself, byte by byte.
type client struct {
	http   *http.Client
	wire   *wire
	jar    *jar.Jar // nil = it keeps no cookie
	bearer string   // a token to send
}

// client makes a client with a jar, or with nil for none.
//
//go:noinline
func (n *internet) client(j *jar.Jar) *client {
	c := &client{jar: j, wire: &wire{net: n}}
	c.http = &http.Client{
		Transport: &http.Transport{DialTLSContext: c.wire.dial, DisableCompression: true, MaxConnsPerHost: 1},
		Timeout:   30 * time.Second,
	}
	return c
}

// cookie is the value of a cookie that the client holds; "" if it has none of that name.
func (c *client) cookie(name string) string {
	for _, held := range c.jar.All() {
		if held.Name == name {
			return held.Value
		}
	}
	return ""
}

// receive does what the Set-Cookie lines of a response say.
func (c *client) receive(r *http.Request, lines []string) error {
	for _, v := range c.jar.Set(jar.Request{URL: r.URL, Method: r.Method}, lines...) {
		if v.Outcome == jar.Rejected {
			return fmt.Errorf("tour: the client does not take the cookie %s: %s", v.Name, v.Detail)
		}
	}
	return nil
}

func (c *client) close() { c.http.CloseIdleConnections() }

// exchange is a request message and its response message, as they travelled.
type exchange struct {
	request, response string
	status            int
	header            http.Header
	body              []byte
	said              struct {
		answer
		refusal
	}
}

// says is the response in a few words.
func (e *exchange) says() string {
	switch {
	case e.said.You != "" && e.said.Visit > 0:
		return fmt.Sprintf("%d: %s, visit %d", e.status, e.said.You, e.said.Visit)
	case e.said.You != "" && e.said.Why != "":
		return fmt.Sprintf("%d: %s; %s", e.status, e.said.You, e.said.Why)
	case e.said.You != "":
		return fmt.Sprintf("%d: %s", e.status, e.said.You)
	case e.said.Reason != "":
		return fmt.Sprintf("%d: %s", e.status, e.said.Reason)
	}
	return fmt.Sprintf("%d %s", e.status, http.StatusText(e.status))
}

// do sends one request; a body that is not nil is sent as JSON.
func (c *client) do(ctx context.Context, method, url string, body any) (e exchange, err error) {
	var text io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return e, err
		}
		text = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, text)
	if err != nil {
		return e, err
	}
	r.Header.Set("User-Agent", "cloakroom-tour")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	if c.jar != nil {
		if line, _ := c.jar.Match(jar.Request{URL: r.URL, Method: method}); line != "" {
			r.Header.Set("Cookie", line)
		}
	}
	c.wire.forget()
	res, err := c.http.Do(r)
	if err != nil {
		return e, err
	}
	defer res.Body.Close()
	if e.body, err = io.ReadAll(res.Body); err != nil {
		return e, err
	}
	e.request, e.response = c.wire.messages()
	e.status, e.header = res.StatusCode, res.Header
	_ = json.Unmarshal(e.body, &e.said.answer) // what is no answer says nothing
	_ = json.Unmarshal(e.body, &e.said.refusal)
	if c.jar != nil {
		err = c.receive(r, res.Header.Values("Set-Cookie"))
	}
	return e, err
}

// wire listens to a client's connections, inside TLS.
type wire struct {
	net       *internet
	mu        sync.Mutex
	sent, got bytes.Buffer
}

func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := w.net.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &tapped{conn, w}, nil
}

func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent.Reset()
	w.got.Reset()
}

func (w *wire) messages() (request, response string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent.String(), w.got.String()
}

type tapped struct {
	net.Conn
	wire *wire
}

// Write notes first what it sends: the answer may be there before it returns.
func (t *tapped) Write(b []byte) (int, error) {
	t.wire.mu.Lock()
	t.wire.sent.Write(b)
	t.wire.mu.Unlock()
	return t.Conn.Write(b)
}

func (t *tapped) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.wire.mu.Lock()
	defer t.wire.mu.Unlock()
	t.wire.got.Write(b[:n])
	return n, err
}
