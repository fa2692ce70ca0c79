package trace

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func addrs(s ...string) (all []netip.Addr) {
	for _, a := range s {
		all = append(all, netip.MustParseAddr(a))
	}
	return all
}

func TestFamiliesTakeTurns(t *testing.T) {
	for _, tt := range []struct{ in, want []netip.Addr }{
		{addrs("192.0.2.1", "192.0.2.2", "::1", "::2", "::3"), addrs("::1", "192.0.2.1", "::2", "192.0.2.2", "::3")},
		{addrs("192.0.2.1", "192.0.2.2"), addrs("192.0.2.1", "192.0.2.2")},
		{nil, nil},
	} {
		if got := interleave(tt.in); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%v become %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestRaceBetweenAddresses(t *testing.T) {
	open := listen(t, func(net.Conn) {})
	port := portOf(open)
	// Of 127.0.0.0/8 only 127.0.0.1 listens on this port, and [::1] does not.
	tests := []struct {
		what  string
		addrs []netip.Addr
		more  []netip.Addr
		want  string
	}{
		{"the first wins", addrs("127.0.0.1", "127.0.0.2"), nil, "127.0.0.1 won, 127.0.0.2 not started"},
		{"the next is tried at once when one is refused", addrs("::1", "127.0.0.2", "127.0.0.1"), nil, "::1 refused, 127.0.0.2 refused, 127.0.0.1 won"},
		{"late addresses", addrs("127.0.0.2"), addrs("127.0.0.1"), "127.0.0.2 refused, 127.0.0.1 won"},
		{"all are refused", addrs("127.0.0.2", "::1"), nil, "::1 refused, 127.0.0.2 refused"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			race := func() (conn net.Conn, tcp *TCP, took time.Duration, err error) {
				var more chan []netip.Addr
				if tt.more != nil {
					more = make(chan []netip.Addr, 1)
					more <- tt.more
					close(more)
				}
				start := time.Now()
				conn, tcp, err = dial(t.Context(), tt.addrs, more, port)
				return conn, tcp, time.Since(start), err
			}
			conn, tcp, took, err := race()
			for tries := 1; took > attemptDelay; tries++ { // maybe because the machine is busy
				if tries == 5 {
					t.Fatalf("it took %v: a refused address is not waited for", took)
				}
				if conn != nil {
					conn.Close()
				}
				conn, tcp, took, err = race()
			}
			var got []string
			for _, a := range tcp.Attempts {
				host, _, _ := net.SplitHostPort(a.Address)
				got = append(got, host+" "+a.Result)
			}
			if s := strings.Join(got, ", "); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
			if (err == nil) != strings.Contains(tt.want, "won") {
				t.Errorf("error %v", err)
			}
			if conn == nil {
				return
			}
			defer conn.Close()
			if tcp.Remote != open || tcp.Local != conn.LocalAddr().String() || tcp.RTT <= 0 {
				t.Errorf("%+v", tcp)
			}
		})
	}
}

// An address that does not answer holds the others up for 250 ms, and loses.
func TestSilentAddressLosesTheRace(t *testing.T) {
	hole := blackHole(t)
	port := portOf(hole)
	l, err := net.Listen("tcp", net.JoinHostPort("::1", port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, tcp, err := dial(t.Context(), nil, queue(addrs("127.0.0.1"), addrs("::1")), port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if len(tcp.Attempts) != 2 || tcp.Attempts[0].Result != "lost" || tcp.Attempts[1].Result != "won" || tcp.Attempts[1].StartMS < 250 {
		t.Errorf("%+v", tcp.Attempts)
	}
}

func queue(all ...[]netip.Addr) <-chan []netip.Addr {
	c := make(chan []netip.Addr, len(all))
	for _, a := range all {
		c <- a
	}
	close(c)
	return c
}
