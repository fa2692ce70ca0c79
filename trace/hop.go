package trace

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"
)

// hop goes one hop. What could be found out is in the Hop even if the error, a *Failure, is not nil.
func (r *run) hop(ctx context.Context, h *Hop, watch *stopwatch, q *request) error {
	defer func() {
		watch.end()
		r.late()
		r.late = func() {}
	}()
	c := r.pool.take(q.to.origin())
	for {
		if c == nil {
			var err error
			if c, err = r.connect(ctx, h, watch, q.to); err != nil {
				return err
			}
		} else {
			h.TCP = &TCP{Attempts: []Attempt{}, Local: c.tcp.Local, Remote: c.tcp.Remote, RTT: c.tcp.RTT, Reused: true}
			h.TLS = c.tls
		}
		err := r.exchange(ctx, h, watch, c, q)
		if err == nil && c.wire.reusable() {
			r.pool.put(q.to.origin(), c)
			return nil
		}
		_ = c.net.Close() // what mattered has been read
		if !c.used || h.Response != nil || !isStale(err) {
			return err
		}
		// The server had closed the connection before it saw the request (RFC 9112 section 9.3.1): once more on a new one.
		c = nil
		watch.restart()
	}
}

func isStale(err error) bool {
	f, ok := errors.AsType[*Failure](err)
	return ok && slices.Contains([]string{"closed", "reset", "h2-goaway", "h2-refused"}, f.Reason)
}

// connect goes the phases dns, tcp and tls.
func (r *run) connect(ctx context.Context, h *Hop, watch *stopwatch, l *location) (*conn, error) {
	r.begin(watch, PhaseDNS, l.hostname())
	k, err := r.resolver.lookup(ctx, l.host, l.port)
	h.DNS, r.late = k.dns, k.finish
	if err != nil {
		return nil, err
	}
	r.begin(watch, PhaseTCP, net.JoinHostPort(l.hostname(), l.port))
	dialCtx, cancel := context.WithTimeout(ctx, r.o.DialTimeout)
	defer cancel()
	nc, tcp, err := dial(dialCtx, k.addrs, k.more, l.port)
	h.TCP = tcp
	if err != nil {
		return nil, asFailure(dialCtx, PhaseTCP, net.JoinHostPort(l.hostname(), l.port), err)
	}
	c := &conn{net: nc, tcp: tcp}
	if l.scheme == "https" {
		r.begin(watch, PhaseTLS, l.hostname())
		tc, t, err := r.tls.handshake(dialCtx, nc, l.hostname(), time.Now())
		h.TLS = t
		if err != nil {
			_ = nc.Close() // the failure says more
			return nil, err
		}
		c.net, c.tls = tc, t
	}
	c.wire, err = r.speak(c, l)
	return c, err
}

// speak chooses the version of HTTP: what TLS agreed on, or what was asked for (RFC 9113 section 3).
func (r *run) speak(c *conn, l *location) (wire, error) {
	switch {
	case c.tls != nil && c.tls.ALPN == "h2", c.tls == nil && r.o.HTTP == "2":
		return newHTTP2(c.net, l.scheme, r.o.MaxHead), nil
	case r.o.HTTP == "2":
		_ = c.net.Close() // the failure says more
		return nil, failf(PhaseTLS, "no-http2", "let the server choose the version of HTTP", "%s did not choose HTTP/2", l.hostname())
	}
	return newHTTP1(c.net, r.o.MaxHead), nil
}

// exchange goes the phases send, wait and read.
func (r *run) exchange(ctx context.Context, h *Hop, watch *stopwatch, c *conn, q *request) error {
	defer c.bind(ctx)()
	who := c.tcp.Remote
	cookie, verdicts := r.jar.Match(r.context(q))
	h.Cookies = append(append(h.Cookies[:0], verdicts...), q.given()...)
	h.Request = q.message(cookie)

	r.begin(watch, PhaseSend, who)
	sendErr := c.wire.send(h.Request) // a server may answer before it has read all
	r.begin(watch, PhaseWait, who)
	m, status, body, arrived, err := c.wire.receive(q.method)
	h.Response, h.Status = m, status
	if !arrived.IsZero() {
		watch.beginAt(PhaseRead, arrived)
	}
	if err != nil {
		if m == nil && sendErr != nil {
			return asFailure(ctx, PhaseSend, who, sendErr)
		}
		if arrived.IsZero() {
			return asFailure(ctx, PhaseWait, who, err)
		}
		return asFailure(ctx, PhaseRead, who, err)
	}
	r.o.Progress(len(r.trace.Hops)-1, PhaseRead, who)
	m.Timing = serverTiming(m.get("Server-Timing"))
	r.store(h, q)
	if err := r.readBody(ctx, h.Response, body); err != nil {
		return asFailure(ctx, PhaseRead, who, err)
	}
	watch.end()
	return nil
}

func (r *run) begin(watch *stopwatch, name PhaseName, about string) {
	watch.begin(name)
	r.o.Progress(len(r.trace.Hops)-1, name, about)
}
