package egress

import (
	"errors"
	"net"
	"sync/atomic"
	"testing"
)

// A public name that leads into the private network, as an attacker's resolver would have it: the listener is never
// connected to.
func TestPrivateAddressIsNotDialled_TK_04(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var connections atomic.Int64
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			c.Close()
		}
	}()
	for _, private := range []bool{false, true} {
		u, wrong := ParseURL("https://login.example/")
		if wrong != nil {
			t.Fatal(wrong)
		}
		// The transport's own dialer, with the answer of the resolver put in place.
		c, err := NewTransport(u, private, nil).DialContext(t.Context(), "tcp", listener.Addr().String())
		if c != nil {
			c.Close()
		}
		_, refused := errors.AsType[*AddressError](err)
		if private != (err == nil) || !private && (!refused || connections.Load() != 0) {
			t.Errorf("AllowPrivate %v: got %v, %d connections", private, err, connections.Load())
		}
	}
}
