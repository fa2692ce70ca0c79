package trace

import (
	"context"
	"net"
	"net/netip"
)

// lookup finds the addresses of a host.
func (r *run) lookup(ctx context.Context, l *location) (*DNS, []netip.Addr, error) {
	name := l.hostname()
	if a, err := netip.ParseAddr(name); err == nil {
		return &DNS{Resolver: "literal address", Addresses: []Record{}}, []netip.Addr{a}, nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return &DNS{Resolver: "system resolver", Addresses: []Record{}}, nil, err
	}
	return &DNS{Resolver: "system resolver", Addresses: []Record{}}, addrs, nil
}
