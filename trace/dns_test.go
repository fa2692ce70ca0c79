package trace

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/cloakroom/cloakroom/internal/loopback"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// look runs one lookup on a machine with the given files, and waits for what comes late.
func look(t *testing.T, o *Options, host string, change func(*resolver)) (*lookup, error) {
	t.Helper()
	s := o.withDefaults()
	s.DNSTimeout = 4 * testenv.Soon
	r := newResolver(s)
	r.hosts, r.resolvConf = "none", "none"
	r.delay, r.late = testenv.Soon, testenv.Soon // on a busy machine answers come apart
	r.system = func(context.Context, string, string) ([]netip.Addr, error) { return nil, io.EOF }
	if change != nil {
		change(r)
	}
	k, err := r.lookup(t.Context(), host, "443")
	k.finish()
	return k, err
}

func texts(records []Record) string {
	var all []string
	for _, r := range records {
		all = append(all, fmt.Sprintf("%s %d %s %s", r.Name, r.TTL, r.Type, r.Data))
	}
	return strings.Join(all, ", ")
}

func TestDNSShowsQuestionChainAndAnswer(t *testing.T) {
	addr := nameServer(t, loopback.Zone{
		loopback.CNAME("shop.test", 300, "edge.cdn.test"),
		loopback.CNAME("edge.cdn.test", 60, "a.cdn.test"),
		loopback.A("a.cdn.test", 20, "192.0.2.1"),
		loopback.A("a.cdn.test", 20, "192.0.2.2"),
		loopback.AAAA("a.cdn.test", 30, "2001:db8::1"),
		loopback.HTTPS("a.cdn.test", 40, "h3", "h2"),
	}.Answer)
	k, err := look(t, &Options{DNSServer: addr}, "Shop.test", nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string][2]string{
		"chain":     {texts(k.dns.Chain), "shop.test 300 CNAME edge.cdn.test, edge.cdn.test 60 CNAME a.cdn.test"},
		"addresses": {texts(k.dns.Addresses), "a.cdn.test 30 AAAA 2001:db8::1, a.cdn.test 20 A 192.0.2.1, a.cdn.test 20 A 192.0.2.2"},
		"https":     {texts(k.dns.HTTPS), "a.cdn.test 40 HTTPS 1 . alpn=h3,h2"},
		"resolver":  {k.dns.Resolver, addr},
		"to try":    {fmt.Sprint(k.addrs), "[2001:db8::1 192.0.2.1 192.0.2.2]"},
	} {
		if !strings.EqualFold(got[0], got[1]) {
			t.Errorf("%s: got  %s\nwant %s", what, got[0], got[1])
		}
	}
	var questions []string
	for _, q := range k.dns.Questions {
		questions = append(questions, q.Type+" "+q.RCode+" "+q.Net)
		if q.Took <= 0 {
			t.Errorf("%s took no time", q.Type)
		}
	}
	if got := strings.Join(questions, ", "); got != "AAAA NOERROR udp, A NOERROR udp, HTTPS NOERROR udp" {
		t.Errorf("questions: %s", got)
	}
}

// The order is: a literal address, --resolve, localhost, the hosts file, DNS.
func TestWhereAddressesComeFrom(t *testing.T) {
	addr := nameServer(t, loopback.Zone{
		loopback.A("shop.test", 60, "192.0.2.1"), loopback.AAAA("shop.test", 60, "2001:db8::1"),
		loopback.A("intranet.corp.test", 60, "192.0.2.7"), loopback.A("db.lab", 60, "192.0.2.8"), loopback.A("db.lab.corp.test", 60, "192.0.2.9"),
		loopback.A("localhost", 60, "203.0.113.66"),
	}.Answer)
	server := func(o *Options) { o.DNSServer = addr }
	hosts := "127.0.0.1 localhost\n203.0.113.5\tShop.Test other.test # comment\n203.0.113.6 localhost\n::1 ip6\nnonsense shop.test\n"
	tests := []struct {
		what, host string
		o          func(*Options)
		r          func(*testing.T, *resolver)
		resolver   string // its beginning
		addrs      string
	}{
		{"a literal address", "192.0.2.99", server, nil, "literal address", "192.0.2.99"},
		{"a literal address of IPv6", "[2001:db8::99]", server, nil, "literal address", "2001:db8::99"},
		{"--resolve", "shop.test", func(o *Options) { o.Resolve = map[string][]string{"Shop.test:443": {"192.0.2.50", "[2001:db8::50]"}} }, nil, "--resolve", "192.0.2.50 2001:db8::50"},
		{"--resolve for any host", "x.test", func(o *Options) { o.Resolve = map[string][]string{"*:443": {"192.0.2.51"}} }, nil, "--resolve", "192.0.2.51"},
		{"--resolve for both", "shop.test", func(o *Options) {
			o.Resolve = map[string][]string{"*:443": {"192.0.2.51"}, "shop.test:443": {"192.0.2.50"}}
		}, nil, "--resolve", "192.0.2.50"},
		{"--resolve for another port", "shop.test", func(o *Options) {
			o.DNSServer = addr
			o.Resolve = map[string][]string{"shop.test:80": {"192.0.2.50"}}
		}, nil, addr, "2001:db8::1 192.0.2.1"},
		{"the hosts file", "shop.test", server, func(t *testing.T, r *resolver) { r.hosts = file(t, hosts) }, "hosts file", "203.0.113.5"},
		{"localhost, whatever the hosts file says", "localhost", server, func(t *testing.T, r *resolver) { r.hosts = file(t, hosts) }, "localhost is this machine", "::1 127.0.0.1"},
		{"localhost is never asked for", "localhost", server, nil, "localhost is this machine", "::1 127.0.0.1"},
		{"a name under localhost", "app.localhost.", server, nil, "localhost is this machine", "::1 127.0.0.1"},
		{"DNS", "shop.test", server, nil, addr, "2001:db8::1 192.0.2.1"},
		{"DNS, with -4", "shop.test", func(o *Options) { o.DNSServer, o.Network = addr, "tcp4" }, nil, addr, "192.0.2.1"},
		{"DNS, with -6", "shop.test", func(o *Options) { o.DNSServer, o.Network = addr, "tcp6" }, nil, addr, "2001:db8::1"},
		{"the hosts file, with -4", "shop.test", func(o *Options) { o.Network = "tcp4" }, func(t *testing.T, r *resolver) { r.hosts = file(t, hosts) }, "hosts file", "203.0.113.5"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			o := &Options{}
			tt.o(o)
			k, err := look(t, o, tt.host, func(r *resolver) {
				if tt.r != nil {
					tt.r(t, r)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Trim(fmt.Sprint(k.addrs), "[]"); got != tt.addrs || !strings.HasPrefix(k.dns.Resolver, tt.resolver) {
				t.Errorf("%s says %s; want %s, %s", k.dns.Resolver, got, tt.resolver, tt.addrs)
			}
			if len(k.dns.Addresses) != len(k.addrs) {
				t.Errorf("shown are %s", texts(k.dns.Addresses))
			}
		})
	}
}

func TestHostsFileAndSystemAreShownBesideDNS(t *testing.T) {
	addr := nameServer(t, loopback.Zone{loopback.A("shop.test", 60, "192.0.2.1")}.Answer)
	says := func(addrs ...string) func(*resolver) {
		return func(r *resolver) {
			r.system = func(context.Context, string, string) (all []netip.Addr, err error) {
				for _, a := range addrs {
					all = append(all, netip.MustParseAddr(a))
				}
				return all, nil
			}
		}
	}
	beside := func(addrs ...string) []string {
		r, k := newResolver((&Options{}).withDefaults()), &lookup{dns: &DNS{Addresses: []Record{{Data: "192.0.2.1"}}}}
		says(addrs...)(r)
		s := r.askSystem(t.Context(), "shop.test")
		s.wait(t.Context())
		s.finish(k)
		return k.dns.System
	}
	if got := beside("::ffff:192.0.2.1"); got != nil {
		t.Errorf("the system agrees: %v", got)
	}
	if got := beside("203.0.113.1", "192.0.2.1"); !slices.Equal(got, []string{"192.0.2.1", "203.0.113.1"}) {
		t.Errorf("the system differs: %v", got)
	}
	// Whoever names a name server has a reason not to tell another one.
	k, err := look(t, &Options{DNSServer: addr}, "shop.test", func(r *resolver) {
		r.system = func(_ context.Context, _, name string) ([]netip.Addr, error) {
			t.Errorf("the system was asked for %s", name)
			return nil, io.EOF
		}
	})
	if err != nil || k.dns.System != nil || fmt.Sprint(k.addrs) != "[192.0.2.1]" {
		t.Errorf("with --dns: %v %v %v", k.addrs, k.dns.System, err)
	}
	// A name server that was asked for has the last word; without one, what the system knows counts.
	if _, err = look(t, &Options{DNSServer: addr}, "printer.test", says("203.0.113.2")); err == nil {
		t.Error("the name server that was asked for says that there is no such name")
	}
	k, err = look(t, nil, "printer.test", says("203.0.113.2"))
	if err != nil || !strings.HasPrefix(k.dns.Resolver, "the system's resolver, since none names no name server") || fmt.Sprint(k.addrs) != "[203.0.113.2]" {
		t.Errorf("%q %v %v", k.dns.Resolver, k.addrs, err)
	}
	k, err = look(t, &Options{Resolve: map[string][]string{"shop.test:443": {"192.0.2.9"}}}, "shop.test", func(r *resolver) { r.hosts = file(t, "192.0.2.5 shop.test") })
	if err != nil || !slices.Equal(k.dns.HostsFile, []string{"192.0.2.5"}) || k.dns.Resolver != "--resolve" {
		t.Errorf("the hosts file is not shown: %+v %v", k.dns, err)
	}
}

func TestResolvConf(t *testing.T) {
	c := readResolvConf(file(t, "# x\n; y\nnameserver 192.0.2.1 # z\nnameserver nonsense\nnameserver 2001:db8::1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"+
		"domain old.test\nsearch corp.test. lab.test a b c d seven\noptions rotate ndots:2 timeout:1\n"))
	if got := fmt.Sprint(c); got != "{[192.0.2.1:53 [2001:db8::1]:53 192.0.2.2:53] [corp.test. lab.test a b c d] 2}" {
		t.Errorf("got %s", got)
	}
	c.search = []string{"corp.test.", "lab.test"}
	for host, want := range map[string]string{
		"intranet":  "[intranet.corp.test intranet.lab.test intranet]",
		"db.lab":    "[db.lab.corp.test db.lab.lab.test db.lab]",
		"a.b.c":     "[a.b.c a.b.c.corp.test a.b.c.lab.test]",
		"intranet.": "[intranet]",
	} {
		if got := fmt.Sprint(c.candidates(host)); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}

// Names of the search list are tried in order, and of several servers the next is asked when one fails.
func TestSearchListAndSeveralServers(t *testing.T) {
	zone := loopback.Zone{loopback.A("intranet.lab.test", 60, "192.0.2.7")}
	good, bad := nameServer(t, zone.Answer), nameServer(t, rcode(2))
	r := newResolver((*Options)(nil).withDefaults())
	r.system = func(context.Context, string, string) ([]netip.Addr, error) { return nil, io.EOF }
	conf := resolvConf{servers: []string{bad, good}, search: []string{"corp.test", "lab.test"}, ndots: 1}
	k := &lookup{dns: &DNS{Addresses: []Record{}}}
	var err error
	for _, name := range conf.candidates("intranet") {
		q := r.questions(t.Context(), conf.servers, name, "443")
		err = q.wait(k, "")
		q.finish(k)
		if err == nil {
			break
		}
	}
	if err != nil || fmt.Sprint(k.addrs) != "[192.0.2.7]" || k.dns.Resolver != good || len(k.dns.Questions) != 6 {
		t.Errorf("%v %v %+v", err, k.addrs, k.dns)
	}
}

func TestLargeAnswersComeOverTCP(t *testing.T) {
	var zone loopback.Zone
	for i := range 200 {
		zone = append(zone, loopback.A("crowd.test", 60, fmt.Sprintf("192.0.2.%d", i)))
	}
	k, err := look(t, &Options{DNSServer: nameServer(t, zone.Answer)}, "crowd.test", nil)
	if err != nil {
		t.Fatal(err)
	}
	if q := k.dns.Questions[1]; q.Type != "A" || q.Net != "tcp" || len(k.dns.Addresses) != 200 || len(k.addrs) != maxAddresses/2 {
		t.Errorf("%+v: %d addresses, %d to try", q, len(k.dns.Addresses), len(k.addrs))
	}
}

// The limits of a reply are met at their edge.
func TestLimitsOfAReply(t *testing.T) {
	chain := func(n int) (z loopback.Zone) {
		for i := range n {
			z = append(z, loopback.CNAME(fmt.Sprintf("a%d.test", i), 60, fmt.Sprintf("a%d.test", i+1)))
		}
		return append(z, loopback.A(fmt.Sprintf("a%d.test", n), 60, "192.0.2.1"))
	}
	crowd := func(n int) (z loopback.Zone) {
		for range n {
			z = append(z, loopback.A("a0.test", 60, "192.0.2.1"))
		}
		return z
	}
	for _, tt := range []struct {
		what  string
		zone  loopback.Zone
		taken bool
	}{
		{"as many aliases as may be", chain(maxChain), true},
		{"one more", chain(maxChain + 1), false},
		{"as many records as may be", crowd(maxRecords), true},
		{"one more record", crowd(maxRecords + 1), false},
	} {
		t.Run(tt.what, func(t *testing.T) {
			q := &dnsQuestion{id: 1, name: dnsmessage.MustNewName("a0.test."), typ: dnsmessage.TypeA}
			msg, err := q.query(false)
			if err != nil {
				t.Fatal(err)
			}
			r, err := q.parse(tt.zone.Answer("tcp", msg)[0])
			if (err == nil) != tt.taken || tt.taken && len(r.addrs) == 0 {
				t.Errorf("%+v %v", r, err)
			}
		})
	}
}

// A server that knows no EDNS is asked again without.
func TestOldServersAreAskedWithoutEDNS(t *testing.T) {
	zone := loopback.Zone{loopback.A("shop.test", 60, "192.0.2.1")}
	k, err := look(t, &Options{DNSServer: nameServer(t, func(network string, query []byte) [][]byte {
		if binary.BigEndian.Uint16(query[10:]) > 0 {
			return [][]byte{{query[0], query[1], 0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0}} // FORMERR, and not a word more
		}
		return zone.Answer(network, query)
	})}, "shop.test", nil)
	if err != nil || fmt.Sprint(k.addrs) != "[192.0.2.1]" {
		t.Errorf("%v %v", k.addrs, err)
	}
}

// Replies to other questions are passed over: the right one counts, even if it comes last.
func TestForeignRepliesArePassedOver(t *testing.T) {
	zone := loopback.Zone{loopback.A("shop.test", 60, "192.0.2.1")}
	k, err := look(t, &Options{DNSServer: nameServer(t, func(network string, query []byte) [][]byte {
		return slices.Concat(wrongID(zone)(network, query), wrongName(zone)(network, query), [][]byte{query}, zone.Answer(network, query))
	})}, "shop.test", nil)
	if err != nil || fmt.Sprint(k.addrs) != "[192.0.2.1]" {
		t.Errorf("%v %v", k.addrs, err)
	}
}

// The families do not wait for each other for ever: what comes late takes part in the race.
func TestLateAddressesTakePart(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }))
	defer s.Close()
	zone := loopback.Zone{loopback.A("shop.test", 60, "127.0.0.1"), loopback.AAAA("shop.test", 60, "::1")}
	release := make(chan struct{})
	var late atomic.Bool
	addr := nameServer(t, func(network string, query []byte) [][]byte {
		if typ := query[12+len("\x04shop\x04test\x00")+1]; typ == byte(dnsmessage.TypeA) && !late.Swap(true) {
			<-release // the A record comes when the race runs
		}
		return zone.Answer(network, query)
	})
	o := &Options{DNSServer: addr, Progress: func(_ int, phase PhaseName, _ string) {
		if phase == PhaseTCP {
			close(release)
		}
	}}
	tr, err := runWith(t, "http://shop.test:"+portOf(s.Listener.Addr().String())+"/", o, func(r *resolver) { r.delay = resolutionDelay })
	if err != nil {
		t.Fatal(err)
	}
	h := tr.last()
	if len(h.TCP.Attempts) != 2 || h.TCP.Attempts[0].Result != "refused" || h.TCP.Attempts[1].Result != "won" || len(h.DNS.Addresses) != 2 {
		t.Errorf("%+v %+v", h.TCP.Attempts, h.DNS)
	}
}

// HTTPS records of other ports have names of their own (RFC 9460 section 9.1).
func TestHTTPSRecordOfAnotherPort(t *testing.T) {
	addr := nameServer(t, loopback.Zone{loopback.A("shop.test", 60, "192.0.2.1"), loopback.HTTPS("_8443._https.shop.test", 60, "h2")}.Answer)
	o := (&Options{DNSServer: addr}).withDefaults()
	r := newResolver(o)
	r.delay, r.late = testenv.Soon, testenv.Soon
	r.system = func(context.Context, string, string) ([]netip.Addr, error) { return nil, io.EOF }
	k, err := r.lookup(t.Context(), "shop.test", "8443")
	k.finish()
	if err != nil || texts(k.dns.HTTPS) != "_8443._https.shop.test 60 HTTPS 1 . alpn=h2" {
		t.Errorf("%s %v", texts(k.dns.HTTPS), err)
	}
}

func TestServiceBindingsAsText(t *testing.T) {
	s := dnsmessage.HTTPSResource{SVCBResource: dnsmessage.SVCBResource{Priority: 2, Target: dnsmessage.MustNewName("a.test.")}}
	s.SetParam(dnsmessage.SVCParamMandatory, []byte{0, 1})
	s.SetParam(dnsmessage.SVCParamALPN, []byte("\x02h3\x02h2"))
	s.SetParam(dnsmessage.SVCParamNoDefaultALPN, nil)
	s.SetParam(dnsmessage.SVCParamPort, []byte{0x20, 0xfb})
	s.SetParam(dnsmessage.SVCParamIPv4Hint, []byte{192, 0, 2, 1, 192, 0, 2, 2})
	s.SetParam(dnsmessage.SVCParamIPv6Hint, netip.MustParseAddr("2001:db8::1").AsSlice())
	s.SetParam(dnsmessage.SVCParamECH, []byte{1, 2, 3})
	want := "2 a.test. mandatory=alpn alpn=h3,h2 no-default-alpn port=8443 ipv4hint=192.0.2.1,192.0.2.2 ech=AQID ipv6hint=2001:db8::1"
	if got := bindingText(&s); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	bad := dnsmessage.HTTPSResource{SVCBResource: dnsmessage.SVCBResource{Priority: 1, Target: dnsmessage.MustNewName(".")}}
	bad.SetParam(dnsmessage.SVCParamALPN, []byte("\x09h2"))
	bad.SetParam(dnsmessage.SVCParamIPv4Hint, []byte{1, 2, 3})
	if got := bindingText(&bad); got != `1 . alpn="\th2" ipv4hint="\x01\x02\x03"` {
		t.Errorf("got %s", got)
	}
}

// A reply is ours or it is not; what is taken from it is bounded and belongs to the name that was asked for.
func FuzzDNSReply(f *testing.F) {
	zone := loopback.Zone{
		loopback.CNAME("shop.test", 300, "a.test"), loopback.A("a.test", 20, "192.0.2.1"),
		loopback.AAAA("a.test", 30, "2001:db8::1"), loopback.HTTPS("a.test", 40, "h2"),
	}
	types := []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA, dnsmessage.TypeHTTPS}
	question := func(kind byte) *dnsQuestion {
		return &dnsQuestion{id: 0x1234, name: dnsmessage.MustNewName("shop.test."), typ: types[int(kind)%len(types)]}
	}
	for kind := range byte(3) {
		msg, err := question(kind).query(kind == 0)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(kind, zone.Answer("udp", msg)[0])
	}
	f.Fuzz(func(t *testing.T, kind byte, msg []byte) {
		q := question(kind)
		r, err := q.parse(msg)
		if err != nil {
			return
		}
		if msg[0] != 0x12 || msg[1] != 0x34 || msg[2]&0x80 == 0 {
			t.Fatal("a reply to another question was taken")
		}
		if len(r.chain) > maxChain || len(r.records) > maxRecords || len(r.addrs) > len(r.records) {
			t.Fatalf("%d aliases, %d records, %d addresses", len(r.chain), len(r.records), len(r.addrs))
		}
		name := "shop.test"
		for _, c := range r.chain {
			if !strings.EqualFold(c.Name, name) {
				t.Fatalf("the chain goes from %q on with %q", name, c.Name)
			}
			name = c.Data
		}
		for _, rec := range r.records {
			if !strings.EqualFold(rec.Name, name) || rec.Type != dnsTypes[q.typ] {
				t.Fatalf("a record of %q %s for %q", rec.Name, rec.Type, name)
			}
		}
	})
}
