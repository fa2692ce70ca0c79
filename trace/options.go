package trace

import (
	"net/http"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// Options may be nil. Each limit that is zero is its default.
type Options struct {
	Jar    *jar.Jar    // nil is an empty one that takes loopback for secure, as most browsers do
	Method string      // "" is GET, or POST with a Body
	Header http.Header // Authorization, Cookie, Proxy-Authorization and Host go to the first origin only; no values leave a field out
	Body   []byte      // sent to the first hop

	Resolve   map[string][]string // "host:port" → addresses, as curl's --resolve; "*:port" is any host
	DNSServer string              // "address:port" of the resolver to ask, or the address alone for port 53; "" is the system's
	Network   string              // "tcp4" or "tcp6" for one family; "" is both
	HTTP      string              // "1.1" or "2" to force it; "" lets ALPN choose
	Insecure  bool                // go on with a certificate that is not trusted, and say so
	Roots     []byte              // PEM of certificates that are trusted besides the system's

	MaxRedirs   int           // -1 follows none; 0 is 20
	MaxHead     int           // octets of a response's head; 0 is 256 KiB
	MaxBody     int64         // octets of a body, decoded; 0 is 8 MiB
	MaxRatio    int           // decoded octets for each on the wire, past the first 64 KiB; 0 is 200
	DNSTimeout  time.Duration // 0 is 5 s
	DialTimeout time.Duration // TCP and TLS together; 0 is 10 s
	Timeout     time.Duration // for everything; 0 is 30 s

	// Progress is told what is being waited for. It may be nil.
	Progress func(hop int, phase PhaseName, about string)
}
