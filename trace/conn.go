package trace

import (
	"context"
	"net"
	"time"
)

// A conn is a connection to one origin. It is used by one hop at a time.
type conn struct {
	net  net.Conn // TCP or TLS
	tcp  *TCP
	tls  *TLS
	wire wire
	used bool // by a hop before
}

// bind lets ctx end every wait on the connection, until release is called.
func (c *conn) bind(ctx context.Context) (release func()) {
	stop := context.AfterFunc(ctx, func() { _ = c.net.SetDeadline(time.Unix(1, 0)) }) // a closed connection waits for nothing
	return func() { stop() }
}

// A pool keeps one idle connection for each origin, as the hops of one trace need.
type pool map[string]*conn

func (p pool) take(origin string) *conn {
	c := p[origin]
	delete(p, origin)
	return c
}

func (p pool) put(origin string, c *conn) {
	c.used = true
	p[origin] = c
}

func (p pool) close() {
	for origin, c := range p {
		_ = c.net.Close() // nothing is under way
		delete(p, origin)
	}
}
