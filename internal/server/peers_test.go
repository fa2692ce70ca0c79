package server

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

// TestWhoIsAsking_FA05: forwarding headers are believed from trusted neighbours alone, and of X-Forwarded-For only what they
// wrote themselves, from the right.
func TestWhoIsAsking_FA05(t *testing.T) {
	lan, edge := netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")
	tests := []struct {
		what    string
		trusted []netip.Prefix
		remote  string
		xff     []string
		want    string
	}{
		{"nobody is trusted by default", nil, "10.0.0.1:1", []string{"192.0.2.7"}, "10.0.0.1"},
		{"a stranger's header", []netip.Prefix{lan}, "198.51.100.1:1", []string{"192.0.2.7"}, "198.51.100.1"},
		{"a proxy's header", []netip.Prefix{lan}, "10.0.0.1:1", []string{"192.0.2.7"}, "192.0.2.7"},
		{"the client wrote the left part", []netip.Prefix{lan}, "10.0.0.1:1", []string{"127.0.0.1, 192.0.2.7"}, "192.0.2.7"},
		{"two proxies", []netip.Prefix{lan}, "10.0.0.1:1", []string{"192.0.2.7, 10.0.0.2"}, "192.0.2.7"},
		{"in two fields", []netip.Prefix{lan}, "10.0.0.1:1", []string{"127.0.0.1", "192.0.2.7"}, "192.0.2.7"},
		{"the client says that it is a proxy", []netip.Prefix{lan}, "10.0.0.1:1", []string{"127.0.0.1, 10.9.9.9, 192.0.2.7"}, "192.0.2.7"},
		{"all are proxies", []netip.Prefix{lan}, "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"no header", []netip.Prefix{lan}, "10.0.0.1:1", nil, "10.0.0.1"},
		{"an empty header", []netip.Prefix{lan}, "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"no address ends the walk", []netip.Prefix{lan}, "10.0.0.1:1", []string{"192.0.2.7, unknown"}, "10.0.0.1"},
		{"no address after a proxy", []netip.Prefix{lan}, "10.0.0.1:1", []string{"192.0.2.7, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"with a port", []netip.Prefix{lan}, "10.0.0.1:1", []string{"192.0.2.7:4711"}, "192.0.2.7"},
		{"IPv6 in brackets with a port", []netip.Prefix{lan}, "10.0.0.1:1", []string{"[2001:db8::7]:4711"}, "2001:db8::7"},
		{"IPv6 in brackets", []netip.Prefix{lan}, "10.0.0.1:1", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"IPv6 with a zone", []netip.Prefix{lan}, "10.0.0.1:1", []string{"fe80::1%eth0"}, "fe80::1"},
		{"IPv4 dressed as IPv6 (CVE-2024-24790), the neighbour", []netip.Prefix{lan}, "[::ffff:10.0.0.1]:1", []string{"192.0.2.7"}, "192.0.2.7"},
		{"IPv4 dressed as IPv6, the client", []netip.Prefix{lan}, "10.0.0.1:1", []string{"::ffff:192.0.2.7"}, "192.0.2.7"},
		{"IPv4 dressed as IPv6, a stranger", []netip.Prefix{lan}, "[::ffff:198.51.100.1]:1", []string{"192.0.2.7"}, "198.51.100.1"},
		{"a proxy over IPv6", []netip.Prefix{edge}, "[2001:db8:1::5]:1", []string{"192.0.2.7"}, "192.0.2.7"},
		{"its neighbour is not one", []netip.Prefix{edge}, "[2001:db8:2::5]:1", []string{"192.0.2.7"}, "2001:db8:2::5"},
		{"an address in octal is none", []netip.Prefix{lan}, "10.0.0.1:1", []string{"0300.0.2.7"}, "10.0.0.1"},
		{"a connection without an address", []netip.Prefix{lan}, "@", []string{"192.0.2.7"}, "invalid IP"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = tt.remote
			r.Header["X-Forwarded-For"] = tt.xff
			for _, name := range []string{"X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Forwarded"} {
				r.Header.Set(name, "203.0.113.9") // never looked at
			}
			if got := (&peers{trusted: tt.trusted}).client(r).String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestWhoIsTrusted_FA05: a neighbour by its address alone, however that is dressed.
func TestWhoIsTrusted_FA05(t *testing.T) {
	lan := &peers{trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fe80::/10")}}
	for remote, want := range map[string]bool{
		"10.1.2.3:1": true, "[::ffff:10.1.2.3]:1": true, "[fe80::1%eth0]:1": true,
		"11.1.2.3:1": false, "[::ffff:11.1.2.3]:1": false, "[::10.1.2.3]:1": false, "10.1.2.3": false, "": false, "@": false, "localhost:1": false,
	} {
		if got := lan.trusts(remote); got != want {
			t.Errorf("%q: got %v, want %v", remote, got, want)
		}
		if new(peers).trusts(remote) {
			t.Errorf("%q is trusted although nobody is", remote)
		}
		// Who was trusted just now makes nobody else trusted.
		for other, ok := range map[string]bool{"10.1.2.3:7": true, "10.1.2.3": false, "110.1.2.3:7": false, "11.1.2.3:7": false, "1:10.1.2.3:7": false, "10.1.2.3:": false, "10.1.2.3:http": false, "10.1.2.3:65536": false} {
			if got := lan.trusts(other); got != ok {
				t.Errorf("%q after %q: got %v", other, remote, got)
			}
		}
	}
}
