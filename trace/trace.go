package trace

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// Run goes the way of one URL and returns what it saw. A bare "example.com" is https://example.com/. A hop that failed is in
// the trace as its last, with Failed set; the error is that [Failure] again, and the trace is never nil.
func Run(ctx context.Context, url string, o *Options) (*Trace, error) {
	return newRun(o).run(ctx, url)
}

// A run is one trace that is under way.
type run struct {
	o        Options
	jar      *jar.Jar
	resolver *resolver
	tls      *handshaker
	pool     pool
	trace    *Trace
	at       *location      // of the hop
	seen     map[string]int // how often this very request was made
	late     func()         // completes what the hop knows of DNS
}

func newRun(o *Options) *run {
	r := &run{
		o:     o.withDefaults(),
		pool:  pool{},
		trace: &Trace{Schema: Schema, Findings: []Finding{}, Hops: []*Hop{}},
		seen:  map[string]int{},
		late:  func() {},
	}
	r.resolver = newResolver(r.o)
	if r.jar = r.o.Jar; r.jar == nil {
		r.jar = jar.New(&jar.Options{SecureLoopback: true})
	}
	return r
}

func (r *run) run(ctx context.Context, url string) (*Trace, error) {
	defer r.pool.close()
	ctx, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	err := r.hops(ctx, url)
	r.page()
	return r.trace, err
}

// page reads what the last response brought, also if it did not come whole.
func (r *run) page() {
	h := r.trace.Hops[len(r.trace.Hops)-1]
	if h.Response != nil && len(h.Response.Body) > 0 {
		h.Page = readPage(h.Response.first("Content-Type"), r.at, h.Response.Body)
	}
}

// hops goes hop after hop. The error is nil or a *Failure.
func (r *run) hops(ctx context.Context, url string) error {
	var unfit error
	r.tls, unfit = newHandshaker(r.o) // before the clock starts
	h, watch := r.newHop(), newStopwatch()
	watch.begin(PhaseURL)
	q, err := r.first(url)
	if err == nil {
		err = unfit
	}
	if err != nil {
		h.URL, h.Method = withoutUser(url), r.o.Method
		return r.fail(h, watch, err)
	}
	for {
		h.URL, h.Method, h.Parts = q.to.String(), q.method, q.to.parts()
		r.at = q.to
		if err := r.hop(ctx, h, watch, q); err != nil {
			return r.fail(h, watch, err)
		}
		h.Phases = watch.phases
		r.review(h)
		to := r.leadsTo(h, q.to)
		if to == nil {
			return nil
		}
		h.Redirect = to.String()
		if r.o.MaxRedirs < 0 {
			return nil
		}
		if err := r.mayFollow(h); err != nil {
			return r.fail(h, watch, err)
		}
		q = r.follow(q, h.Status, to)
		h, watch = r.newHop(), newStopwatch()
		watch.begin(PhaseURL)
	}
}

func (r *run) newHop() *Hop {
	h := &Hop{Phases: []Phase{}, SetCookies: []jar.Verdict{}, Cookies: []jar.Verdict{}}
	r.trace.Hops = append(r.trace.Hops, h)
	return h
}

// first makes the request of the first hop.
func (r *run) first(url string) (*request, error) {
	to, err := parseLocation(url, nil)
	if err != nil {
		return nil, err
	}
	q := &request{method: r.o.Method, to: to, header: http.Header{}, body: r.o.Body}
	for name, values := range r.o.Header {
		q.header[http.CanonicalHeaderKey(name)] = values
	}
	return q, checkHeader(q.method, q.header)
}

// mayFollow reports that the redirects have no end: too many, or the same request for the third time.
func (r *run) mayFollow(h *Hop) error {
	request := h.Method + " " + h.URL + " " + h.Request.first("Cookie")
	r.seen[request]++
	if r.seen[request] > 2 {
		return failf(PhaseRedirect, "redirect-loop", "the site sends whoever comes with these cookies in a circle; try without --jar", "%s was asked for three times with the same cookies", h.URL)
	}
	if n := len(r.trace.Hops); n > r.o.MaxRedirs {
		return failf(PhaseRedirect, "too-many-redirects", "--max-redirs raises the limit", "%s the site leads on to another", redirects(n-1))
	}
	return nil
}

func redirects(n int) string {
	if n == 1 {
		return "after 1 redirect"
	}
	return fmt.Sprintf("after %d redirects", n)
}

// fail ends the trace with a hop that could not be finished.
func (r *run) fail(h *Hop, watch *stopwatch, err error) error {
	watch.end()
	h.Phases = watch.phases
	if h.Failed = asFailure(context.Background(), PhaseURL, h.URL, err); h.Failed.Phase != PhaseRedirect {
		r.review(h)
	}
	r.find(h.Failed.Reason, "%s", h.Failed.Detail)
	return h.Failed
}
