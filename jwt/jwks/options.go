package jwks

import (
	"crypto/x509"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cloakroom/cloakroom/internal/egress"
	"github.com/cloakroom/cloakroom/jwt"
)

// Pause is the least time between the starts of two fetches, whatever the reason for them.
const Pause = 30 * time.Second

// How long a set may be fresh, whatever its Cache-Control says, and how long it is when that says nothing.
const (
	LeastFresh   = time.Minute
	DefaultFresh = 15 * time.Minute
	MostFresh    = 24 * time.Hour
)

// Options are the optional properties of a [Source]. Nil and the zero value are safe.
type Options struct {
	// Timeout is for a whole fetch, from the name to the last byte: 5 s if 0, at most 29 s, so that one ends
	// before the next may begin.
	Timeout time.Duration

	// MaxBytes is the longest answer that is read: 512 KiB if 0, at most 1 MiB. A set has at most 256 keys.
	MaxBytes int

	// MaxStale is how long a set is used after it should have been replaced, while fetches fail: 24 h if 0, at most 30
	// days; not at all if negative.
	MaxStale time.Duration

	// Algorithms are what the issuer signs with. They matter only for keys without "alg"; see [jwt.ParseKeySetFor].
	// All of [jwt.Algorithms] if nil.
	Algorithms []jwt.Algorithm

	// AllowPrivate lets the host be in a private network, or resolve to a loopback address. Without it only
	// public addresses are connected to, unless the URL itself says localhost or a loopback address. Link-local
	// addresses, where clouds keep credentials, are refused even so.
	AllowPrivate bool

	// RootCAs are the authorities that certificates are checked with; the system's if nil.
	RootCAs *x509.CertPool

	// Transport makes the requests instead of this package's own transport, for proxies and tests. Which addresses it connects to and
	// which certificates it believes is then its affair: AllowPrivate and RootCAs cannot be given with it.
	Transport http.RoundTripper
}

func (o *Options) resolve(rawURL string) (Options, error) {
	var r Options
	if o != nil {
		r = *o
	}
	invalid := func(detail string) error { return &Error{Rule: ErrOption, URL: rawURL, Detail: detail} }
	if r.Timeout < 0 || r.Timeout > Pause-time.Second {
		return r, invalid("timeout: got " + r.Timeout.String() + ", limit " + (Pause - time.Second).String())
	}
	if r.MaxBytes < 0 || r.MaxBytes > 1<<20 {
		return r, invalid("max bytes: got " + strconv.Itoa(r.MaxBytes) + ", limit " + strconv.Itoa(1<<20))
	}
	if r.MaxStale > 30*24*time.Hour {
		return r, invalid("max stale: got " + r.MaxStale.String() + ", limit 720h")
	}
	if r.Transport != nil && (r.AllowPrivate || r.RootCAs != nil) {
		return r, invalid("transport: addresses and certificates are its affair, got AllowPrivate or RootCAs too")
	}
	if r.Timeout == 0 {
		r.Timeout = 5 * time.Second
	}
	if r.MaxBytes == 0 {
		r.MaxBytes = 512 << 10
	}
	switch {
	case r.MaxStale == 0:
		r.MaxStale = 24 * time.Hour
	case r.MaxStale < 0:
		r.MaxStale = 0
	}
	if r.Algorithms == nil {
		r.Algorithms = jwt.Algorithms()
	}
	return r, nil
}

func parseURL(raw string) (*url.URL, error) {
	u, wrong := egress.ParseURL(raw)
	if wrong != nil {
		return nil, &Error{Rule: ErrOption, URL: wrong.URL, Detail: wrong.Detail}
	}
	return u, nil
}
