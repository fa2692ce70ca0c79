package e2e_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/loopback"
	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/cloakroom/cloakroom/trace"
)

// What a slow server takes its time for. The handshake takes long enough that 5 % are more than what OpenSSL and Go differ in.
const (
	slowHandshake = 150 * time.Millisecond
	slowHead      = 120 * time.Millisecond
	slowBody      = 80 * time.Millisecond
)

// TestTraceTimes: each phase takes as long as curl says of the same server, within 5 % or 2 ms. Both take their turns, and
// what counts is the earliest that each got so far: a busy machine only ever delays.
func TestTraceTimes(t *testing.T) {
	curl := testenv.Curl(t)
	authority, err := loopback.NewAuthority("Slow Authority")
	if err != nil {
		t.Fatal(err)
	}
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, authority.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ what, scheme, http string }{
		{"plain", "http", "1.1"},
		{"TLS", "https", "1.1"},
		{"HTTP/2", "https", "2"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			addr := slowServer(t, authority, tt.scheme == "https")
			link := tt.scheme + "://slow.test:" + addr.port
			v := newVisitor(t, trace.Options{HTTP: tt.http, Roots: authority.PEM(), Resolve: map[string][]string{"slow.test:" + addr.port: {addr.ip}}})
			ask := []string{"--http" + tt.http, "--cacert", roots, "--resolve", "slow.test:" + addr.port + ":" + addr.ip, link}
			ours, theirs := marksOf(v.get(link).last()), curlMarks(t, curl, ask...)
			for turn := 2; ; turn++ {
				apart, table := ours.compare(theirs)
				if !apart {
					t.Log(table)
					return
				}
				if turn > 50 {
					t.Fatalf("more than 5 %% and 2 ms apart, after fifty turns:%s", table)
				}
				ours, theirs = ours.earliest(marksOf(v.get(link).last())), theirs.earliest(curlMarks(t, curl, ask...))
			}
		})
	}
}

type endpoint struct{ ip, port string }

// slowServer takes its time at every step where a server can.
func slowServer(t *testing.T, authority *loopback.Authority, secure bool) endpoint {
	t.Helper()
	wait := func(d time.Duration) { <-time.After(d) }
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait(slowHead)
		w.WriteHeader(http.StatusOK)
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		wait(slowBody)
		_, _ = io.WriteString(w, "That took its time.")
	}))
	t.Cleanup(s.Close)
	ip, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if !secure {
		s.Start()
		return endpoint{ip, port}
	}
	cert, err := authority.Issue(time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "slow.test")
	if err != nil {
		t.Fatal(err)
	}
	s.EnableHTTP2 = true
	config := &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}
	s.TLS = &tls.Config{Certificates: config.Certificates, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		wait(slowHandshake)
		return config, nil
	}}
	s.StartTLS()
	return endpoint{ip, port}
}

// marks are when the phases of a hop had ended, in milliseconds from its beginning, in the order of markNames. A phase that
// was not gone ended with the one before it. Sending has none: curl does not tell it from the wait.
type marks [5]float64

var markNames = [len(marks{})]string{"dns", "tcp", "tls", "wait", "read"}

func marksOf(h *trace.Hop) (m marks) {
	for i, name := range []trace.PhaseName{trace.PhaseDNS, trace.PhaseTCP, trace.PhaseTLS, trace.PhaseWait, trace.PhaseRead} {
		if p := phase(h, name); p != nil {
			m[i] = float64(p.Start+p.Took) / float64(time.Millisecond)
		} else if i > 0 {
			m[i] = m[i-1]
		}
	}
	return m
}

// curlMarks runs curl and reads its -w, whose times are in seconds.
func curlMarks(t *testing.T, curl string, args ...string) marks {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), curl, append([]string{"-q", "-s", "-o", os.DevNull, "-w", "%{json}"}, args...)...).Output()
	if err != nil {
		t.Fatalf("curl %s: %v", strings.Join(args, " "), err)
	}
	var at struct {
		DNS  float64 `json:"time_namelookup"`
		TCP  float64 `json:"time_connect"`
		TLS  float64 `json:"time_appconnect"` // 0 without TLS
		Head float64 `json:"time_starttransfer"`
		All  float64 `json:"time_total"`
		Code int     `json:"response_code"`
	}
	if err := json.Unmarshal(out, &at); err != nil || at.Code != http.StatusOK {
		t.Fatalf("%v in %s", err, out)
	}
	m := marks{at.DNS, at.TCP, max(at.TLS, at.TCP), at.Head, at.All}
	for i := range m {
		m[i] *= 1000
	}
	return m
}

// earliest keeps the earlier of each mark.
func (m marks) earliest(o marks) marks {
	for i := range m {
		m[i] = min(m[i], o[i])
	}
	return m
}

// compare reports whether a phase, or all together, is apart from curl's, and shows them as a table.
func (m marks) compare(curl marks) (apart bool, table string) {
	row := func(name string, ours, theirs float64) {
		apart = apart || math.Abs(ours-theirs) > max(2, theirs*0.05)
		table += fmt.Sprintf("\n\t%-5s %8.2f ms, curl %8.2f ms", name, ours, theirs)
	}
	before, beforeCurl := 0.0, 0.0
	for i, name := range markNames {
		row(name, m[i]-before, curl[i]-beforeCurl)
		before, beforeCurl = m[i], curl[i]
	}
	row("all", before, beforeCurl)
	return apart, table
}
