package tour

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/cloakroom/cloakroom/internal/loopback"
)

// The names of the tour's servers. Nobody else can have them (RFC 6761 section 6.2).
const (
	mainName  = "home.tour.test"
	briefName = "brief.tour.test"
	apiName   = "api.tour.test"

	followerName = "follower.tour.test"
)

// internet is what stands between a URL and a server, all of it on loopback: names, a name server, certificates and an
// authority that issues them.
type internet struct {
	authority *loopback.Authority
	names     *loopback.NameServer
	resolver  *net.Resolver
	roots     *x509.CertPool
	tickets   tls.ClientSessionCache // so that hundreds of forgers need no handshake of their own
}

func openInternet() (*internet, error) {
	authority, err := loopback.NewAuthority("Cloakroom Tour")
	if err != nil {
		return nil, err
	}
	const ttl = 60
	zone := loopback.Zone{loopback.HTTPS(mainName, ttl, "http/1.1")}
	for _, name := range []string{mainName, briefName, apiName, followerName} {
		zone = append(zone, loopback.A(name, ttl, "127.0.0.1"))
	}
	names, err := loopback.NewNameServer(zone.Answer)
	if err != nil {
		return nil, err
	}
	n := &internet{authority: authority, names: names, roots: x509.NewCertPool(), tickets: tls.NewLRUClientSessionCache(8)}
	n.roots.AppendCertsFromPEM(authority.PEM())
	n.resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, names.Addr())
	}}
	return n, nil
}

func (n *internet) close() error { return n.names.Close() }

// listen is where a server of that name is reached, and its URL.
func (n *internet) listen(name string) (net.Listener, string, error) {
	now := time.Now()
	cert, err := n.authority.Issue(now.Add(-time.Hour), now.AddDate(0, 0, 30), name)
	if err != nil {
		return nil, "", err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil, "", errors.Join(err, l.Close())
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}}), "https://" + net.JoinHostPort(name, port), nil
}

// dial connects to a server by its name, as every client of the tour does.
func (n *internet) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	name, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	found, err := n.resolver.LookupNetIP(ctx, "ip4", name)
	if err != nil {
		return nil, fmt.Errorf("tour: %w", err)
	}
	d := tls.Dialer{Config: &tls.Config{ServerName: name, RootCAs: n.roots, ClientSessionCache: n.tickets}}
	return d.DialContext(ctx, network, net.JoinHostPort(found[0].String(), port))
}
