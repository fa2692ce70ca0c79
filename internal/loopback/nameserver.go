package loopback

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// A Handler answers one DNS message that came over network, "udp" or "tcp", with any number of messages. It is called from
// several goroutines at once.
type Handler func(network string, query []byte) [][]byte

// A NameServer answers on one port of 127.0.0.1, over UDP and TCP.
type NameServer struct {
	handle Handler
	udp    *net.UDPConn
	tcp    net.Listener
	work   sync.WaitGroup
	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

// idle is how long a TCP connection may say nothing.
const idle = 10 * time.Second

// NewNameServer starts a name server; most give it [Zone.Answer]. Close ends it.
func NewNameServer(handle Handler) (*NameServer, error) {
	s := &NameServer{handle: handle, open: map[net.Conn]bool{}}
	if err := s.listen(); err != nil {
		return nil, err
	}
	s.work.Go(s.serveUDP)
	s.work.Go(s.serveTCP)
	return s, nil
}

// listen finds a port that is free for both.
func (s *NameServer) listen() error {
	var err error
	for range 20 {
		if s.udp, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
			return err
		}
		if s.tcp, err = net.Listen("tcp", s.udp.LocalAddr().String()); err == nil {
			return nil
		}
		_ = s.udp.Close() // another port is tried
	}
	return err
}

// Addr is where the server is asked: "127.0.0.1:port".
func (s *NameServer) Addr() string { return s.udp.LocalAddr().String() }

// Close stops the server, and returns when every Handler has.
func (s *NameServer) Close() error {
	s.mu.Lock()
	s.closed = true
	for c := range s.open {
		_ = c.Close() // whoever is served notices
	}
	s.mu.Unlock()
	err := errors.Join(s.udp.Close(), s.tcp.Close())
	s.work.Wait()
	return err
}

func (s *NameServer) serveUDP() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := s.udp.ReadFromUDP(buf)
		if err != nil {
			return
		}
		query := append([]byte(nil), buf[:n]...)
		s.work.Go(func() {
			for _, msg := range s.handle("udp", query) {
				_, _ = s.udp.WriteToUDP(msg, from) // a reply that is lost is asked for again
			}
		})
	}
}

func (s *NameServer) serveTCP() {
	for {
		c, err := s.tcp.Accept()
		if err != nil {
			return
		}
		if s.track(c, true) {
			s.work.Go(func() {
				defer s.track(c, false)
				s.serveConn(c)
			})
		}
	}
}

// track notes an open connection, or closes it.
func (s *NameServer) track(c net.Conn, open bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open && !s.closed {
		s.open[c] = true
		return true
	}
	delete(s.open, c)
	_ = c.Close() // nothing more is said
	return false
}

func (s *NameServer) serveConn(c net.Conn) {
	for {
		_ = c.SetDeadline(time.Now().Add(idle)) // a closed connection fails below
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		for _, msg := range s.handle("tcp", query) {
			if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)); err != nil {
				return
			}
		}
	}
}
