package trace

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A resolver finds addresses in this order: literal address, --resolve, localhost, hosts file, DNS. It asks the name
// servers itself, since the system's resolver says neither whom it asked nor what came back.
type resolver struct {
	server     string              // to ask; "" are those of resolv.conf
	resolve    map[string][]string // as curl's --resolve
	network    string              // "", "tcp4", "tcp6"
	timeout    time.Duration
	hosts      string        // the path of the hosts file
	resolvConf string        // the path of resolv.conf
	delay      time.Duration // how long one family waits for the other's addresses
	late       time.Duration // how long the end of a hop waits for answers that nothing depended on

	// system asks the system's own resolver.
	system func(ctx context.Context, network, host string) ([]netip.Addr, error)
}

func newResolver(o Options) *resolver {
	server := o.DNSServer
	if a, err := netip.ParseAddr(strings.Trim(server, "[]")); err == nil {
		server = net.JoinHostPort(a.String(), "53")
	}
	return &resolver{
		server: server, resolve: o.Resolve, network: o.Network, timeout: o.DNSTimeout,
		hosts: "/etc/hosts", resolvConf: "/etc/resolv.conf", delay: resolutionDelay, late: lateAnswers, system: net.DefaultResolver.LookupNetIP,
	}
}

// A lookup is what the search for one host has brought, and what is still under way.
type lookup struct {
	dns    *DNS
	addrs  []netip.Addr
	more   chan []netip.Addr // addresses that come late; nil if none can
	finish func()            // completes dns with the late answers
}

// lookup finds the addresses of a host. The lookup is never nil, and the caller calls its finish. The error is a *Failure.
func (r *resolver) lookup(ctx context.Context, host, port string) (*lookup, error) {
	name := strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	k := &lookup{dns: &DNS{Addresses: []Record{}}, finish: func() {}}
	from := hostsFile(r.hosts, name)
	for _, a := range from {
		k.dns.HostsFile = append(k.dns.HostsFile, a.String())
	}
	given, err := r.given(name, port)
	switch literal, lerr := netip.ParseAddr(name); {
	case err != nil:
		return k, err
	case lerr == nil:
		return k, r.known(k, "literal address", name, []netip.Addr{literal.Unmap()})
	case given != nil:
		return k, r.known(k, "--resolve", name, given)
	case isLoopbackName(name): // of both families, as browsers and curl have it, whatever a hosts file says (section 6.3)
		return k, r.known(k, "localhost is this machine (RFC 6761)", name, []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})})
	case len(from) > 0:
		return k, r.known(k, "hosts file", name, from)
	}
	return k, r.ask(ctx, k, host, port)
}

// given returns the addresses of --resolve, nil if it does not name the host.
func (r *resolver) given(name, port string) (addrs []netip.Addr, err error) {
	for key, values := range r.resolve {
		i := strings.LastIndexByte(key, ':')
		if i < 0 || key[i+1:] != port || key[:i] != "*" && !strings.EqualFold(strings.Trim(key[:i], "[]"), name) || addrs != nil && key[:i] == "*" {
			continue
		}
		addrs = make([]netip.Addr, 0, len(values))
		for _, v := range values {
			a, err := netip.ParseAddr(strings.Trim(v, "[]"))
			if err != nil {
				return nil, failf(PhaseDNS, "bad-resolve", "write it like --resolve example.com:443:192.0.2.1", "%s is not an address", excerpt(v))
			}
			addrs = append(addrs, a.Unmap())
		}
	}
	return addrs, nil
}

// known takes addresses that nobody had to be asked for.
func (r *resolver) known(k *lookup, from, name string, addrs []netip.Addr) error {
	k.dns.Resolver = from
	for _, a := range addrs {
		if r.wants(a) && len(k.addrs) < maxAddresses {
			k.addrs = append(k.addrs, a)
			k.dns.Addresses = append(k.dns.Addresses, Record{Name: name, Type: family(a), Data: a.String()})
		}
	}
	if len(k.addrs) == 0 {
		return r.noAddress(name, from)
	}
	return nil
}

func (r *resolver) wants(a netip.Addr) bool {
	return r.network == "" || (r.network == "tcp4") == a.Is4()
}

func family(a netip.Addr) string {
	if a.Is4() {
		return "A"
	}
	return "AAAA"
}

func (r *resolver) noAddress(name, server string) *Failure {
	f := failf(PhaseDNS, "no-address", "it may be a name for other things than the Web: check how it is spelled", "the name %s exists and has no address (%s)", name, server)
	if r.network != "" {
		which, flag := "IPv4", "-4"
		if r.network == "tcp6" {
			which, flag = "IPv6", "-6"
		}
		f.Detail = fmt.Sprintf("%s has no %s address (%s)", name, which, server)
		f.Hint = "try it without " + flag
	}
	return f
}

// ask asks DNS for each name of the search list, until one has addresses.
func (r *resolver) ask(ctx context.Context, k *lookup, host, port string) error {
	servers, candidates, where := []string{r.server}, []string{strings.TrimSuffix(host, ".")}, ""
	if r.server == "" {
		conf := readResolvConf(r.resolvConf)
		servers, candidates, where = conf.servers, conf.candidates(host), " ("+r.resolvConf+")"
	}
	var system *systemLookup // the one who was named with --dns shall be the only one who hears the name
	if r.server == "" {
		system = r.askSystem(ctx, candidates[0])
	}
	within, cancel := context.WithTimeout(ctx, r.timeout)
	var err error
	for _, name := range candidates {
		q := r.questions(within, servers, name, port)
		if err = q.wait(k, where); err == nil {
			k.more = q.more
			k.finish = func() {
				q.finish(k)
				cancel()
				system.finish(k)
			}
			return nil
		}
		q.finish(k)
		if f, ok := errors.AsType[*Failure](err); !ok || f.Reason != "no-such-host" && f.Reason != "no-address" {
			break
		}
	}
	defer cancel()
	defer system.finish(k)
	f := r.failed(ctx, servers, err)
	if r.server != "" {
		return f
	}
	// The system may know other ways than DNS: multicast, a directory. Browsers then go where it says.
	addrs := system.wait(within)
	if addrs = slices.DeleteFunc(addrs, func(a netip.Addr) bool { return !r.wants(a) }); len(addrs) == 0 {
		return f
	}
	return r.known(k, "the system's resolver, since "+f.Detail, candidates[0], addrs)
}

// failed puts into words why no server gave an address.
func (r *resolver) failed(ctx context.Context, servers []string, err error) *Failure {
	if len(servers) == 0 {
		return failf(PhaseDNS, "no-resolver", "name one: --dns 9.9.9.9", "%s names no name server", r.resolvConf)
	}
	f := asFailure(ctx, PhaseDNS, "the name server "+servers[0], err)
	if f.Reason == "failed" {
		f.Reason, f.Detail, f.Hint = "dns-malformed", "the name server "+servers[0]+" sent a broken reply: "+err.Error(), "ask another resolver: --dns 9.9.9.9"
	}
	if f.Reason == "refused" {
		f.Hint = "ask another resolver: --dns 9.9.9.9"
	}
	return f
}
