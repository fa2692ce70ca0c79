// Package egress is how the packages that are imported elsewhere reach an issuer: over TLS, unless it is this machine, and
// never a private network by surprise.
package egress

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
)

// AddressError says that a name leads to where no connection may go.
type AddressError struct{ Address string }

func (e *AddressError) Error() string { return "address is not allowed: got " + e.Address }

// NewTransport makes a transport for requests to u. A connection to another address than u may lead to ends with an [*AddressError]. It
// uses no proxy, whose address would be checked instead of the host's, and keeps no connection, and so no goroutine.
func NewTransport(u *url.URL, allowPrivate bool, roots *x509.CertPool) *http.Transport {
	loopback := IsLoopbackHost(u.Hostname())
	check := func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil || !allowed(a.Addr(), loopback, allowPrivate) {
			return &AddressError{address}
		}
		return nil
	}
	return &http.Transport{
		DialContext:            (&net.Dialer{Control: check}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 32 << 10,
	}
}
