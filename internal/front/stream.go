package front

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// writer gives each write to the client a time of its own, in place of the server's one for the whole answer.
type writer struct {
	http.ResponseWriter
	call   *call
	status atomic.Int32
}

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// begun reports whether an answer, or another protocol, has begun.
func (w *writer) begun() bool { return w.status.Load() != 0 }

func (w *writer) WriteHeader(code int) {
	if code == http.StatusContinue {
		return // the server gives leave to send a body when it is read, which is when the app has given it
	}
	h := w.Header()
	if code < 200 {
		cleanAnswer(h, w.call.front.opt.Cookies) // of an early hint, which nothing else has looked at
	} else if w.status.CompareAndSwap(0, int32(code)) {
		if _, ok := h["Content-Type"]; !ok {
			h["Content-Type"] = nil // which keeps the server from guessing one
		}
		if w.call.closes() {
			h["Connection"] = []string{"close"}
		}
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *writer) Write(b []byte) (n int, err error) {
	if !w.begun() {
		w.WriteHeader(http.StatusOK)
	}
	defer w.within(w.call.control.SetWriteDeadline)()
	return w.ResponseWriter.Write(b)
}

// FlushError is what [http.ResponseController] calls.
func (w *writer) FlushError() error {
	defer w.within(w.call.control.SetWriteDeadline)()
	return w.call.control.Flush()
}

// within sets a deadline for what comes now. It is taken back afterwards: in HTTP/2 it would cut off a stream that only waits.
func (w *writer) within(set func(time.Time) error) (after func()) {
	w.call.setDeadline(set, time.Now().Add(w.call.front.opt.Stall))
	return func() { w.call.setDeadline(set, time.Time{}) }
}

// Hijack hands over the connection of a WebSocket, and keeps hold of it.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.call.control.Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.status.Store(http.StatusSwitchingProtocols)
	w.call.mu.Lock()
	defer w.call.mu.Unlock()
	w.call.conn = conn
	if w.call.over { // ended just before
		cut(conn)
	}
	return &socket{conn, w.call.front.opt.Stall}, rw, nil
}

// socket is a client's end of a WebSocket. It has no way to be closed by half: who stopped sending has left.
type socket struct {
	net.Conn
	stall time.Duration
}

func (s *socket) Write(b []byte) (int, error) {
	if err := s.SetWriteDeadline(time.Now().Add(s.stall)); err != nil {
		return 0, err
	}
	return s.Conn.Write(b)
}

// reader gives each read from the client a time of its own.
type reader struct {
	io.ReadCloser
	call *call
	mu   sync.Mutex            // of one who reads
	end  atomic.Pointer[error] // why it is not read any more
}

var errLeft = errors.New("front: the request is done")

func (r *reader) Read(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if end := r.end.Load(); end != nil {
		return 0, *end
	}
	r.call.setDeadline(r.call.control.SetReadDeadline, time.Now().Add(r.call.front.opt.Stall))
	n, err := r.ReadCloser.Read(b)
	if err != nil {
		r.end.Store(&err) // the server waits now for the client to leave: its deadlines are not ours
		return n, err
	}
	r.call.setDeadline(r.call.control.SetReadDeadline, time.Time{})
	return n, nil
}

// leave returns when nobody reads any more. The deadline must have passed.
func (r *reader) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end.CompareAndSwap(nil, &errLeft)
}

// whole reports whether all of the body was read.
func (r *reader) whole() bool {
	end := r.end.Load()
	return end != nil && *end == io.EOF
}

// broken is why the rest of the body will not come; nil if it came, or still may.
func (r *reader) broken() error {
	if end := r.end.Load(); end != nil && *end != io.EOF {
		return *end
	}
	return nil
}

// buffers lends what answers are copied through.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return p[:]
	}
	return make([]byte, bufferSize)
}

func (b *buffers) Put(p []byte) { b.pool.Put((*[bufferSize]byte)(p)) }
