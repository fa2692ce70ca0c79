package tour

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/cloakroom/cloakroom/trace"
)

// webWay is the name of that way in the report.
const webWay = "the way to a page"

// theWeb goes the way from a URL to a page, as a browser does, and writes down each step of it.
func (t *tour) theWeb(ctx context.Context) ([]Step, error) {
	t.progress("going from a URL to a page")
	got, err := trace.Run(ctx, t.main.url, &trace.Options{DNSServer: t.net.names.Addr(), Roots: t.net.authority.PEM(), HTTP: "1.1"})
	if err != nil {
		return nil, fmt.Errorf("tour: %w", err)
	}
	var steps []Step
	note := func(seed, what, request, response, observed string) {
		steps = append(steps, Step{Seed: seed, What: what, Request: t.hide(request), Response: t.hide(response), Observed: observed, way: webWay})
	}
	h := got.Hops[0]
	if h.DNS == nil || h.TCP == nil || h.TLS == nil || h.Request == nil || h.Response == nil || h.Page == nil {
		return nil, fmt.Errorf("tour: the way to %s is not whole", h.URL)
	}
	took := map[trace.PhaseName]string{}
	for _, p := range h.Phases {
		took[p.Name] = number(float64(p.Took.Microseconds())) + " µs"
	}
	cert := h.TLS.Chain[0]
	note(webURL, "Type "+h.URL+" and press Enter.", "", "",
		fmt.Sprintf("It names how to talk (%s), with whom (%s, port %s), and for what to ask (%s).", h.Parts.Scheme, h.Parts.Host, h.Parts.Port, h.Parts.Path))
	note(webDNS, "Ask a name server where "+h.Parts.Host+" is.", "", "", fmt.Sprintf("%s says %s, to be kept for %d s; it took %s.",
		h.DNS.Resolver, h.DNS.Addresses[0].Data, h.DNS.Addresses[0].TTL, took[trace.PhaseDNS]))
	note(webRequest, "Make a request message.", string(h.Request.Raw), "", fmt.Sprintf(
		"%d bytes of text: a request line, header fields, an empty line.", h.Request.HeadBytes))
	note(webOut, "Connect, agree on keys that nobody on the way knows, and send it.", "", "", fmt.Sprintf(
		"TCP from %s to %s (%s); %s with %s and %s (%s). The certificate is for %s, from %s, good for %d days. Sent in %s.",
		h.TCP.Local, h.TCP.Remote, took[trace.PhaseTCP], h.TLS.Version, h.TLS.Group, h.TLS.Cipher, took[trace.PhaseTLS],
		strings.Join(cert.Names, ", "), strings.TrimPrefix(cert.Issuer, "CN="), cert.DaysLeft, took[trace.PhaseSend]))
	note(webResponse, "Wait until the server has made a response message.", "", string(h.Response.Raw), fmt.Sprintf(
		"After %s the first of it came: a status (%d), header fields, an empty line, and then the page.", took[trace.PhaseWait], h.Status))
	note(webBack, "Read what travels back on the same connection.", "", "", fmt.Sprintf("%s bytes of head and %s of page, in %s.",
		number(float64(h.Response.HeadBytes)), number(float64(h.Response.BodyBytes)), took[trace.PhaseRead]))
	note(webPage, "Make a page of it.", "", "", fmt.Sprintf("A person reads %q. %s", cmp.Or(h.Page.Title, "a page"), opening(h.Page.Text)))
	return steps, nil
}

// opening is how a page begins, on one line.
func opening(text string) string {
	const longest = 160
	words := strings.Fields(text)
	line := ""
	for _, w := range words {
		if len(line)+len(w) > longest {
			return line + " …"
		}
		line = strings.TrimSpace(line + " " + w)
	}
	return line
}
