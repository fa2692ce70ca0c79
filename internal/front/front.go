// Package front is a reverse proxy that stands before apps by itself. It passes on requests that were admitted, tells the app who makes them, and ends
// what is open when the session behind it ends. Who may come in is for its caller to decide: see [Front.Serve].
package front

import (
	"context"
	"crypto/x509"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
	"time"
)

// Front stands before apps. It is made by [New] and used by many goroutines at once.
type Front struct {
	opt       Options
	apps      map[string]App // by host
	transport *http.Transport
	buffers   buffers
	open      open
	errors    *log.Logger // of package httputil
}

// Visitor is who was admitted: the person, the session, and where the request comes from.
type Visitor struct {
	User, Email, Name, Groups string // what the app is told as Remote-User and so on; sent also when empty

	Session string     // public handle; when the session ends, so does what is open; "" for nobody in particular
	Addr    netip.Addr // of the client, for X-Forwarded-For

	Version uint64 // what [Options.Version] was before the request was admitted

	// HideAuthorization keeps the Authorization field from the app: its secret is not the app's.
	HideAuthorization bool
}

// Options are what a [Front] needs of its caller.
type Options struct {
	// Cookies are the names of cookies that are not the apps': they neither get them nor set them, in any spelling.
	Cookies []string

	// Scheme is what people type before the host, "https" or "http", for X-Forwarded-Proto.
	Scheme string

	// Failed answers a request that got no answer from the app; the error is an *[Error]. Nothing was written before.
	Failed func(w http.ResponseWriter, r *http.Request, err error)

	// Limit returns the last instant at which a session is valid by what is known now, without counting as use of it. An error means that the session
	// must be taken for ended.
	Limit func(ctx context.Context, session string) (time.Time, error)

	// Blind reports whether endings may go unnoticed at this time. Then the sessions of all that is open are looked at each second. nil: never.
	Blind func() bool

	// Version is another number after what May goes by may have changed; nil: it never does.
	Version func() uint64

	// May reports whether a request that is still open may go on, beside its session, which is told by others. To ask is no use of a session.
	May func(r *http.Request, v *Visitor) bool

	// Roots verify an app's certificate: nil are those of the system.
	Roots *x509.CertPool

	// Dial reaches the apps: nil is the network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Stall is how long one read from a client, or one write to it, may take: 60 seconds. The answer as a whole takes as long as the app likes.
	Stall time.Duration

	Log *slog.Logger // slog.Default()
}

// New makes a front of apps with different hosts.
func New(apps []App, o Options) *Front {
	if o.Stall == 0 {
		o.Stall = time.Minute
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	f := &Front{opt: o, apps: map[string]App{}, transport: newTransport(&o), errors: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug)}
	for _, a := range apps {
		f.apps[a.Host] = a
	}
	return f
}

// Has reports whether requests with this Host, with a port or without, are for one of the apps.
func (f *Front) Has(host string) bool {
	_, ok := f.app(host)
	return ok
}

func (f *Front) app(host string) (App, bool) {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	a, ok := f.apps[strings.ToLower(host)]
	return a, ok
}

// Serve passes a request on to the app of its Host, and the answer back. The caller has admitted it: nothing is decided here. It panics with
// [http.ErrAbortHandler] when half an answer is out and the rest will not come, as [httputil.ReverseProxy] does.
func (f *Front) Serve(w http.ResponseWriter, r *http.Request, v Visitor) {
	c := &call{front: f, visitor: v, request: r, control: http.NewResponseController(w)}
	if err := c.check(); err != nil {
		f.opt.Failed(w, r, err)
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	c.cancel, c.out = cancel, &writer{ResponseWriter: w, call: c}
	f.open.add(c)
	defer f.open.remove(c)

	in := r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		c.body = &reader{ReadCloser: r.Body, call: c}
		in.Body = c.body
	}
	c.setDeadline(c.control.SetWriteDeadline, time.Time{}) // the app may think for as long as it likes
	proxy := httputil.ReverseProxy{
		Rewrite: c.rewrite, ModifyResponse: c.answered, ErrorHandler: c.failed,
		Transport: f.transport, FlushInterval: -1, BufferPool: &f.buffers, ErrorLog: f.errors,
	}
	proxy.ServeHTTP(c.out, in)
	delete(w.Header(), http.TrailerPrefix+"Set-Cookie")
}

// End ends what is open of sessions that ended. It does not wait.
func (f *Front) End(sessions ...string) {
	for _, s := range sessions {
		f.open.end(s, f.opt.Log)
	}
}

// Stop ends what would never end by itself, WebSockets and event streams, so that a server that stops need not wait for it.
func (f *Front) Stop() { f.open.stop() }

// CloseIdle closes the connections to apps that nobody uses.
func (f *Front) CloseIdle() { f.transport.CloseIdleConnections() }

// checkEvery is how often it is looked whether a session behind something open is past its limit.
const checkEvery = time.Second

// Run ends what is open of sessions that pass a limit, and of people who may not any more, until ctx ends. What nobody asks for, as messages in a WebSocket, is no use of a session: an idle
// one ends though its sockets are busy.
func (f *Front) Run(ctx context.Context) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			f.askAgain()
			for _, s := range f.open.due(now, f.opt.Blind != nil && f.opt.Blind()) {
				limit, err := f.opt.Limit(ctx, s)
				if ctx.Err() != nil {
					return
				}
				if err != nil || now.After(limit) {
					f.End(s)
					continue
				}
				f.open.until(s, limit)
			}
		}
	}
}

// askAgain ends what may not go on since something changed.
func (f *Front) askAgain() {
	if f.opt.Version == nil {
		return
	}
	for _, c := range f.open.older(f.opt.Version()) {
		if !f.opt.May(c.request, &c.visitor) {
			f.opt.Log.Info("front.ended", "user", c.visitor.User, "host", c.app.Host)
			c.end(ErrEnded)
		}
	}
}
