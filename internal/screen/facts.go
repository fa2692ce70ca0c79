package screen

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/trace"
)

// url says what the parts of a URL are for.
func (s *Screen) url(p *trace.Parts) {
	if p == nil {
		return
	}
	host := p.Host
	if p.Unicode != "" {
		host += " (" + p.Unicode + ")"
	}
	says := "talk " + p.Scheme + " to " + host + ", port " + p.Port + ", and ask for " + Fit(p.Path, 200)
	if p.Query != "" {
		says += " with ?" + Fit(p.Query, 200)
	}
	if p.User != "" {
		says += ", as user " + p.User
	}
	if p.Fragment != "" {
		says += "; #" + Fit(p.Fragment, 60) + " stays here"
	}
	if p.Site != "" && p.Site != p.Host {
		says += "; the site is " + p.Site
	}
	s.Row(2, Span{"url", Strong}, barColumn, Span{Text: says})
}

// facts are what happened in a phase, a line each.
func facts(h *trace.Hop, name trace.PhaseName) []Span {
	switch name {
	case trace.PhaseDNS:
		return dnsFacts(h.DNS)
	case trace.PhaseTCP:
		return tcpFacts(h.TCP)
	case trace.PhaseTLS:
		return tlsFacts(h.TLS)
	case trace.PhaseSend:
		if m := h.Request; m != nil {
			return []Span{{Text: sent(m)}}
		}
	case trace.PhaseWait:
		if m := h.Response; m != nil {
			return waitFacts(m)
		}
	case trace.PhaseRead:
		if m := h.Response; m != nil {
			return []Span{{Text: received(m)}}
		}
	}
	return nil
}

const literal = "literal address"

// knownFrom is how an address was known without asking.
var knownFrom = map[string]string{
	literal:      "nobody is asked: the URL has the address itself",
	"hosts file": "nobody is asked: the hosts file of this machine says",
	"--resolve":  "nobody is asked: you said so with --resolve",
}

func dnsFacts(d *trace.DNS) (facts []Span) {
	if d == nil {
		return nil
	}
	add := func(format string, args ...any) { facts = append(facts, Span{Text: fmt.Sprintf(format, args...)}) }
	if len(d.Questions) > 0 {
		var asked []string
		for _, q := range d.Questions {
			says := q.Type + " in " + milliseconds(q.TookMS)
			if q.RCode != "NOERROR" && q.RCode != "" {
				says = q.Type + " " + q.RCode + " in " + milliseconds(q.TookMS)
			}
			if q.Net == "tcp" {
				says += " over TCP"
			}
			asked = append(asked, says)
		}
		add("asked %s: %s", d.Resolver, strings.Join(asked, ", "))
	} else if d.Resolver != "" {
		add("%s", cmp.Or(knownFrom[d.Resolver], d.Resolver))
	}
	for _, r := range d.Chain {
		add("%s is an alias of %s (%s)", r.Name, r.Data, keep(r.TTL))
	}
	var found []string
	for i, r := range d.Addresses {
		if i == 8 {
			found = append(found, fmt.Sprintf("and %d more", len(d.Addresses)-i))
			break
		}
		says := r.Data
		if r.TTL > 0 {
			says += " (" + keep(r.TTL) + ")"
		}
		found = append(found, says)
	}
	if len(found) > 0 && d.Resolver != literal {
		add("%s", strings.Join(found, ", "))
	}
	for _, r := range d.HTTPS {
		add("HTTPS record: %s (%s)", r.Data, keep(r.TTL))
	}
	if len(d.HostsFile) > 0 && d.Resolver != "hosts file" {
		add("the hosts file says %s", strings.Join(d.HostsFile, ", "))
	}
	if len(d.System) > 0 {
		add("this machine itself would go to %s", strings.Join(d.System, ", "))
	}
	return facts
}

// keep is a TTL: how long an answer may be kept.
func keep(ttl uint32) string { return fmt.Sprintf("%d"+glue+"s", ttl) }

func tcpFacts(t *trace.TCP) (facts []Span) {
	if t == nil {
		return nil
	}
	add := func(style Style, format string, args ...any) {
		facts = append(facts, Span{fmt.Sprintf(format, args...), style})
	}
	race := len(t.Attempts) > 1
	for i, a := range t.Attempts {
		switch {
		case i == 8:
			add(Plain, "and %d more", len(t.Attempts)-i)
		case i > 8:
		case a.Result == "not started":
			add(Faint, "%s not needed", a.Address)
		case a.Result == "won" && race:
			add(Plain, "%s won in %s", a.Address, milliseconds(a.MS))
		case a.Result == "won":
			add(Plain, "%s", a.Address)
		default:
			add(Warn, "%s %s after %s", a.Address, a.Result, milliseconds(a.MS))
		}
	}
	if t.Local != "" {
		says := "from " + t.Local
		if t.RTT > 0 {
			says += ", there and back in " + milliseconds(t.RTT)
		}
		add(Plain, "%s", says)
	}
	return facts
}

func tlsFacts(t *trace.TLS) (facts []Span) {
	if t == nil {
		return nil
	}
	add := func(style Style, format string, args ...any) {
		facts = append(facts, Span{fmt.Sprintf(format, args...), style})
	}
	if t.Version != "" {
		with := slices.DeleteFunc([]string{t.Version, t.Group, t.Cipher}, func(s string) bool { return s == "" })
		says := strings.Join(with, ", ")
		switch t.ALPN {
		case "h2":
			says += "; agreed on HTTP/2 (h2)"
		case "http/1.1":
			says += "; agreed on HTTP/1.1"
		case "":
		default:
			says += "; agreed on " + t.ALPN
		}
		if t.Resumed {
			says += "; keys of an earlier visit"
		}
		add(Plain, "%s", says)
	}
	for i, c := range t.Chain {
		if i == 6 {
			add(Plain, "and %s more", count(len(t.Chain)-i, "certificate"))
			break
		}
		style := Plain
		if c.DaysLeft < 14 {
			style = Warn
		}
		if i == 0 {
			add(style, "certificate for %s by %s, %s, %s", holder(&c), c.Issuer, c.Key, left(c.DaysLeft))
		} else {
			add(style, "%s by %s, %s", c.Subject, c.Issuer, left(c.DaysLeft))
		}
	}
	if !t.Verified && t.Problem != "" {
		add(Bad, "NOT TRUSTED: %s", t.Problem)
	}
	return facts
}

// holder is whom a certificate is for.
func holder(c *trace.Certificate) string {
	switch n := len(c.Names); {
	case n == 0:
		return c.Subject
	case n > 3:
		return fmt.Sprintf("%s and %d more names", strings.Join(c.Names[:2], ", "), n-2)
	}
	return strings.Join(c.Names, ", ")
}

func left(days int) string {
	if days < 0 {
		return "expired " + count(-days, "day") + " ago"
	}
	return count(days, "day") + " left"
}

func sent(m *trace.Message) string {
	says := size(m.HeadBytes) + ": the request line and " + count(len(m.Fields), "field")
	if m.BodyBytes > 0 {
		says += ", then a body of " + size(m.BodyBytes)
	}
	return says
}

func waitFacts(m *trace.Message) (facts []Span) {
	for _, status := range m.Interim {
		facts = append(facts, Span{Text: strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status))) + " came before"})
	}
	var took []string
	for i, t := range m.Timing {
		if i == 12 {
			took = append(took, fmt.Sprintf("and %d more", len(m.Timing)-i))
			break
		}
		says := t.Name
		if t.Desc != "" {
			says += " (" + Fit(t.Desc, 40) + ")"
		}
		if t.MS > 0 {
			says += " " + milliseconds(t.MS)
		}
		took = append(took, says)
	}
	if len(took) > 0 {
		facts = append(facts, Span{Text: "the server says: " + strings.Join(took, ", ")})
	}
	if len(facts) == 0 {
		facts = []Span{{"for the first byte of the answer", Faint}}
	}
	return facts
}

func received(m *trace.Message) string {
	says := size(m.HeadBytes) + ": the status and " + count(len(m.Fields), "field")
	if m.BodyBytes > 0 {
		says += ", then " + size(m.BodyBytes) + " of body"
	}
	if m.Encoding != "" {
		says += " (" + m.Encoding + "), " + size(m.Decoded) + " unpacked"
	}
	if m.Truncated {
		says += "; a limit cut it"
	}
	if n := len(m.Trailers); n > 0 {
		says += ", then " + count(n, "more field")
	}
	return says
}
