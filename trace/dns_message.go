package trace

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// Limits on what a resolver can make us keep.
const (
	maxRecords   = 256 // of one reply
	maxChain     = 16  // CNAME records, one after the other
	maxAddresses = 32  // that are tried
	udpPayload   = 1232
)

var (
	errNotOurs  = errors.New("a reply to another question")
	errAliases  = errors.New("the aliases go in a circle, or are too many")
	errNoAnswer = errors.New("no answer")
)

// A dnsQuestion is one question of class IN.
type dnsQuestion struct {
	id   uint16
	name dnsmessage.Name
	typ  dnsmessage.Type
}

// A dnsReply is what a resolver answered.
type dnsReply struct {
	rcode     string
	truncated bool
	chain     []Record
	records   []Record // of the type that was asked for
	addrs     []netip.Addr
}

var dnsTypes = map[dnsmessage.Type]string{dnsmessage.TypeA: "A", dnsmessage.TypeAAAA: "AAAA", dnsmessage.TypeHTTPS: "HTTPS"}

// query writes the question (RFC 1035 section 4), with EDNS (RFC 6891) unless plain.
func (q *dnsQuestion) query(plain bool) ([]byte, error) {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: q.id, RecursionDesired: true})
	b.EnableCompression()
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	if err := b.Question(q.question()); err != nil {
		return nil, err
	}
	if !plain {
		var h dnsmessage.ResourceHeader
		if err := errors.Join(b.StartAdditionals(), h.SetEDNS0(udpPayload, dnsmessage.RCodeSuccess, false), b.OPTResource(h, dnsmessage.OPTResource{})); err != nil {
			return nil, err
		}
	}
	return b.Finish()
}

func (q *dnsQuestion) question() dnsmessage.Question {
	return dnsmessage.Question{Name: q.name, Type: q.typ, Class: dnsmessage.ClassINET}
}

// parse reads a reply. The error is errNotOurs if it does not belong to the question: somebody may be guessing.
func (q *dnsQuestion) parse(msg []byte) (*dnsReply, error) {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil {
		return nil, err
	}
	if h.ID != q.id || !h.Response || h.OpCode != 0 {
		return nil, errNotOurs
	}
	r := &dnsReply{rcode: rcodeName(h.RCode), truncated: h.Truncated}
	echo, err := p.AllQuestions()
	if err != nil {
		return nil, err
	}
	if len(echo) != 1 || echo[0].Type != q.typ || echo[0].Class != dnsmessage.ClassINET || !sameName(echo[0].Name, q.name) {
		if len(echo) == 0 && h.RCode == dnsmessage.RCodeFormatError {
			return r, nil // a server that did not understand the question cannot echo it
		}
		return nil, errNotOurs
	}
	if h.Truncated {
		return r, nil // asked again over TCP
	}
	return r, r.read(&p, q)
}

// read follows the aliases from the question to the records of its type. Records of other names are not for us.
func (r *dnsReply) read(p *dnsmessage.Parser, q *dnsQuestion) error {
	aliases := map[string]Record{}
	found := map[string][]Record{}
	addrs := map[string][]netip.Addr{}
	for n := 0; ; n++ {
		h, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			break
		}
		if err != nil {
			return err
		}
		if n >= maxRecords {
			return fmt.Errorf("more than %d records", maxRecords)
		}
		rec := Record{Name: nameText(h.Name), Type: dnsTypes[h.Type], TTL: h.TTL}
		owner := strings.ToLower(rec.Name)
		switch {
		case h.Class != dnsmessage.ClassINET || h.Type != q.typ && h.Type != dnsmessage.TypeCNAME:
			if err := p.SkipAnswer(); err != nil {
				return err
			}
		case h.Type == dnsmessage.TypeCNAME:
			c, err := p.CNAMEResource()
			if err != nil {
				return err
			}
			rec.Type, rec.Data = "CNAME", nameText(c.CNAME)
			aliases[owner] = rec
		default:
			addr, text, err := readData(p, q.typ)
			if err != nil {
				return err
			}
			rec.Data = text
			found[owner] = append(found[owner], rec)
			if addr.IsValid() {
				addrs[owner] = append(addrs[owner], addr)
			}
		}
	}
	name := strings.ToLower(nameText(q.name))
	for {
		alias, ok := aliases[name]
		if !ok {
			break
		}
		if len(r.chain) == maxChain {
			return errAliases
		}
		r.chain = append(r.chain, alias)
		name = strings.ToLower(alias.Data)
	}
	r.records, r.addrs = found[name], addrs[name]
	return nil
}

func readData(p *dnsmessage.Parser, typ dnsmessage.Type) (netip.Addr, string, error) {
	switch typ {
	case dnsmessage.TypeA:
		a, err := p.AResource()
		addr := netip.AddrFrom4(a.A)
		return addr, addr.String(), err
	case dnsmessage.TypeAAAA:
		a, err := p.AAAAResource()
		addr := netip.AddrFrom16(a.AAAA)
		return addr, addr.String(), err
	default:
		s, err := p.HTTPSResource()
		return netip.Addr{}, bindingText(&s), err
	}
}

func nameText(n dnsmessage.Name) string {
	if s := n.String(); s != "." {
		return strings.TrimSuffix(s, ".")
	}
	return "."
}

func sameName(a, b dnsmessage.Name) bool { return strings.EqualFold(a.String(), b.String()) }

var rcodes = map[dnsmessage.RCode]string{
	dnsmessage.RCodeSuccess:        "NOERROR",
	dnsmessage.RCodeFormatError:    "FORMERR",
	dnsmessage.RCodeServerFailure:  "SERVFAIL",
	dnsmessage.RCodeNameError:      "NXDOMAIN",
	dnsmessage.RCodeNotImplemented: "NOTIMP",
	dnsmessage.RCodeRefused:        "REFUSED",
}

func rcodeName(c dnsmessage.RCode) string {
	if s, ok := rcodes[c]; ok {
		return s
	}
	return fmt.Sprintf("RCODE%d", c)
}
