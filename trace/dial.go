package trace

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// attemptDelay is the Connection Attempt Delay of RFC 8305 section 5.
const attemptDelay = 250 * time.Millisecond

// A race connects to the first of several addresses that answers, as RFC 8305 has it: the families take turns, and the next
// address is tried when one has failed or has not answered for 250 ms.
type race struct {
	port    string
	start   time.Time
	waiting []netip.Addr
	tcp     *TCP
	results chan dialled
	running int
	cancel  []context.CancelFunc // of each attempt
	err     error                // of the attempt that failed last
}

type dialled struct {
	n    int // which attempt
	conn net.Conn
	err  error
}

// dial runs the race. Addresses that come late through more, nil for none, take part.
func dial(ctx context.Context, addrs []netip.Addr, more <-chan []netip.Addr, port string) (net.Conn, *TCP, error) {
	r := &race{port: port, start: time.Now(), waiting: interleave(addrs), tcp: &TCP{Attempts: []Attempt{}}, results: make(chan dialled)}
	conn, err := r.run(ctx, more)
	r.stop(conn)
	return conn, r.tcp, err
}

func (r *race) run(ctx context.Context, more <-chan []netip.Addr) (net.Conn, error) {
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		if r.running == 0 && len(r.waiting) == 0 && more == nil {
			return nil, r.err
		}
		select {
		case <-next.C:
			if len(r.waiting) > 0 {
				r.attempt(ctx)
				next.Reset(attemptDelay)
			}
		case late, ok := <-more:
			if !ok {
				more = nil
			}
			r.waiting = append(r.waiting, interleave(late)...)
			if r.running == 0 {
				next.Reset(0)
			} else {
				next.Reset(attemptDelay)
			}
		case d := <-r.results:
			r.running--
			if r.finish(d) {
				return d.conn, nil
			}
			r.err = d.err
			next.Reset(0)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (r *race) attempt(ctx context.Context) {
	addr := net.JoinHostPort(r.waiting[0].String(), r.port)
	r.waiting = r.waiting[1:]
	n := len(r.tcp.Attempts)
	r.tcp.Attempts = append(r.tcp.Attempts, Attempt{Address: addr, StartMS: millis(time.Since(r.start)), Result: "lost"})
	ctx, cancel := context.WithCancel(ctx)
	r.cancel = append(r.cancel, cancel)
	r.running++
	go func() {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		r.results <- dialled{n, conn, err}
	}()
}

// finish notes how an attempt ended and reports whether it won.
func (r *race) finish(d dialled) bool {
	a := &r.tcp.Attempts[d.n]
	a.MS = max(millis(time.Since(r.start)-fromMillis(a.StartMS)), 0)
	if d.err != nil {
		a.Result = attemptResult(d.err)
		return false
	}
	a.Result = "won"
	r.tcp.Local, r.tcp.Remote = d.conn.LocalAddr().String(), d.conn.RemoteAddr().String()
	r.tcp.RTT = a.MS
	if rtt, ok := kernelRTT(d.conn); ok {
		r.tcp.RTT = millis(rtt)
	}
	return true
}

// stop ends the attempts that still run, and notes the addresses that were never tried.
func (r *race) stop(winner net.Conn) {
	for _, cancel := range r.cancel {
		cancel()
	}
	for ; r.running > 0; r.running-- {
		d := <-r.results
		a := &r.tcp.Attempts[d.n]
		a.MS = max(millis(time.Since(r.start)-fromMillis(a.StartMS)), 0)
		if d.conn != nil {
			_ = d.conn.Close() // it lost
		} else if winner == nil {
			a.Result = attemptResult(d.err)
		}
	}
	for _, addr := range r.waiting {
		r.tcp.Attempts = append(r.tcp.Attempts, Attempt{Address: net.JoinHostPort(addr.String(), r.port), Result: "not started"})
	}
}

func attemptResult(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		return "unreachable"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return "forbidden"
	}
	return "failed"
}

// interleave lets the families take turns, IPv6 first, and keeps the order within each (RFC 8305 section 4).
func interleave(addrs []netip.Addr) []netip.Addr {
	var six, four, all []netip.Addr
	for _, a := range addrs {
		if a.Is4() {
			four = append(four, a)
		} else {
			six = append(six, a)
		}
	}
	for len(six) > 0 || len(four) > 0 {
		if len(six) > 0 {
			all, six = append(all, six[0]), six[1:]
		}
		if len(four) > 0 {
			all, four = append(all, four[0]), four[1:]
		}
	}
	return all
}
