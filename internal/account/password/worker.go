package password

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

const (
	workerIdle     = time.Minute      // without an order, then it ends and its memory is the system's again
	workerPatience = 10 * time.Second // for one hash of 25 to 40 ms
	workerFarewell = time.Second      // from its last order to its end
)

// Worker has passwords hashed by another process, which runs [Work]. It starts with the first password and ends a minute after the last one. The
// 19 MiB of each hash are garbage of that process: the garbage of this one is collected as if nobody signed in, which is what makes other requests wait
// while many do (docs/adr/0017-passwords-are-hashed-elsewhere.md).
//
// A password that cannot be hashed there, because the process cannot be started or was killed, is hashed here, and the log says so.
type Worker struct {
	log   *slog.Logger
	start func() (*link, error)

	mu      sync.Mutex
	link    *link // nil: no process runs
	closed  bool
	running sync.WaitGroup
}

// NewWorker makes a worker of a command; nil is slog.Default(). Nothing is started yet.
func NewWorker(log *slog.Logger, program string, args ...string) *Worker {
	if log == nil {
		log = slog.Default()
	}
	return &Worker{log: log, start: func() (*link, error) { return startLink(program, args) }}
}

// Close ends the process; what it has not answered within a second is hashed here. Whoever hashes after it hashes here too.
func (w *Worker) Close() {
	w.mu.Lock()
	w.closed = true
	l := w.link
	w.drop(l)
	w.mu.Unlock()
	if l != nil {
		late := time.AfterFunc(workerFarewell, l.kill)
		defer late.Stop()
	}
	w.running.Wait()
}

func (w *Worker) derive(password, salt []byte, p Params, size uint32) []byte {
	sum, err := w.ask(order{Params: p, Size: size, Salt: salt, Password: password})
	if err != nil {
		w.log.Warn("password.worker", "error", err, "hint", "this password was hashed by the server itself")
		return argon2id(password, salt, p, size)
	}
	return sum
}

var (
	errWorkerClosed = errors.New("password: the worker is closed")
	errWorkerGone   = errors.New("password: the worker ended before it answered")
	errWorkerLate   = fmt.Errorf("password: the worker did not answer within %v", workerPatience)
)

func (w *Worker) ask(o order) ([]byte, error) {
	l, sum, err := w.send(o)
	if err != nil {
		return nil, err
	}
	late := time.NewTimer(workerPatience)
	defer late.Stop()
	select {
	case sum, ok := <-sum:
		if !ok {
			return nil, errWorkerGone
		}
		if len(sum) != int(o.Size) {
			return nil, fmt.Errorf("password: the worker answered with %d bytes, not %d", len(sum), o.Size)
		}
		return sum, nil
	case <-late.C:
		l.kill()
		return nil, errWorkerLate
	}
}

func (w *Worker) send(o order) (*link, <-chan []byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, nil, errWorkerClosed
	}
	if w.link == nil {
		l, err := w.start()
		if err != nil {
			return nil, nil, fmt.Errorf("password: the worker does not start: %w", err)
		}
		l.orders, l.asked = json.NewEncoder(l.in), map[uint64]chan<- []byte{}
		w.link = l
		w.running.Go(func() { w.listen(l) })
	}
	l := w.link
	l.last++
	o.ID = l.last
	sum := make(chan []byte, 1)
	l.asked[o.ID] = sum
	if err := l.orders.Encode(o); err != nil {
		delete(l.asked, o.ID)
		l.kill()
		w.drop(l)
		return nil, nil, err
	}
	return l, sum, nil
}

// listen hands out what a process answers, until it ends.
func (w *Worker) listen(l *link) {
	for answers := json.NewDecoder(l.out); ; {
		var a answer
		if err := answers.Decode(&a); err != nil {
			break
		}
		w.mu.Lock()
		sum := l.asked[a.ID]
		delete(l.asked, a.ID)
		if last := l.last; len(l.asked) == 0 {
			l.rest(func() { w.rested(l, last) })
		}
		w.mu.Unlock()
		if sum != nil {
			sum <- a.Sum
		}
	}
	l.kill() // also one that only closed its output, or wrote what is no answer
	w.mu.Lock()
	w.drop(l)
	for _, sum := range l.asked {
		close(sum)
	}
	clear(l.asked)
	w.mu.Unlock()
	l.rest(nil)
	l.wait()
}

// rested ends a process that was asked for nothing since its order last.
func (w *Worker) rested(l *link, last uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l.last == last {
		w.drop(l)
	}
}

// drop has a process get no more orders; it ends when it is done with those that it has. The caller holds mu.
func (w *Worker) drop(l *link) {
	if l == nil {
		return
	}
	_ = l.in.Close()
	if w.link == l {
		w.link = nil
	}
}

// link is a process that hashes, and who waits for its answers. What follows kill and wait is under the lock of the worker.
type link struct {
	in   io.WriteCloser
	out  io.Reader
	kill func()
	wait func() (status int)

	orders *json.Encoder
	asked  map[uint64]chan<- []byte
	last   uint64 // the number of the last order
	idle   *time.Timer
}

// rest calls end when the process has been idle for long; nil stops waiting for that.
func (l *link) rest(end func()) {
	if l.idle != nil {
		l.idle.Stop()
	}
	if end != nil {
		l.idle = time.AfterFunc(workerIdle, end)
	}
}

func startLink(program string, args []string) (*link, error) {
	orders, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer orders.Close()
	out, answers, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	defer answers.Close()
	p, err := os.StartProcess(program, append([]string{"cloakroom"}, args...), &os.ProcAttr{
		Env:   []string{}, // and not what the server was told in its own
		Files: []*os.File{orders, answers, os.Stderr},
	})
	if err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	return &link{
		in: in, out: out,
		kill: func() { _ = p.Kill() },
		wait: func() int {
			defer out.Close()
			state, err := p.Wait()
			if err != nil {
				return -1
			}
			return state.ExitCode()
		},
	}, nil
}
