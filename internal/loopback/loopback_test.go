package loopback_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cloakroom/cloakroom/internal/loopback"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The zone is asked by Go's own resolver, which knows nothing of this package.
func TestZoneIsAnsweredOverUDPAndTCP(t *testing.T) {
	zone := loopback.Zone{
		loopback.A("shop.test", 300, "127.0.0.1"),
		loopback.AAAA("shop.test", 300, "::1"),
		loopback.HTTPS("shop.test", 300, "h2"),
		loopback.CNAME("www.shop.test", 60, "shop.test"),
		loopback.CNAME("round.test", 60, "about.test"),
		loopback.CNAME("about.test", 60, "round.test"),
	}
	for i := range 200 { // too many for UDP
		zone = append(zone, loopback.A("crowd.test", 1, fmt.Sprintf("127.0.1.%d", i)))
	}
	s, err := loopback.NewNameServer(zone.Answer)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.Addr())
	}}
	tests := []struct {
		what, name string
		want       string
	}{
		{"both families", "shop.test.", "127.0.0.1 ::1"},
		{"an alias", "www.shop.test.", "127.0.0.1 ::1"},
		{"a name that is not in the zone", "other.test.", "no such host"},
		{"aliases in a circle", "round.test.", "no such host"},
		{"more than UDP can carry", "crowd.test.", "200 addresses"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			addrs, err := r.LookupHost(t.Context(), tt.name)
			got := strings.Join(slices.Sorted(slices.Values(addrs)), " ")
			if len(addrs) > 2 {
				got = fmt.Sprintf("%d addresses", len(addrs))
			}
			if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
				got = "no such host"
			} else if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAuthorityIsTrustedByThoseWhoKnowIt(t *testing.T) {
	a, err := loopback.NewAuthority("A test")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	cert, err := a.Issue(now.Add(-time.Hour), now.Add(time.Hour), "shop.test", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.Config.ErrorLog = nil
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.PEM())
	for _, name := range []string{"shop.test", "127.0.0.1"} {
		c, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: name})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c.Close()
	}
	var wrong x509.HostnameError
	if _, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: "bank.test"}); !errors.As(err, &wrong) {
		t.Errorf("bank.test: %v", err)
	}
	var unknown x509.UnknownAuthorityError
	if _, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{ServerName: "shop.test"}); !errors.As(err, &unknown) {
		t.Errorf("without the authority: %v", err)
	}
}
