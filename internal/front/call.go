package front

import (
	"context"
	"crypto/tls"
	"errors"
	"mime"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"time"
)

// call is one request on its way to the app and back.
type call struct {
	front   *Front
	app     App
	visitor Visitor
	request *http.Request
	cancel  context.CancelCauseFunc
	control *http.ResponseController
	out     *writer
	body    *reader // nil if there is none

	mu     sync.Mutex
	over   bool     // ended, or done: the deadlines of the connection are not ours to set any more
	stream bool     // a WebSocket or an event stream
	conn   net.Conn // of a WebSocket
}

// check refuses what cannot be passed on so that the app reads it as it was admitted.
func (c *call) check() error {
	r := c.request
	var ok bool
	if c.app, ok = c.front.app(r.Host); !ok {
		return &Error{Host: r.Host, Err: ErrRequest, Got: errors.New("no app has this host")}
	}
	switch {
	case r.Method == http.MethodConnect || r.Method == http.MethodTrace:
		return &Error{Host: c.app.Host, Err: ErrMethod, Got: errors.New(r.Method)}
	case r.URL.Opaque != "" || r.URL.Path != "" && r.URL.Path[0] != '/':
		return &Error{Host: c.app.Host, Err: ErrRequest, Got: errors.New("the path does not begin with /")}
	}
	return nil
}

// rewrite makes the app's request. Hop-by-hop fields, and all that Connection names, are gone by now: what is set here arrives (FA-04).
func (c *call) rewrite(p *httputil.ProxyRequest) {
	in, out := p.In, p.Out
	out.URL = upstreamURL(c.app.Upstream, in.URL)
	out.Trailer = nil // some servers take trailing fields for fields
	h := out.Header
	if !isWebSocket(in) {
		h.Del("Connection")
		h.Del("Upgrade") // a server may stay with the protocol that it speaks (RFC 9110 section 7.8)
	}
	takeOut(h)
	KeepCookies(h, c.front.opt.Cookies)
	if c.visitor.HideAuthorization {
		h.Del("Authorization")
	}
	identify(h, &c.visitor)
	forwarded(h, in.Host, c.front.opt.Scheme, c.visitor.Addr)
}

// isWebSocket tells the one upgrade that is passed on (RFC 6455 section 4.1).
func isWebSocket(r *http.Request) bool {
	up := r.Header["Upgrade"]
	return r.Method == http.MethodGet && r.ProtoMajor == 1 && len(up) == 1 && strings.EqualFold(up[0], "websocket")
}

// answered sees the answer before it is passed back.
func (c *call) answered(res *http.Response) error {
	cleanAnswer(res.Header, c.front.opt.Cookies)
	delete(res.Trailer, "Set-Cookie")
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if res.StatusCode == http.StatusSwitchingProtocols || media == "text/event-stream" {
		c.mu.Lock()
		c.stream = true
		c.mu.Unlock()
		if c.front.open.stopping() {
			c.end(errStopping)
		}
	}
	return nil
}

// failed answers for an app that did not.
func (c *call) failed(_ http.ResponseWriter, r *http.Request, err error) {
	if c.out.begun() {
		panic(http.ErrAbortHandler)
	}
	e := &Error{Host: c.app.Host, Err: ErrUnreachable, Got: err}
	switch cause := context.Cause(r.Context()); {
	case errors.Is(cause, ErrEnded):
		e.Err, e.Got = ErrEnded, nil
	case c.body != nil && c.body.broken() != nil:
		e.Err, e.Got = ErrRequest, c.body.broken()
	case cause != nil: // nobody is there to be answered
		panic(http.ErrAbortHandler)
	}
	clear(c.out.ResponseWriter.Header())
	c.front.opt.Failed(c.out, c.request, e)
}

// setDeadline sets a deadline of the connection while it is this request's.
func (c *call) setDeadline(set func(time.Time) error, t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		_ = set(t) // what cannot be set is not there, as with the recorders of tests
	}
}

// hurry is how long what nobody waits for may still take: the answer to a request whose session has ended, and the rest of a body after the answer.
const hurry = 500 * time.Millisecond

// end stops the request, wherever it waits, and does not wait for that.
func (c *call) end(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.over = true
	c.cancel(why)
	if c.conn != nil {
		cut(c.conn)
		return
	}
	if c.body != nil && !c.body.whole() {
		_ = c.control.SetReadDeadline(longAgo)
	}
	_ = c.control.SetWriteDeadline(time.Now().Add(hurry))
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// stop ends a request that would never end by itself.
func (c *call) stop() {
	c.mu.Lock()
	stream := c.stream
	c.mu.Unlock()
	if stream {
		c.end(errStopping)
	}
}

// closes reports whether the connection must be closed after the answer: what is left of the body must not be taken for a request, and one whose
// session ended has had its deadlines spoilt.
func (c *call) closes() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.request.ProtoMajor == 1 && (c.over || c.body != nil && !c.body.whole())
}

// done leaves the connection to the server, with a limit for what is still to be sent or read over.
func (c *call) done() {
	c.mu.Lock()
	ended := c.over
	c.over = true
	c.mu.Unlock()
	if c.conn != nil {
		return
	}
	if c.body != nil && !c.body.whole() {
		// The rest is read over for a moment, so that the client hears the answer before the connection is closed. Nobody may be reading then.
		_ = c.control.SetReadDeadline(longAgo)
		c.body.leave()
		_ = c.control.SetReadDeadline(time.Now().Add(hurry))
	}
	if !ended {
		_ = c.control.SetWriteDeadline(time.Now().Add(c.front.opt.Stall))
	}
}

// cut closes a connection at once. TLS would say goodbye first, and wait for a client that does not read.
func cut(conn net.Conn) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	_ = conn.Close()
}
