package loopback

import (
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// A Record is one record of a [Zone]; A, AAAA, CNAME and HTTPS make them.
type Record struct {
	Name string
	TTL  uint32 // seconds
	Data dnsmessage.ResourceBody
}

// A makes an address record. It panics if addr is not an IPv4 address, like the other makers: zones are written in source code.
func A(name string, ttl uint32, addr string) Record {
	return Record{name, ttl, &dnsmessage.AResource{A: netip.MustParseAddr(addr).As4()}}
}

// AAAA makes an address record of IPv6.
func AAAA(name string, ttl uint32, addr string) Record {
	return Record{name, ttl, &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr(addr).As16()}}
}

// CNAME makes an alias.
func CNAME(name string, ttl uint32, target string) Record {
	return Record{name, ttl, &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(target + ".")}}
}

// HTTPS makes a service binding for the name itself (RFC 9460), which speaks the given protocols.
func HTTPS(name string, ttl uint32, alpn ...string) Record {
	var value []byte
	for _, p := range alpn {
		value = append(append(value, byte(len(p))), p...)
	}
	s := dnsmessage.SVCBResource{Priority: 1, Target: dnsmessage.MustNewName(".")}
	s.SetParam(dnsmessage.SVCParamALPN, value)
	return Record{name, ttl, &dnsmessage.HTTPSResource{SVCBResource: s}}
}

// A Zone is all that a name server knows. A name that is not in it does not exist.
type Zone []Record

// maxUDP is the largest reply over UDP to a client that does not say more (RFC 1035 section 4.2.1).
const maxUDP = 512

// Answer is a [Handler] that answers from the zone, and follows its aliases as a resolver does.
func (z Zone) Answer(network string, query []byte) [][]byte {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil || h.Response {
		return nil
	}
	reply := dnsmessage.Message{Header: dnsmessage.Header{
		ID: h.ID, Response: true, RecursionDesired: h.RecursionDesired, RecursionAvailable: true,
	}}
	if reply.Questions, err = p.AllQuestions(); err != nil || len(reply.Questions) != 1 {
		reply.Questions, reply.RCode = nil, dnsmessage.RCodeFormatError
	} else {
		q := reply.Questions[0]
		reply.Answers, reply.RCode = z.find(q.Name, q.Type)
	}
	msg, err := reply.Pack()
	if err != nil {
		return nil
	}
	if network == "udp" && len(msg) > payload(&p) {
		reply.Answers, reply.Truncated = nil, true
		if msg, err = reply.Pack(); err != nil {
			return nil
		}
	}
	return [][]byte{msg}
}

// payload is what the client takes over UDP (RFC 6891 section 6.2.3).
func payload(p *dnsmessage.Parser) int {
	if p.SkipAllAnswers() != nil || p.SkipAllAuthorities() != nil {
		return maxUDP
	}
	for {
		h, err := p.AdditionalHeader()
		if err != nil {
			return maxUDP
		}
		if h.Type == dnsmessage.TypeOPT {
			return max(int(h.Class), maxUDP)
		}
		if p.SkipAdditional() != nil {
			return maxUDP
		}
	}
}

// find collects the records of a name and type, with the aliases that lead there.
func (z Zone) find(name dnsmessage.Name, typ dnsmessage.Type) (found []dnsmessage.Resource, code dnsmessage.RCode) {
	code = dnsmessage.RCodeNameError
	for range len(z) + 1 { // an alias that leads in a circle ends here
		var alias *dnsmessage.CNAMEResource
		for _, r := range z {
			if !strings.EqualFold(r.Name+".", name.String()) {
				continue
			}
			code = dnsmessage.RCodeSuccess
			h := dnsmessage.ResourceHeader{Name: name, Type: typeOf(r.Data), Class: dnsmessage.ClassINET, TTL: r.TTL}
			if c, ok := r.Data.(*dnsmessage.CNAMEResource); ok {
				alias = c
			} else if h.Type != typ {
				continue
			}
			found = append(found, dnsmessage.Resource{Header: h, Body: r.Data})
		}
		if alias == nil || typ == dnsmessage.TypeCNAME {
			break
		}
		name, code = alias.CNAME, dnsmessage.RCodeNameError
	}
	return found, code
}

func typeOf(data dnsmessage.ResourceBody) dnsmessage.Type {
	switch data.(type) {
	case *dnsmessage.AResource:
		return dnsmessage.TypeA
	case *dnsmessage.AAAAResource:
		return dnsmessage.TypeAAAA
	case *dnsmessage.CNAMEResource:
		return dnsmessage.TypeCNAME
	}
	return dnsmessage.TypeHTTPS
}
