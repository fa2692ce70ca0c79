package password

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

// queuePerSlot bounds the queue so that who waits, waits about a second: 32 hashes of 25 to 40 ms.
const queuePerSlot = 32

// GateOptions are for those who know their machine. The zero value is right for a server.
type GateOptions struct {
	Slots  int     // hashes at the same time; 0 = max(1, cores - 1), so that session checks keep a core to themselves
	Queue  int     // who may wait for a slot; 0 = 32 for each slot, < 0 = nobody
	Params Params  // cost of new hashes; zero = [DefaultParams]. Anything less is for throwaway servers and tests
	Worker *Worker // who hashes; nil = this process
}

// Gate bounds how many passwords are hashed at once and how many may wait for it (AU-09). Safe for concurrent use.
type Gate struct {
	slots   chan struct{}
	queue   int64
	waiting atomic.Int64
	done    atomic.Uint64
	params  Params
	dummy   string
	derive  deriveFunc // tests count and slow down hashes here
}

// BusyError says that the queue for the gate is full: the caller answers 503 with Retry-After.
type BusyError struct {
	RetryAfter time.Duration // at least a second
	Limit      int           // who may wait
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("password: too many are waiting to be hashed, limit %d: try again in %v", e.Limit, e.RetryAfter)
}

// NewGate makes a gate; nil options are the ones of a server. It allocates nothing worth mentioning.
func NewGate(o *GateOptions) *Gate {
	if o == nil {
		o = &GateOptions{}
	}
	slots, queue, params := o.Slots, o.Queue, o.Params
	if slots <= 0 {
		slots = max(1, runtime.GOMAXPROCS(0)-1)
	}
	if queue == 0 {
		queue = queuePerSlot * slots
	}
	if params == (Params{}) {
		params = DefaultParams
	}
	derive := argon2id
	if o.Worker != nil {
		derive = o.Worker.derive
	}
	return &Gate{
		slots:  make(chan struct{}, slots),
		queue:  int64(max(0, queue)),
		params: params,
		dummy:  dummyHash(params),
		derive: derive,
	}
}

// Slot is the permission to hash. Leave it as soon as the hash is done.
type Slot struct {
	gate *Gate
	left atomic.Bool
}

// Enter waits for a slot, first come, first served. When the queue is full it answers at once with a [*BusyError]; when ctx ends
// first, with its error.
func (g *Gate) Enter(ctx context.Context) (*Slot, error) {
	if err := ctx.Err(); err != nil {
		return nil, err // nobody waits for the answer: do not hash for nobody
	}
	select {
	case g.slots <- struct{}{}:
		return &Slot{gate: g}, nil
	default:
	}
	if g.waiting.Add(1) > g.queue {
		g.waiting.Add(-1)
		return nil, &BusyError{RetryAfter: time.Second, Limit: int(g.queue)}
	}
	defer g.waiting.Add(-1)
	select {
	case g.slots <- struct{}{}:
		return &Slot{gate: g}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Leave gives the slot back. A second Leave does nothing.
func (s *Slot) Leave() {
	if s.left.CompareAndSwap(false, true) {
		<-s.gate.slots
	}
}

// Hash makes the string to store for a password that [Normalize] or [Check] returned.
func (s *Slot) Hash(password string) string {
	s.mustHold()
	return s.gate.hash(password)
}

// Verify compares a password that [Normalize] returned with a stored hash. weak says that the stored one is cheaper than new ones
// are: store a new one after a success. With stored "" it does the same work and says no, and so it must be called for nobody too.
func (s *Slot) Verify(stored, password string) (ok, weak bool, err error) {
	s.mustHold()
	return s.gate.verify(stored, password)
}

func (s *Slot) mustHold() {
	if s.left.Load() {
		panic("password: slot used after Leave")
	}
}

// Stats is what an operator wants to see of the gate.
type Stats struct {
	Slots, Queue     int    // the limits
	Running, Waiting int    // now
	Done             uint64 // hashes since the start
}

// Stats reads the gate's counters; each is exact, together they may be of different moments.
func (g *Gate) Stats() Stats {
	return Stats{
		Slots: cap(g.slots), Queue: int(g.queue),
		Running: len(g.slots), Waiting: int(g.waiting.Load()),
		Done: g.done.Load(),
	}
}
