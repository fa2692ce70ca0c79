package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/trace"
)

// in is the visitor in a test of its own.
func (v *visitor) in(t *testing.T) *visitor { return &visitor{t, v.o} }

// wantConnection: how the connection came about is there, from the name to the certificate.
func (s *street) wantConnection(t *testing.T) {
	h := s.visitor().in(t).get(s.signInURL() + "/signin").last()

	var phases []trace.PhaseName
	for _, p := range h.Phases {
		phases = append(phases, p.Name)
	}
	if want := []trace.PhaseName{trace.PhaseURL, trace.PhaseDNS, trace.PhaseTCP, trace.PhaseTLS, trace.PhaseSend, trace.PhaseWait, trace.PhaseRead}; !slices.Equal(phases, want) {
		t.Errorf("the phases are %v, want %v", phases, want)
	}
	if p := h.Parts; p.Scheme != "https" || p.Host != doorHost || p.Port != fmt.Sprint(s.signIn) || p.Site != "cloak.test" || p.Suffix != "test" {
		t.Errorf("the parts are %+v", p)
	}
	if d := h.DNS; !strings.HasPrefix(d.Resolver, s.dns) ||
		!slices.Equal(d.Chain, []trace.Record{{Name: doorHost, Type: "CNAME", TTL: 300, Data: "edge.cloak.test"}}) ||
		!slices.Equal(d.Addresses, []trace.Record{{Name: "edge.cloak.test", Type: "A", TTL: 60, Data: "127.0.0.1"}}) {
		t.Errorf("DNS is %+v", d)
	}
	if c := h.TCP; c.Remote != fmt.Sprintf("127.0.0.1:%d", s.signIn) || !strings.HasPrefix(c.Local, "127.0.0.1:") || c.RTT <= 0 ||
		len(c.Attempts) != 1 || c.Attempts[0].Result != "won" || c.Attempts[0].Address != c.Remote {
		t.Errorf("TCP is %+v", c)
	}
	c := h.TLS
	if c.Version != "TLS 1.3" || c.ALPN != "h2" || c.ServerName != doorHost || !c.Verified || c.Problem != "" || c.Resumed ||
		!strings.HasPrefix(c.Cipher, "TLS_") || !strings.HasPrefix(c.Group, "X25519") {
		t.Errorf("TLS is %+v", c)
	}
	if len(c.Chain) != 1 {
		t.Fatalf("the chain is %+v", c.Chain)
	}
	if k := c.Chain[0]; k.Subject != "CN="+doorHost || k.Issuer != "CN=Street Authority" || !slices.Equal(k.Names, []string{doorHost, manyHost}) ||
		k.DaysLeft != 90 || k.Key != "ECDSA P-256" || k.Signature != "ECDSA-SHA256" {
		t.Errorf("the certificate is %+v", k)
	}
	if h.Request.StartLine != "GET /signin HTTP/2" || h.Response.StartLine != "HTTP/2 200" {
		t.Errorf("%q, %q", h.Request.StartLine, h.Response.StartLine)
	}
}

// wantWayFromPlain: the redirect from http to https is a hop, on which the session cookie stays at home.
func (s *street) wantWayFromPlain(t *testing.T) {
	bob := s.visitor().in(t)
	credentials := map[string]string{"email": "bob@example.org", "password": "plum gravel 47 orbit"}
	bob.postJSON(s.signInURL()+"/api/signup", credentials).wantWay(t, "201 POST "+s.signInURL()+"/api/signup")
	w := bob.get(s.plainURL() + "/page")
	w.wantWay(t, "301 GET "+s.plainURL()+"/page", "200 GET "+s.siteURL()+"/page")
	if w[0].TLS != nil || w[0].Response.Proto != "HTTP/1.1" || w[1].TLS == nil || w[1].Response.Proto != "HTTP/2" {
		t.Errorf("%+v, then %+v", w[0].TLS, w[1].TLS)
	}
	if v := wantCookie(t, w[0], w[0].Cookies, sessionCookie, "withheld SecureOnly"); v.Step == "" || v.Detail == "" {
		t.Errorf("no word on why: %+v", v)
	}
	if got := valuesOf(w[0].Request, "Cookie"); len(got) != 0 {
		t.Errorf("over http went %q", got)
	}
	wantCookie(t, w[1], w[1].Cookies, sessionCookie, "sent")
}

// wantManyCookies: each Set-Cookie line is one of its own, however many there are, and the cookies arrive as one header, in
// the order of their making.
func (s *street) wantManyCookies(t *testing.T) {
	v := s.visitor().in(t)
	h := v.get(s.manyURL() + "/cookies").last()
	if h.Status != http.StatusNoContent || h.Response.Proto != "HTTP/2" || len(h.SetCookies) != manyCookies+2 {
		t.Fatalf("%s %d with %d cookies", h.Response.Proto, h.Status, len(h.SetCookies))
	}
	var want []string
	for i, c := range h.SetCookies[:manyCookies] {
		pair := fmt.Sprintf("c%02d=%d", i, i)
		want = append(want, pair)
		if c.Outcome != jar.Stored || c.Line != pair+"; Path=/; Expires=Sun, 06 Nov 2044 08:49:37 GMT" {
			t.Errorf("line %d: %+v", i, c)
		}
	}
	wantCookie(t, h, h.SetCookies, "__Host-c", "rejected InvalidPrefix")
	wantCookie(t, h, h.SetCookies, "wide", "rejected InvalidDomain")

	h = v.get(s.manyURL() + "/").last()
	if got := heardBy(t, h).Header["Cookie"]; len(got) != 1 || got[0] != strings.Join(want, "; ") {
		t.Errorf("the app heard %q", got)
	}
}

// wantEncodings: for each Accept-Encoding, the coding that comes back, and the text is the same.
func (s *street) wantEncodings(t *testing.T, chosen map[string]string) {
	for accept, coding := range chosen {
		v := s.visitor().in(t).with(func(o *trace.Options) { o.Header = http.Header{"Accept-Encoding": {accept}} })
		m := v.get(s.manyURL() + "/letter").last().Response
		if m.Encoding != coding || m.Decoded != int64(len(letter)) || coding != "" && m.BodyBytes > 1000 || coding == "" && m.BodyBytes != m.Decoded {
			t.Errorf("%s: encoding %q, %d octets are %d", accept, m.Encoding, m.BodyBytes, m.Decoded)
		}
		if string(m.Body) != letter {
			t.Errorf("%s: the letter reads %.100q", accept, m.Body)
		}
	}
}

// wantHTTP1: whoever wants HTTP/1.1 gets it, from the same port.
func (s *street) wantHTTP1(t *testing.T) {
	v := s.visitor().in(t).with(func(o *trace.Options) { o.HTTP = "1.1" })
	w := v.get(s.signInURL() + "/account")
	w.wantWay(t, "303 GET "+s.signInURL()+"/account", "200 GET "+s.signInURL()+"/signin?return_to=%2Faccount")
	h := w.last()
	if h.TLS.ALPN != "http/1.1" || h.Response.Proto != "HTTP/1.1" || h.Response.StartLine != "HTTP/1.1 200 OK" || h.Request.StartLine != "GET /signin?return_to=%2Faccount HTTP/1.1" {
		t.Errorf("%q: %q, %q", h.TLS.ALPN, h.Request.StartLine, h.Response.StartLine)
	}
	wantCookie(t, h, h.SetCookies, visitCookie, "stored")
}
