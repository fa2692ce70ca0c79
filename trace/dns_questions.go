package trace

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// resolutionDelay is the Resolution Delay of RFC 8305 section 3.
const resolutionDelay = 50 * time.Millisecond

// questions are the three about one name, asked at once.
type questions struct {
	r       *resolver
	cancel  context.CancelFunc
	name    string
	types   []dnsmessage.Type
	answers chan dnsAnswer
	waiting int // answers that have not come
	got     map[string]dnsAnswer
	more    chan []netip.Addr
}

func (r *resolver) questions(ctx context.Context, servers []string, name, port string) *questions {
	q := &questions{r: r, name: name, got: map[string]dnsAnswer{}, types: []dnsmessage.Type{dnsmessage.TypeAAAA, dnsmessage.TypeA, dnsmessage.TypeHTTPS}}
	switch r.network {
	case "tcp4":
		q.types = q.types[1:]
	case "tcp6":
		q.types = []dnsmessage.Type{dnsmessage.TypeAAAA, dnsmessage.TypeHTTPS}
	}
	ctx, q.cancel = context.WithCancel(ctx)
	answers := make(chan dnsAnswer, len(q.types))
	q.answers, q.waiting = answers, len(q.types)
	for _, typ := range q.types {
		name := name
		if typ == dnsmessage.TypeHTTPS && port != "443" && port != "80" {
			name = "_" + port + "._https." + name // RFC 9460 section 9.1
		}
		go func() { answers <- askAll(ctx, servers, name, typ) }()
	}
	return q
}

// wait waits until there are addresses to try, or cannot be.
func (q *questions) wait(k *lookup, where string) error {
	var delay <-chan time.Time
	for q.pending() {
		select {
		case a := <-q.answers:
			q.take(a)
			if len(q.addrs()) > 0 && delay == nil && a.question.Type != "HTTPS" {
				timer := time.NewTimer(q.r.delay)
				defer timer.Stop()
				delay = timer.C
			}
		case <-delay:
			q.listen()
			return q.settle(k, where)
		}
	}
	return q.settle(k, where)
}

func (q *questions) take(a dnsAnswer) {
	q.waiting--
	q.got[a.question.Type] = a
}

// pending reports whether an answer is missing that may bring addresses.
func (q *questions) pending() bool {
	for _, typ := range q.types {
		if a, ok := q.got[dnsTypes[typ]]; !ok && typ != dnsmessage.TypeHTTPS {
			return true
		} else if ok && a.question.RCode == "NXDOMAIN" && typ != dnsmessage.TypeHTTPS {
			return false // of every type
		}
	}
	return false
}

// listen hands addresses that come late to the race.
func (q *questions) listen() {
	more, in, out := make(chan []netip.Addr, 1), q.answers, make(chan dnsAnswer, q.waiting)
	q.more, q.answers = more, out
	n := q.waiting
	go func() {
		for range n {
			a := <-in
			if a.reply != nil && len(a.reply.addrs) > 0 {
				more <- a.reply.addrs[:min(len(a.reply.addrs), maxAddresses)]
			}
			out <- a
			if a.question.Type != "HTTPS" {
				close(more) // the only question about addresses that was missing
			}
		}
	}()
}

func (q *questions) addrs() (all []netip.Addr) {
	for _, typ := range q.types {
		if a := q.got[dnsTypes[typ]]; a.reply != nil {
			all = append(all, a.reply.addrs[:min(len(a.reply.addrs), maxAddresses/2)]...)
		}
	}
	return all
}

// settle takes the addresses, or says why there are none.
func (q *questions) settle(k *lookup, where string) error {
	var worst error
	for _, typ := range q.types {
		a, ok := q.got[dnsTypes[typ]]
		if !ok || typ == dnsmessage.TypeHTTPS {
			continue
		}
		if k.dns.Resolver == "" || a.err == nil {
			k.dns.Resolver = a.server + where
		}
		switch {
		case a.err != nil:
			worst = q.brokenBy(a)
		case a.reply.rcode == "NXDOMAIN":
			return failf(PhaseDNS, "no-such-host", "check how the name is spelled", "the name %s does not exist, says %s", q.name, a.server)
		case a.reply.rcode != "NOERROR":
			worst = rcodeFailure(q.name, a.server, a.reply.rcode)
		}
	}
	if k.addrs = q.addrs(); len(k.addrs) > 0 {
		return nil
	}
	if worst == nil {
		worst = q.r.noAddress(q.name, k.dns.Resolver)
	}
	return worst
}

func (q *questions) brokenBy(a dnsAnswer) error {
	if errors.Is(a.err, errAliases) {
		return failf(PhaseDNS, "dns-loop", "whoever runs the domain must mend it", "the aliases (CNAME) of %s go in a circle or are more than %d, says %s", q.name, maxChain, a.server)
	}
	return a.err
}

func rcodeFailure(name, server, rcode string) *Failure {
	f := failf(PhaseDNS, "dns-"+strings.ToLower(rcode), "ask another resolver: --dns 9.9.9.9", "%s could not look up %s: %s", server, name, rcode)
	if rcode == "SERVFAIL" {
		f.Hint = "the domain's own name servers may be down, or its DNSSEC broken; another resolver may know more: --dns 9.9.9.9"
	}
	return f
}

// finish waits a little for late answers and writes all answers down.
func (q *questions) finish(k *lookup) {
	timer := time.NewTimer(q.r.late)
	defer timer.Stop()
	for q.waiting > 0 {
		select {
		case a := <-q.answers:
			q.take(a)
			continue
		case <-timer.C:
			q.cancel()
		}
		for q.waiting > 0 {
			q.take(<-q.answers)
		}
	}
	q.cancel()
	for _, typ := range q.types {
		a := q.got[dnsTypes[typ]]
		if a.question.RCode == "" {
			a.question.RCode = "no answer"
		}
		k.dns.Questions = append(k.dns.Questions, a.question)
		if a.reply == nil {
			continue
		}
		if typ == dnsmessage.TypeHTTPS {
			k.dns.HTTPS = append(k.dns.HTTPS, a.reply.records...)
			continue
		}
		k.dns.Addresses = append(k.dns.Addresses, a.reply.records...)
		if len(k.dns.Chain) == 0 {
			k.dns.Chain = a.reply.chain
		}
	}
}
