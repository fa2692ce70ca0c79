package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/loopback"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

var quiet = log.New(io.Discard, "", 0)

// A fault is something that goes wrong on the way: each must end in its phase, with a reason and a hint, within its limit.
type fault struct {
	what   string
	url    string
	o      func(*Options)
	phase  PhaseName
	reason string
	detail string // part of it
}

func TestEveryFaultHasPhaseReasonAndHint(t *testing.T) {
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
	dns := func(h loopback.Handler) func(*Options) {
		addr := nameServer(t, h)
		return func(o *Options) { o.DNSServer = addr }
	}
	zone := loopback.Zone{
		loopback.A("shop.test", 60, "127.0.0.1"),
		loopback.A("six.test", 60, "127.0.0.1"),
		loopback.HTTPS("mail.test", 60, "h2"),
		loopback.CNAME("round.test", 60, "about.test"),
		loopback.CNAME("about.test", 60, "round.test"),
	}
	trust := func(o *Options) { o.Roots = authority().PEM() }
	both := func(fs ...func(*Options)) func(*Options) {
		return func(o *Options) {
			for _, f := range fs {
				f(o)
			}
		}
	}
	toShop := func(addr string) string { return "https://shop.test:" + portOf(addr) + "/" }
	good := secure(t, hello, false, -1, 30, "shop.test").Listener.Addr().String()
	expired := secure(t, hello, false, -90, -3, "shop.test").Listener.Addr().String()
	future := secure(t, hello, false, 3, 90, "shop.test").Listener.Addr().String()
	wrong := secure(t, hello, false, -1, 30, "bank.test", "www.bank.test").Listener.Addr().String()
	all := secure(t, hello, false, -90, -3, "bank.test").Listener.Addr().String()
	atHome := dns(zone.Answer)

	tests := []fault{
		{"no URL", " ", nil, PhaseURL, "no-url", "empty"},
		{"a scheme that is not of the Web", "ftp://example.com/", nil, PhaseURL, "scheme", "ftp"},
		{"a host that cannot be", "http://exa mple.com/", nil, PhaseURL, "host", `" "`},
		{"a port that cannot be", "http://example.com:99999/", nil, PhaseURL, "port", "99999"},

		{"a name that does not exist", "http://other.test/", atHome, PhaseDNS, "no-such-host", "other.test does not exist"},
		{"a name without address", "http://mail.test/", atHome, PhaseDNS, "no-address", "mail.test"},
		{"no IPv6 address, with -6", "http://six.test/", both(atHome, func(o *Options) { o.Network = "tcp6" }), PhaseDNS, "no-address", "no IPv6 address"},
		{"aliases in a circle", "http://round.test/", atHome, PhaseDNS, "dns-loop", "CNAME"},
		{"a name server that says nothing", "http://shop.test/", dns(mute), PhaseDNS, "timeout", "did not answer"},
		{"a name server that answers other questions", "http://shop.test/", dns(wrongID(zone)), PhaseDNS, "timeout", "did not answer"},
		{"a name server that floods with foreign replies", "http://shop.test/", dns(flooding(zone)), PhaseDNS, "dns-malformed", "none of them to our question"},
		{"a name server that echoes another name", "http://shop.test/", dns(wrongName(zone)), PhaseDNS, "timeout", "did not answer"},
		{"a broken reply", "http://shop.test/", dns(broken(zone)), PhaseDNS, "dns-malformed", "broken reply"},
		{"a reply with a pointer to itself", "http://shop.test/", dns(pointing), PhaseDNS, "dns-malformed", "broken reply"},
		{"too many records", "http://shop.test/", dns(crowded), PhaseDNS, "dns-malformed", "more than 256 records"},
		{"cut off over TCP too", "http://shop.test/", dns(alwaysTruncated(zone)), PhaseDNS, "dns-malformed", "cut off even over TCP"},
		{"a name server that fails", "http://shop.test/", dns(rcode(2)), PhaseDNS, "dns-servfail", "SERVFAIL"},
		{"a name server that refuses", "http://shop.test/", dns(rcode(5)), PhaseDNS, "dns-refused", "REFUSED"},
		{"no name server there", "http://shop.test/", func(o *Options) { o.DNSServer = closedPort(t) }, PhaseDNS, "refused", "nothing listens"},

		{"nothing listens", "http://" + closedPort(t) + "/", nil, PhaseTCP, "refused", "nothing listens on 127.0.0.1:"},
		{"a full queue", "http://" + blackHole(t) + "/", nil, PhaseTCP, "timeout", "did not answer"},

		{"a server that says no TLS at all", "https://" + silent(t) + "/", nil, PhaseTLS, "timeout", "did not answer"},
		{"a server of plain HTTP", "https://" + plain(t) + "/", nil, PhaseTLS, "not-tls", "plain HTTP"},
		{"a server that closes at once", "https://" + listen(t, func(net.Conn) {}) + "/", nil, PhaseTLS, "", ""},
		{"an expired certificate", toShop(expired), both(atHome, trust), PhaseTLS, "certificate-expired", "2 days ago"},
		{"a certificate of the future", toShop(future), both(atHome, trust), PhaseTLS, "certificate-not-yet-valid", "is valid from"},
		{"a certificate of another name", toShop(wrong), both(atHome, trust), PhaseTLS, "certificate-name", "bank.test, www.bank.test and not for shop.test"},
		{"an authority that nobody knows", toShop(good), atHome, PhaseTLS, "certificate-untrusted", "Loopback Authority"},
		{"all of it at once", toShop(all), atHome, PhaseTLS, "certificate-expired", "also, the certificate is for bank.test and not for shop.test; also, "},
		{"HTTP/2 is asked for and not spoken", toShop(good), both(atHome, trust, func(o *Options) { o.HTTP = "2" }), PhaseTLS, "", ""},

		{"a server that takes the request and closes", "http://" + answering(t, "") + "/", nil, PhaseWait, "closed", "closed the connection"},
		{"a server that takes the request and says nothing", "http://" + silent(t) + "/", nil, PhaseWait, "timeout", "did not answer"},
		{"one byte a second", "http://" + slow(t) + "/", nil, PhaseRead, "timeout", "had not finished"},
		{"another protocol", "http://" + answering(t, "SSH-2.0-OpenSSH_9.2\r\n") + "/", nil, PhaseRead, "not-http", "SSH-2.0"},
		{"TLS at the port of HTTP", "http://" + answering(t, "\x15\x03\x01\x00\x02\x02\x46") + "/", nil, PhaseRead, "not-http", `\x15\x03`},
		{"a status that is none", "http://" + answering(t, "HTTP/1.1 ok\r\n\r\n") + "/", nil, PhaseRead, "bad-status", "no status code"},
		{"a head without end", "http://" + endless(t, "HTTP/1.1 200 OK\r\n", "X: y\r\n") + "/", nil, PhaseRead, "head-too-large", "more than 1000 lines"},
		{"a line without end", "http://" + endless(t, "HTTP/1.1 200 OK\r\nX: ", strings.Repeat("y", 4096)) + "/", nil, PhaseRead, "head-too-large", "larger than"},
		{"interim responses without end", "http://" + endless(t, "", "HTTP/1.1 103 Early Hints\r\n\r\n") + "/", nil, PhaseRead, "too-many-interim", "103"},
		{"two lengths", "http://" + answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy") + "/", nil, PhaseRead, "content-length-conflict", `"1" and also "2"`},
		{"less than promised", "http://" + answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxy") + "/", nil, PhaseRead, "incomplete-body", "7 octets before"},
		{"chunks without a last", "http://" + answering(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n") + "/", nil, PhaseRead, "incomplete-body", "before its last chunk"},
		{"a chunk of no size", "http://" + answering(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxy\r\n") + "/", nil, PhaseRead, "bad-chunk", "xy"},
		{"chunk extensions without end", "http://" + endless(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1;"+strings.Repeat("x", 4000)+"\r\ny\r\n") + "/", nil, PhaseRead, "bad-chunk", "no end"},
		{"gzip that is none", "http://" + answering(t, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nhello, this is plain text") + "/", nil, PhaseRead, "bad-encoding", "not gzip"},
		{"gzip cut in the middle", "http://" + answering(t, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"+gzipped("hello")[:20]) + "/", nil, PhaseRead, "bad-encoding", "middle of its gzip"},
		{"four codings", "http://" + answering(t, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, br, gzip, br\r\n\r\nhello") + "/", nil, PhaseRead, "too-many-encodings", "4 times"},

		{"redirects in a circle", "http://" + redirecting(t, "/") + "/", nil, PhaseRedirect, "redirect-loop", "three times"},
		{"redirects without end", "http://" + redirecting(t, "x") + "/", nil, PhaseRedirect, "too-many-redirects", "20 redirects"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			o := &Options{}
			if tt.reason == "timeout" {
				o = brief(tt.phase)
			}
			if tt.o != nil {
				tt.o(o)
			}
			start := time.Now()
			tr, err := runWith(t, tt.url, o, nil)
			took := time.Since(start)
			f, ok := errors.AsType[*Failure](err)
			if !ok {
				t.Fatalf("got %v, want a failure", err)
			}
			if n := len(tr.Findings); n == 0 || tr.Findings[n-1].Code != f.Reason || tr.Findings[n-1].Hop != len(tr.Hops)-1 {
				t.Errorf("the failure is no finding: %+v", tr.Findings)
			}
			if tr.last().Failed != f {
				t.Error("the failure is not in the trace")
			}
			if f.Phase != tt.phase || tt.reason != "" && f.Reason != tt.reason || !strings.Contains(f.Detail, tt.detail) || f.Hint == "" {
				t.Errorf("got %s %s: %s\nhint %q", f.Phase, f.Reason, f.Detail, f.Hint)
			}
			if limit := o.Timeout + 2*testenv.Soon; took > limit {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func mute(string, []byte) [][]byte { return nil }

func wrongID(z loopback.Zone) loopback.Handler {
	return func(network string, query []byte) [][]byte {
		all := z.Answer(network, query)
		all[0][0] ^= 0xff
		return all
	}
}

func flooding(z loopback.Zone) loopback.Handler {
	return func(network string, query []byte) (all [][]byte) {
		for range maxForeign + 1 {
			all = append(all, wrongID(z)(network, query)...)
		}
		return all
	}
}

// wrongName echoes a question that was not asked: one letter differs.
func wrongName(z loopback.Zone) loopback.Handler {
	return func(network string, query []byte) [][]byte {
		all := z.Answer(network, query)
		all[0][14] ^= 1
		return all
	}
}

func broken(z loopback.Zone) loopback.Handler {
	return func(network string, query []byte) [][]byte {
		msg := z.Answer(network, query)[0]
		binary.BigEndian.PutUint16(msg[6:], 9) // answers that are not there
		return [][]byte{msg}
	}
}

// answersOf makes a reply to the query with n answers, of the octets given.
func answersOf(query []byte, n int, answers ...byte) [][]byte {
	end := 12 + bytes.IndexByte(query[12:], 0) + 5
	msg := append(bytes.Clone(query[:end]), answers...)
	msg[2], msg[3] = 0x81, 0x80
	binary.BigEndian.PutUint16(msg[6:], uint16(n))
	binary.BigEndian.PutUint16(msg[8:], 0)
	binary.BigEndian.PutUint16(msg[10:], 0)
	return [][]byte{msg}
}

// pointing answers with an alias whose name is a compression pointer to itself.
func pointing(_ string, query []byte) [][]byte {
	end := 12 + bytes.IndexByte(query[12:], 0) + 5
	return answersOf(query, 1, 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, byte(end+12))
}

func crowded(_ string, query []byte) [][]byte {
	return answersOf(query, 300, bytes.Repeat([]byte{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1}, 300)...)
}

func rcode(code byte) loopback.Handler {
	return func(_ string, query []byte) [][]byte {
		all := answersOf(query, 0)
		all[0][3] |= code
		return all
	}
}

func alwaysTruncated(z loopback.Zone) loopback.Handler {
	return func(network string, query []byte) [][]byte {
		all := z.Answer(network, query)
		all[0][2] |= 2
		return all
	}
}

// blackHole is an address where connections are neither taken nor refused: its queue of one is full.
func blackHole(t *testing.T) string {
	t.Helper()
	addr := fullQueue(t)
	for range 8 { // until one hangs
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		cancel()
		if err != nil {
			return addr
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Fatal("the queue is never full")
	return ""
}

// plain answers whatever comes with HTTP.
func plain(t *testing.T) string {
	t.Helper()
	return listen(t, func(c net.Conn) {
		c.Read(make([]byte, 4096))
		io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
	})
}

// slow sends a response, one octet at a time, for ever.
func slow(t *testing.T) string {
	t.Helper()
	return listen(t, func(c net.Conn) {
		if _, err := readRequest(bufio.NewReader(c)); err != nil {
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nX: ")
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := c.Write([]byte("x")); err != nil {
				return
			}
		}
	})
}

// endless sends head and then again and again the same.
func endless(t *testing.T, head, again string) string {
	t.Helper()
	return listen(t, func(c net.Conn) {
		if _, err := readRequest(bufio.NewReader(c)); err != nil {
			return
		}
		io.WriteString(c, head)
		for {
			if _, err := io.WriteString(c, again); err != nil {
				return
			}
		}
	})
}

// redirecting leads on for ever: to the same place, or to one more segment.
func redirecting(t *testing.T, to string) string {
	t.Helper()
	return listen(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		for {
			head, err := readRequest(r)
			if err != nil {
				return
			}
			next := to
			if to != "/" {
				next = strings.Fields(head)[1] + to
			}
			io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: "+next+"\r\nContent-Length: 0\r\n\r\n")
		}
	})
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}
