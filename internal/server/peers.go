package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cloakroom/cloakroom/internal/app"
)

// peers knows which neighbours may speak for others. By default nobody may.
type peers struct {
	trusted []netip.Prefix
	last    atomic.Pointer[string] // the address of the proxy that was trusted last, as its connections have it: mostly there is one
}

// trusts reports whether a connection comes from a trusted proxy. IPv4 addresses mapped into IPv6 are the IPv4
// addresses that they are (CVE-2024-24790).
func (p *peers) trusts(remoteAddr string) bool {
	if len(p.trusted) == 0 {
		return false
	}
	colon := max(strings.LastIndexByte(remoteAddr, ':'), 0)
	addr := remoteAddr[:colon]
	if last := p.last.Load(); last != nil && *last == addr && len(remoteAddr) > colon+1 && isPort(remoteAddr[colon+1:]) {
		return true
	}
	ap, err := netip.ParseAddrPort(remoteAddr)
	if err != nil || !p.trustsAddr(ap.Addr()) {
		return false
	}
	addr = strings.Clone(addr)
	p.last.Store(&addr)
	return true
}

func (p *peers) trustsAddr(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(p.trusted, func(t netip.Prefix) bool { return t.Contains(a) })
}

// client is the address that a request comes from: the connection's, or, behind trusted proxies, the first in
// X-Forwarded-For from the right that is not one of them (FA-05). An entry that is no address ends the walk: what
// stands left of it was written by somebody else.
func (p *peers) client(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := ap.Addr().Unmap().WithZone("")
	if !p.trustsAddr(addr) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, ok := parseHop(strings.TrimSpace(hop))
		if !ok {
			return addr
		}
		addr = a
		if !p.trustsAddr(a) {
			return addr
		}
	}
	return addr
}

// parseHop reads an address as proxies write it: bare, or with a port.
func parseHop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	ap, err := netip.ParseAddrPort(s)
	return ap.Addr().Unmap().WithZone(""), err == nil
}

// program is who asks, for the journal. No cookie is looked at.
func (s *Server) program(r *http.Request) app.Client {
	c := app.Client{Addr: s.peers.client(r), Device: device(r.UserAgent())}
	if t := timed(r.Context()); t != nil {
		c.RequestID = t.id
	}
	return c
}

// client is who asks, for throttling, the journal and the devices page.
func (s *Server) client(r *http.Request) app.Client {
	c := s.program(r)
	if v, ok := s.visit(r); ok {
		c.Known = v.Subject
	}
	return c
}
