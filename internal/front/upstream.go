package front

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// maxAnswerHeader bounds what an app may send before its answer, in bytes.
const maxAnswerHeader = 256 << 10

// newTransport speaks with apps. Nothing is added to a request or taken from an answer: no compression of its own, no proxy of the environment.
func newTransport(o *Options) *http.Transport {
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	}
	return &http.Transport{
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{RootCAs: o.Roots},
		TLSHandshakeTimeout:    5 * time.Second,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: maxAnswerHeader,
	}
}
