package trace

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A handshaker makes TLS connections and judges the certificates itself, so that a chain that is not trusted is still shown.
type handshaker struct {
	roots    *x509.CertPool // nil is the system's
	sessions tls.ClientSessionCache
	alpn     []string
	insecure bool
}

// newHandshaker reads the system's authorities, which may take longer than a handshake.
func newHandshaker(o Options) (*handshaker, error) {
	h := &handshaker{sessions: tls.NewLRUClientSessionCache(32), insecure: o.Insecure}
	switch o.HTTP {
	case "":
		h.alpn = []string{"h2", "http/1.1"}
	case "1.1":
		h.alpn = []string{"http/1.1"}
	case "2":
		h.alpn = []string{"h2"}
	default:
		return nil, failf(PhaseURL, "http-version", "take 1.1 or 2", "HTTP version %s is not known", excerpt(o.HTTP))
	}
	h.roots, _ = x509.SystemCertPool() // a machine without a pool has none
	if o.Roots != nil {
		if h.roots == nil {
			h.roots = x509.NewCertPool()
		}
		if !h.roots.AppendCertsFromPEM(o.Roots) {
			return nil, failf(PhaseTLS, "roots", "give certificates in PEM", "the additional roots hold no certificate")
		}
	}
	return h, nil
}

// handshake makes conn a TLS connection to host. After an error conn is still the caller's to close; the TLS is nil only if
// the handshake itself failed.
func (h *handshaker) handshake(ctx context.Context, conn net.Conn, host string, now time.Time) (*tls.Conn, *TLS, error) {
	config := &tls.Config{
		ServerName:         host,
		NextProtos:         h.alpn,
		ClientSessionCache: h.sessions,
		InsecureSkipVerify: true, //nolint:gosec // judge does it, and says all that is wrong
		MinVersion:         tls.VersionTLS12,
	}
	c := tls.Client(conn, config)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, nil, handshakeFailure(ctx, conn.RemoteAddr().String(), err)
	}
	state := c.ConnectionState()
	t := &TLS{
		Version:    tls.VersionName(state.Version),
		Cipher:     tls.CipherSuiteName(state.CipherSuite),
		Group:      groupName(state.CurveID),
		ALPN:       state.NegotiatedProtocol,
		ServerName: host,
		Resumed:    state.DidResume,
		Chain:      []Certificate{},
	}
	if _, err := netip.ParseAddr(host); err == nil {
		t.ServerName = "" // an address is never sent (RFC 6066 section 3)
	}
	for _, c := range state.PeerCertificates {
		t.Chain = append(t.Chain, describe(c, now))
	}
	f := judge(state.PeerCertificates, h.roots, host, now)
	if f == nil {
		t.Verified = true
		return c, t, nil
	}
	t.Problem = f.Detail
	if h.insecure {
		return c, t, nil
	}
	return c, t, f
}

func groupName(id tls.CurveID) string {
	if id == 0 {
		return "" // RSA key exchange
	}
	return strings.Replace(id.String(), "CurveP", "P-", 1)
}

// handshakeFailure puts into words why there is no TLS.
func handshakeFailure(ctx context.Context, who string, err error) error {
	f := asFailure(ctx, PhaseTLS, who, err)
	var (
		record tls.RecordHeaderError
		alert  tls.AlertError
	)
	says := err.Error()
	switch {
	case errors.As(err, &record):
		f.Reason, f.Detail, f.Hint = "not-tls", who+" does not speak TLS", "check the port"
		if slices.Contains([]string{"HTTP/", "<html", "<!DOC"}, string(record.RecordHeader[:])) || string(record.RecordHeader[:4]) == "HTTP" {
			f.Detail, f.Hint = who+" answers in plain HTTP and not in TLS", "try http://"
		}
	case strings.Contains(says, "protocol version"):
		f.Reason, f.Detail, f.Hint = "tls-version", who+" speaks neither TLS 1.2 nor 1.3", "no browser connects to it: the server needs an update"
	case errors.As(err, &alert), strings.Contains(says, "remote error: tls:"):
		f.Reason, f.Detail = "tls-alert", who+" refused the handshake: "+strings.TrimPrefix(says[strings.LastIndex(says, "error: ")+1:], "rror: ")
		f.Hint = "the server may not know this host name, or want a certificate from you"
		if strings.Contains(says, "no application protocol") {
			f.Reason, f.Hint = "tls-alpn", "let the server choose the version of HTTP"
		}
	case f.Reason == "failed":
		f.Reason, f.Detail = "tls-failed", "the handshake with "+who+" failed: "+strings.TrimPrefix(says, "tls: ")
		f.Hint = "the server breaks the rules of TLS, or something between here and there does"
	case f.Reason == "closed":
		f.Detail = who + " closed the connection in the middle of the handshake"
		f.Hint = "the port may speak no TLS: try http://"
	}
	return f
}
