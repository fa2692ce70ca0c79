package trace

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	dnsRounds  = 2  // each server is asked that often
	maxForeign = 64 // replies to other questions, until we stop listening
)

// A dnsAnswer is a question and how its answer came.
type dnsAnswer struct {
	question Question
	server   string
	reply    *dnsReply
	err      error
}

// askAll asks the servers in turn until one answers, within the time that ctx leaves.
func askAll(ctx context.Context, servers []string, name string, typ dnsmessage.Type) (a dnsAnswer) {
	start := time.Now()
	a = dnsAnswer{question: Question{Name: name, Type: dnsTypes[typ]}, err: errNoAnswer}
	defer func() {
		a.question.Took = time.Since(start)
		a.question.TookMS = millis(a.question.Took)
	}()
	n, err := dnsmessage.NewName(name + ".")
	if err != nil {
		a.err = err
		return a
	}
	for i := range dnsRounds * len(servers) {
		a.server = servers[i%len(servers)]
		try, cancel := context.WithTimeout(ctx, timeLeft(ctx)/time.Duration(dnsRounds*len(servers)-i))
		a.reply, a.question.Net, a.err = ask(try, a.server, &dnsQuestion{name: n, typ: typ})
		cancel()
		if a.err == nil {
			a.question.RCode = a.reply.rcode
			if a.reply.rcode != "SERVFAIL" && a.reply.rcode != "REFUSED" { // another server may know better
				return a
			}
		}
		if ctx.Err() != nil {
			return a
		}
	}
	return a
}

func timeLeft(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return time.Until(end)
	}
	return 5 * time.Second
}

// ask asks one server: over UDP, over TCP if the reply was cut off, and without EDNS if the server does not know that.
func ask(ctx context.Context, server string, q *dnsQuestion) (r *dnsReply, network string, err error) {
	network = "udp"
	r, err = q.over(ctx, network, server, false)
	if err == nil && r.rcode == "FORMERR" {
		r, err = q.over(ctx, network, server, true)
	}
	if err == nil && r.truncated {
		network = "tcp"
		r, err = q.over(ctx, network, server, false)
		if err == nil && r.truncated {
			err = errors.New("the reply is cut off even over TCP")
		}
	}
	return r, network, err
}

// over sends the question with a new random id from a new random port.
func (q *dnsQuestion) over(ctx context.Context, network, server string, plain bool) (*dnsReply, error) {
	var id [2]byte
	rand.Read(id[:])
	q.id = binary.BigEndian.Uint16(id[:])
	msg, err := q.query(plain)
	if err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // the answer is there, or the error
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if network == "tcp" {
		return q.overTCP(conn, msg)
	}
	if _, err := conn.Write(msg); err != nil {
		return nil, err
	}
	buf := make([]byte, 64<<10)
	for range maxForeign {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, err
		}
		r, err := q.parse(buf[:n])
		if !errors.Is(err, errNotOurs) {
			return r, err
		}
	}
	return nil, fmt.Errorf("%d replies came, none of them to our question", maxForeign)
}

// overTCP puts the length in front of each message (RFC 1035 section 4.2.2).
func (q *dnsQuestion) overTCP(conn net.Conn, msg []byte) (*dnsReply, error) {
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	buf := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, buf); err != nil {
		return nil, err
	}
	return q.parse(buf)
}
