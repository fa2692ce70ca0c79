package screen

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/trace"
)

// phases makes the phases of a hop from what each took.
func phases(took ...any) (all []trace.Phase) {
	var at time.Duration
	for i := 0; i < len(took); i += 2 {
		d := time.Duration(took[i+1].(float64) * float64(time.Millisecond))
		all = append(all, trace.Phase{Name: took[i].(trace.PhaseName), Start: at, Took: d})
		at += d
	}
	return all
}

func head(proto, start string, fields ...trace.Field) *trace.Message {
	m := &trace.Message{Proto: proto, StartLine: start, Fields: fields}
	raw := start + "\r\n"
	for _, f := range fields {
		raw += f.Name + ": " + f.Value + "\r\n"
	}
	m.Raw = []byte(raw + "\r\n")
	m.HeadBytes = int64(len(m.Raw))
	return m
}

// signIn is a first hop over everything that there is: it sets cookies, and leads on.
func signIn() *trace.Hop {
	h := &trace.Hop{
		URL: "https://shop.example/login?next=%2Faccount", Method: "GET", Status: 302,
		Phases: phases(trace.PhaseURL, 0.02, trace.PhaseDNS, 12.0, trace.PhaseTCP, 31.2, trace.PhaseTLS, 44.1, trace.PhaseSend, 0.08, trace.PhaseWait, 92.3, trace.PhaseRead, 5.01),
		Parts:  &trace.Parts{Scheme: "https", Host: "shop.example", Port: "443", Path: "/login", Query: "next=%2Faccount", Site: "shop.example", Suffix: "example"},
		DNS: &trace.DNS{
			Resolver:  "127.0.0.53:53 (/etc/resolv.conf)",
			Questions: []trace.Question{{Name: "shop.example", Type: "A", RCode: "NOERROR", Net: "udp", TookMS: 11.4}, {Name: "shop.example", Type: "AAAA", RCode: "NOERROR", Net: "tcp", TookMS: 11.9}, {Name: "shop.example", Type: "HTTPS", RCode: "SERVFAIL", Net: "udp", TookMS: 9}},
			Chain:     []trace.Record{{Name: "shop.example", Type: "CNAME", TTL: 300, Data: "edge.cdn.example"}},
			Addresses: []trace.Record{{Name: "edge.cdn.example", Type: "AAAA", TTL: 60, Data: "2001:db8::7"}, {Name: "edge.cdn.example", Type: "A", TTL: 60, Data: "203.0.113.7"}},
			HTTPS:     []trace.Record{{Name: "shop.example", Type: "HTTPS", TTL: 300, Data: "1 . alpn=h2,h3"}},
			HostsFile: []string{"192.0.2.1"}, System: []string{"192.0.2.1"},
		},
		TCP: &trace.TCP{
			Attempts: []trace.Attempt{{Address: "[2001:db8::8]:443", MS: 30.5, Result: "refused"}, {Address: "[2001:db8::7]:443", StartMS: 0.5, MS: 30.7, Result: "won"}, {Address: "203.0.113.7:443", Result: "not started"}},
			Local:    "[2001:db8::1]:50122", Remote: "[2001:db8::7]:443", RTT: 30.4,
		},
		TLS: &trace.TLS{
			Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", Group: "X25519MLKEM768", ALPN: "h2", ServerName: "shop.example", Verified: true,
			Chain: []trace.Certificate{
				{Subject: "shop.example", Issuer: "Example CA 3", Names: []string{"shop.example", "www.shop.example", "pay.shop.example", "m.shop.example"}, DaysLeft: 61, Key: "ECDSA P-256"},
				{Subject: "Example CA 3", Issuer: "Example Root", DaysLeft: 400, Key: "RSA 2048"},
			},
		},
		Request: head("HTTP/2", "GET /login?next=%2Faccount HTTP/2", trace.Field{Name: "Host", Value: "shop.example"}, trace.Field{Name: "Cookie", Value: "visit=" + session + "; theme=dark"}),
		Response: head("HTTP/2", "HTTP/2 302", trace.Field{Name: "Location", Value: "/account"},
			trace.Field{Name: "Set-Cookie", Value: "__Host-sid=" + session + "; Path=/; Secure; HttpOnly; SameSite=Lax"}),
		SetCookies: responseCookies()[:2],
		Cookies:    []jar.Verdict{{Name: "visit", Outcome: jar.Sent}, {Name: "theme", Outcome: jar.Sent}},
		Redirect:   "https://shop.example/account",
	}
	h.Response.Timing = []trace.Timing{{Name: "db", MS: 53}, {Name: "cache", Desc: "a miss"}}
	h.Response.Interim = []int{103}
	return h
}

// account is the second hop: it uses the connection again and ends at a page.
func account() *trace.Hop {
	h := &trace.Hop{
		URL: "https://shop.example/account", Method: "GET", Status: 200,
		Phases:   phases(trace.PhaseURL, 0.01, trace.PhaseSend, 0.09, trace.PhaseWait, 66.0, trace.PhaseRead, 5.2),
		Parts:    &trace.Parts{Scheme: "https", Host: "shop.example", Port: "443", Path: "/account"},
		TCP:      &trace.TCP{Local: "[2001:db8::1]:50122", Remote: "[2001:db8::7]:443", RTT: 30.4, Reused: true},
		Request:  head("HTTP/2", "GET /account HTTP/2", trace.Field{Name: "Host", Value: "shop.example"}),
		Response: head("HTTP/2", "HTTP/2 200", trace.Field{Name: "Content-Type", Value: "text/html; charset=utf-8"}),
		Cookies:  requestCookies(),
		Page:     page(),
	}
	h.Response.BodyBytes, h.Response.Decoded, h.Response.Encoding = 18_400, 71_020, "br"
	return h
}

func page() *trace.Page {
	text := "# Your account\n\nWelcome back, Ada. " + strings.Repeat("This paragraph is longer than the screen is wide, so it is broken between words. ", 3) +
		"\n\norder\tday\tprice\n1043\tMonday\t12.50\n1044\tFriday\t7.00\n\n- Orders [1]\n- " + strings.Repeat("a point of many words ", 6) + "[2]\n  - below it\n\n    $ preformatted   text\n\n" +
		"1. first\n2. second\n\n[form 1]\nSign out"
	return &trace.Page{
		Type: "text/html", Title: "Your account — Shop", Text: text,
		Links: []trace.Link{{N: 1, Text: "Orders", URL: "https://shop.example/orders"}, {N: 2, Text: "many words", URL: "https://shop.example/" + strings.Repeat("way/", 12)}, {N: 3, URL: "mailto:help@shop.example"}},
		Forms: []trace.Form{{N: 1, Method: "POST", Action: "https://shop.example/signout", Inputs: []trace.Input{{Name: "csrf", Type: "hidden", Value: session}, {Name: "password", Type: "password"}, {Type: "submit", Value: "Sign out"}}}},
	}
}

func of(hops ...*trace.Hop) *trace.Trace {
	return &trace.Trace{Schema: trace.Schema, Hops: hops}
}

func TestTraceScreens(t *testing.T) {
	redirect := of(signIn(), account())
	redirect.Findings = []trace.Finding{{Code: "cookie-rejected", Detail: "said elsewhere"}, {Code: "malformed", Detail: "the response breaks the rules of HTTP: a line ends without CR", Hop: 1}}
	golden(t, "redirect", func(s *Screen) {
		short := Shorten(redirect)
		s.Trace(short, 1, false)
		s.Next("https://shop.example/account", requestCookies(), requestCookies()[:1])
		s.Next("https://shop.example/account", requestCookies(), requestCookies())
		s.Next("https://shop.example/account", requestCookies(), nil)
		s.Page(short.Hops[1].Page, false)
		s.Footer(true)
	})
	golden(t, "page", func(s *Screen) { s.Page(Shorten(redirect).Hops[1].Page, true) })
	golden(t, "raw", func(s *Screen) {
		hop := signIn()
		hop.Phases, hop.Parts = nil, nil
		hop.Response.Body = []byte("<p>Go\x1b[2J on</p>\n\tplease")
		s.Trace(Shorten(of(hop)), 7, true)
	})
	golden(t, "times", func(s *Screen) { s.Times(redirect, 9) })
	golden(t, "not_followed", func(s *Screen) {
		hop := signIn()
		hop.DNS, hop.TCP, hop.TLS = nil, nil, nil
		hop.TLS = &trace.TLS{Version: "TLS 1.2", Cipher: "TLS_RSA_WITH_AES_128_GCM_SHA256", ALPN: "http/1.1", Resumed: true, Problem: "the certificate expired on 2026-11-01",
			Chain: []trace.Certificate{{Subject: "old.example", Issuer: "old.example", DaysLeft: -25, Key: "RSA 1024"}}}
		hop.Response = head("HTTP/1.1", "HTTP/1.1 399 Whatever It Is That The Server Wants To Say")
		hop.Response.Truncated, hop.Response.Trailers = true, make([]trace.Field, 2)
		hop.Status = 399
		s.Trace(of(hop), 1, false)
	})
}

// TestShortPage: a line more is shown rather than announced.
func TestShortPage(t *testing.T) {
	for lines, want := range map[int]string{13: "", 14: "  … 2 lines more: --page\n", 15: "  … 3 lines more: --page\n"} {
		var out bytes.Buffer
		(&Screen{W: &out}).Page(&trace.Page{Text: strings.TrimSuffix(strings.Repeat("x\n", lines), "\n")}, false)
		if _, after, _ := strings.Cut(out.String(), "  …"); want != strings.TrimSuffix("  …"+after, "  …") {
			t.Errorf("%d lines:\n%s", lines, out.String())
		}
	}
}

// TestBars: each has the width of its column, wherever a phase lies.
func TestBars(t *testing.T) {
	tests := []struct {
		what        string
		start, took time.Duration
		want        string
	}{
		{"the whole hop", 0, 14, "██████████████"},
		{"the middle", 4, 6, "    ██████    "},
		{"nothing at the beginning", 0, 0, "▏             "},
		{"nothing at the end", 14, 0, "             ▏"},
		{"less than half a column", 3, 0, "   ▏          "},
		{"a time that runs backwards", 20, -5, "             ▏"},
	}
	for _, tt := range tests {
		if got := new(Screen).bar(&trace.Phase{Start: tt.start, Took: tt.took}, 14, Plain); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.what, got, tt.want)
		}
	}
	if got := new(Screen).bar(&trace.Phase{}, 0, Plain); got != strings.Repeat(" ", barWidth) {
		t.Errorf("no time at all: got %q", got)
	}
}

// TestFailureScreens: a hop that ends in each phase.
func TestFailureScreens(t *testing.T) {
	golden(t, "failures", func(s *Screen) {
		for i, f := range []*trace.Failure{
			{Phase: trace.PhaseURL, Reason: "port", Detail: `the port is "99999"`, Hint: "ports are numbers from 1 to 65535"},
			{Phase: trace.PhaseDNS, Reason: "no-such-host", Detail: "there is no shop.example, says 127.0.0.53:53", Hint: "check how it is spelled"},
			{Phase: trace.PhaseTCP, Reason: "refused", Detail: "nothing listens on 203.0.113.7:443", Hint: "check the port, and that the server runs"},
			{Phase: trace.PhaseTLS, Reason: "certificate-expired", Detail: "the certificate of shop.example expired 25 days ago, on 2026-11-01", Hint: "the server needs a new one; -k goes on all the same, and tells nobody who can listen"},
			{Phase: trace.PhaseSend, Reason: "reset", Detail: "[2001:db8::7]:443 broke the connection off", Hint: "the server's log may say why; something between here and there may do so too"},
			{Phase: trace.PhaseWait, Reason: "timeout", Detail: "[2001:db8::7]:443 did not answer within the time limit", Hint: "the server took the request and says nothing: its log may say what it waits for"},
			{Phase: trace.PhaseRead, Reason: "closed", Detail: "[2001:db8::7]:443 closed the connection in the middle of the body", Hint: "the server's log may say why"},
			{Phase: trace.PhaseRedirect, Reason: "too-many-redirects", Detail: "after 20 redirects the site leads on to another", Hint: "--max-redirs raises the limit"},
		} {
			s.Trace(of(upTo(f)), i+1, false)
		}
	})
}

// upTo is a hop that got as far as a failure.
func upTo(f *trace.Failure) *trace.Hop {
	h := signIn()
	h.Failed = f
	if f.Phase == trace.PhaseRedirect {
		return h
	}
	got := map[trace.PhaseName]bool{}
	for i, p := range h.Phases {
		if got[p.Name] = true; p.Name == f.Phase {
			h.Phases = h.Phases[:i+1]
			break
		}
	}
	h.SetCookies, h.Redirect = nil, ""
	if !got[trace.PhaseDNS] {
		h.DNS, h.Parts, h.URL = nil, nil, "https://shop.example:99999/"
	}
	if !got[trace.PhaseSend] {
		h.Cookies = nil
	}
	if !got[trace.PhaseRead] {
		h.Status, h.Response = 0, nil
	}
	if f.Phase == trace.PhaseDNS {
		h.DNS = &trace.DNS{Resolver: "127.0.0.53:53", Questions: []trace.Question{{Type: "A", RCode: "NXDOMAIN", TookMS: 12}}}
	}
	if f.Phase == trace.PhaseTCP {
		h.TCP = &trace.TCP{Attempts: []trace.Attempt{{Address: "203.0.113.7:443", MS: 31, Result: "refused"}}}
	}
	return h
}

// TestHostileScreen: names that have no end, are wide, or steer; of each thing more than anybody reads.
func TestHostileScreen(t *testing.T) {
	evil := "\x1b]0;owned\x07\x1b[2J\u202e" + strings.Repeat("쿠키", 30) + "\r\n"
	many := func(n int, f func(i int)) {
		for i := range n {
			f(i)
		}
	}
	h := signIn()
	h.URL, h.Redirect = "https://shop.example/"+strings.Repeat("a", 300)+evil, "https://"+strings.Repeat("b", 63)+".example/"+evil
	h.Parts.Unicode, h.Parts.User, h.Parts.Fragment, h.Parts.Site = "쇼핑.example", evil, evil, "other.example"
	many(20, func(i int) { h.DNS.Addresses = append(h.DNS.Addresses, trace.Record{Data: fmt.Sprint("192.0.2.", i)}) })
	many(20, func(i int) { h.TCP.Attempts = append(h.TCP.Attempts, trace.Attempt{Address: evil, Result: "timeout"}) })
	many(20, func(i int) {
		h.TLS.Chain = append(h.TLS.Chain, trace.Certificate{Subject: evil, Issuer: evil, DaysLeft: 13})
	})
	many(20, func(i int) {
		h.Response.Timing = append(h.Response.Timing, trace.Timing{Name: "t", Desc: evil, MS: float64(i)})
	})
	h.Response.StartLine, h.Status = "HTTP/1.1 299 "+evil, 299
	golden(t, "hostile", func(s *Screen) {
		tr := of(h)
		tr.Findings = []trace.Finding{{Code: "malformed", Detail: evil}}
		s.Trace(Shorten(tr), 1, false)
		s.Page(&trace.Page{Type: evil, Title: evil, Text: evil + "\n- " + strings.Repeat("단어 ", 60) + "\n" + evil + "\tcell\t" + evil}, false)
	})
}

// FuzzTrace: whatever a server says, where it is not verbatim no line is too wide and nothing steers the terminal.
func FuzzTrace(f *testing.F) {
	f.Add("a", "b c", int64(5))
	f.Add("\x1b[2J", "쿠키 \u202e\xff\r\n\t"+strings.Repeat("x", 100), int64(-1))
	f.Fuzz(func(t *testing.T, name, text string, n int64) {
		h := signIn()
		h.URL, h.Redirect, h.Parts.Path, h.Parts.Query = text, text, text, name
		h.DNS.Resolver, h.DNS.Chain[0].Data, h.DNS.HTTPS[0].Data = text, name, text
		h.TCP.Attempts[0].Address, h.TCP.Attempts[0].Result, h.TCP.Local = name, text, name
		h.TLS.Group, h.TLS.ALPN, h.TLS.Chain[0].Names = text, name, []string{text}
		h.Response.Timing, h.Response.BodyBytes, h.Response.Encoding = []trace.Timing{{Name: name, MS: float64(n), Desc: text}}, n, name
		h.Phases[2].Took, h.Phases[3].Start = time.Duration(n), time.Duration(-n)
		h.SetCookies[0].Name, h.SetCookies[0].Cookie.Value, h.SetCookies[1].Fix, h.SetCookies[1].Detail = name, text, text, text
		h.Cookies[0].Name, h.Failed = text, &trace.Failure{Phase: trace.PhaseName(name), Reason: text, Detail: text, Hint: name}
		tr := of(h)
		tr.Findings = []trace.Finding{{Code: name, Detail: text}}
		var out bytes.Buffer
		s := &Screen{W: &out, Now: now}
		short := Shorten(tr)
		s.Trace(short, 1, false)
		s.Times(short, 1)
		s.Page(&trace.Page{Type: name, Title: text, Text: text}, false)
		s.Matrix([]Context{{Verdicts: h.SetCookies}, {Verdicts: h.Cookies}})
		for _, fault := range faults(out.String(), 80) {
			t.Error(fault)
		}
	})
}

func TestMatrixScreen(t *testing.T) {
	golden(t, "matrix", func(s *Screen) { s.Matrix(contexts(t)) })
}

// contexts asks a jar what it does with three cookies.
func contexts(t *testing.T) (all []Context) {
	j := jar.New(nil)
	for _, v := range j.Set(jar.Request{URL: must(t, "https://shop.example/"), Now: now},
		"__Host-sid="+session+"; Path=/; Secure; HttpOnly; SameSite=Lax", "csrf=1; Secure; SameSite=Strict", "embed=1; Secure; SameSite=None", "a-cookie-with-a-long-name=1", "cart=1; Path=/cart") {
		if v.Outcome != jar.Stored {
			t.Fatal(v)
		}
	}
	elsewhere := must(t, "https://elsewhere.test/")
	for _, c := range []struct {
		head [2]string
		r    jar.Request
	}{
		{[2]string{"same site", ""}, jar.Request{URL: must(t, "https://shop.example/")}},
		{[2]string{"link from", "elsewhere"}, jar.Request{URL: must(t, "https://shop.example/"), Site: elsewhere}},
		{[2]string{"form POST", "elsewhere"}, jar.Request{URL: must(t, "https://shop.example/"), Site: elsewhere, Method: http.MethodPost}},
		{[2]string{"iframe", "elsewhere"}, jar.Request{URL: must(t, "https://shop.example/"), Site: elsewhere, Embedded: true}},
		{[2]string{"http://", "same site"}, jar.Request{URL: must(t, "http://shop.example/")}},
	} {
		c.r.Now = now
		_, verdicts := j.Peek(c.r)
		all = append(all, Context{c.head, verdicts})
	}
	return all
}

func must(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
