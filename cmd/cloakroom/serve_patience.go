package main

import (
	"net"
	"os"
	"sync"
	"time"
)

// patientListener makes connections that set a deadline where somebody waits for it.
//
// net/http moves the deadlines of a connection seven times a request, most of them for reads that find everything in memory. Each one moves a timer
// of the runtime's: together a twentieth of what a check costs.
type patientListener struct{ net.Listener }

func (l patientListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &patientConn{Conn: c}, nil
}

// patientConn keeps the promise of net.Conn about deadlines, but for deadlineSlack.
type patientConn struct {
	net.Conn
	reads, writes deadline
}

func (c *patientConn) Read(b []byte) (int, error) {
	if err := c.reads.enter(c.Conn.SetReadDeadline); err != nil {
		return 0, err
	}
	defer c.reads.leave()
	return c.Conn.Read(b)
}

func (c *patientConn) Write(b []byte) (int, error) {
	if err := c.writes.enter(c.Conn.SetWriteDeadline); err != nil {
		return 0, err
	}
	defer c.writes.leave()
	return c.Conn.Write(b)
}

func (c *patientConn) SetReadDeadline(t time.Time) error {
	return c.reads.move(t, c.Conn.SetReadDeadline)
}

func (c *patientConn) SetWriteDeadline(t time.Time) error {
	return c.writes.move(t, c.Conn.SetWriteDeadline)
}

func (c *patientConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// CloseWrite is what net/http looks for where an answer ends a connection of which it has not read everything: a client that goes on sending gets the answer first.
func (c *patientConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// deadlineSlack is by how much a deadline may come early, so that it need not be moved for each of many requests.
const deadlineSlack = time.Second

// deadline is when the reads, or the writes, of a connection end. The zero time is never.
type deadline struct {
	mu        sync.Mutex
	want, set time.Time
	waiting   int // how many are reading or writing at this moment
}

// longAgo is what net/http sets to wake a read of its own. Nothing later is taken for it: the clock of a small machine may begin in 1970.
var longAgo = time.Unix(1, 0)

// enter is what comes before a read or a write.
func (d *deadline) enter(set func(time.Time) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.want.IsZero() && !d.want.After(longAgo) {
		return os.ErrDeadlineExceeded // without the connection, whose deadline is that of the next request already
	}
	d.waiting++
	if err := d.apply(set); err != nil {
		d.waiting--
		return err
	}
	return nil
}

func (d *deadline) leave() {
	d.mu.Lock()
	d.waiting--
	d.mu.Unlock()
}

// move concerns also who is waiting already, as net/http wakes a read of its own by a deadline long past.
func (d *deadline) move(t time.Time, set func(time.Time) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.want = t
	if d.waiting == 0 {
		return nil
	}
	return d.apply(set)
}

func (d *deadline) apply(set func(time.Time) error) error {
	if early := d.want.Sub(d.set); 0 <= early && early < deadlineSlack { // the zero time is further from any other
		return nil
	}
	if err := set(d.want); err != nil {
		return err
	}
	d.set = d.want
	return nil
}
