package egress

import (
	"net/netip"
	"testing"
)

func TestAddresses_TK_04(t *testing.T) {
	const public, private, loopback = 1, 2, 4 // what allows the address
	for _, tt := range []struct {
		address string
		want    int
	}{
		{"9.9.9.9", public | private},
		{"2620:fe::9", public | private},
		{"::ffff:9.9.9.9", public | private},
		{"127.0.0.1", private | loopback},
		{"127.8.8.8", private | loopback},
		{"::1", private | loopback},
		{"::ffff:127.0.0.1", private | loopback},
		{"10.0.0.1", private},
		{"172.16.0.1", private},
		{"172.32.0.1", public | private},
		{"192.168.1.1", private},
		{"::ffff:192.168.1.1", private},
		{"fd00::1", private},
		{"100.64.0.1", private},
		{"198.18.0.1", private},
		{"64:ff9b::a00:1", private},
		{"2002:a00:1::", private},
		{"255.255.255.255", private},
		{"169.254.169.254", 0},
		{"::ffff:169.254.169.254", 0},
		{"fe80::1%eth0", 0},
		{"0.0.0.0", 0},
		{"::", 0},
		{"224.0.0.1", 0},
		{"ff02::1", 0},
	} {
		a := netip.MustParseAddr(tt.address)
		got := 0
		for bit, ok := range map[int]bool{public: allowed(a, false, false), private: allowed(a, false, true), loopback: allowed(a, true, false)} {
			if ok {
				got |= bit
			}
		}
		if got != tt.want {
			t.Errorf("%s: got %b, want %b", tt.address, got, tt.want)
		}
	}
}
