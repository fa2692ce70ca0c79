package server_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server"
)

// storm makes up questions that nobody may get a yes to.
type storm struct {
	*rand.Rand

	cookies []string
}

func (s storm) one(of ...string) string { return of[s.IntN(len(of))] }

// bent is a value with something wrong in it, now and then.
func (s storm) bent(v string) string {
	switch at := s.IntN(len(v) + 1); s.IntN(60) {
	case 0:
		return v[:at]
	case 1:
		return v[:at] + string(rune(33+s.IntN(94))) + v[at:]
	case 2:
		return v[:at] + s.one("\\", "#", "%", "%00", "%2f", "..", "//", ";", ",", " ", "@", "?", "\u2000", "\x7f", "\xff") + v[at:]
	case 3:
		return v + ", " + v
	case 4:
		return strings.ToUpper(v)
	}
	return v
}

func (s storm) question(h http.Header) (method, target, host string) {
	hosts := []string{wikiHost, wikiHost, mailHost, authHost, "evil.test", "wiki.example.net:443", "WIKI.example.net.", "192.0.2.7", "[::1]"}
	paths := []string{"/", "/page?x=1", "/.cloakroom/enter?code=x", "/.cloakroom/start", "/healthz", "/favicon.ico", "/%2e%2e/", "/a//b", "*", ""}
	methods := []string{"GET", "GET", "HEAD", "POST", "OPTIONS", "TRACE", "get", "PROPFIND"}
	add := func(name, value string) {
		for range 1 + s.IntN(20)/19 {
			name = http.CanonicalHeaderKey(name)
			h[name] = append(h[name], s.bent(value))
		}
	}
	host, uri := s.one(hosts...), s.one(paths...)
	if s.IntN(20) > 0 {
		add("X-Original-URL", "https://"+host+uri)
		add("X-Original-Method", s.one(methods...))
	}
	if s.IntN(20) > 0 {
		add("X-Forwarded-Method", s.one(methods...))
		add("X-Forwarded-Proto", s.one("https", "https", "https", "http", "wss"))
		add("X-Forwarded-Host", host)
		add("X-Forwarded-Uri", uri)
	}
	for range s.IntN(4) {
		add(s.one("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Remote-User", "Remote-Groups", "X-Forwarded-User", "User-Agent", "Accept", "Sec-Fetch-Mode", "Sec-Purpose", "Origin", "Referer", "Connection", "Authorization", "X-Forwarded-Port", "X-Envoy-Original-Path"),
			s.one("127.0.0.1", "admin", "kube-probe/1.30", "text/html", "navigate", "https://"+wikiHost, "Bearer a.b.c", "Basic YTpi", "Cookie", "for=127.0.0.1", "prefetch", "443"))
	}
	if s.IntN(3) == 0 {
		h["Sec-Fetch-Mode"] = []string{"navigate"}
	}
	for range s.IntN(3) {
		h["Cookie"] = append(h["Cookie"], s.bent(s.one(s.cookies...)))
	}
	method, target = "GET", "/forward-auth/"+s.one("nginx", "caddy", "traefik", "haproxy", "envoy")
	if s.IntN(4) == 0 {
		method, target = s.one(methods...), "/forward-auth/envoy"+s.bent(uri)
	}
	return method, target, host
}

// TestForwardAuthStorm_FA01_FA05_CV48_CV50: without a session at an app's host no question gets a yes, whatever it says; nor does one from
// somebody who is no trusted proxy, with a session. Each run asks others; CLOAKROOM_STORM is how many (a million takes half a minute).
func TestForwardAuthStorm_FA01_FA05_CV48_CV50(t *testing.T) {
	n, seed := 100_000, rand.Uint64()
	if text := os.Getenv("CLOAKROOM_STORM"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	house := town(t)
	b := walk(t, house)
	house.Client().SignUp("anna@example.org")
	a, where := b.signIn(b.open(wikiPage))
	b.arrived(a, where, wikiPage)
	at := func(host string) string { return "__Host-session=" + b.jars[host]["__Host-session"] }
	quiet, err := server.New(house.App, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	public := quiet.Public()
	ask := func(method, target, host, from string, h http.Header) *http.Response {
		r := &http.Request{Method: method, RequestURI: target, Host: host, RemoteAddr: from, Header: h, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
		if r.URL, err = url.ParseRequestURI(target); err != nil {
			return nil // no HTTP server passes it on
		}
		w := httptest.NewRecorder()
		public.ServeHTTP(w, r.WithContext(t.Context()))
		return w.Result()
	}
	s := storm{rand.New(rand.NewPCG(seed, 0)), []string{
		"a=b", "__Host-session=" + strings.Repeat("A", 43), "__host-session=x", "__Host-session=\"\"", "__Host-session", "=__Host-session=x", at(authHost), at(authHost) + "; a=b", "__Host-visit=x", ";;;", at(authHost) + "; " + at(authHost),
	}}
	said := map[int]int{}
	for range n {
		h := http.Header{}
		method, target, host := s.question(h)
		a := ask(method, target, host, "192.0.2.7:1234", h)
		if a == nil {
			continue
		}
		said[a.StatusCode]++
		if a.StatusCode < 300 || len(a.Header["Remote-User"]) > 0 || len(a.Header["Set-Cookie"]) > 0 {
			t.Fatalf("without a session at the app's host: %s %s %s got %d %v\n%v\nseed %d", method, target, host, a.StatusCode, a.Header, h, seed)
		}
	}
	t.Logf("%d questions: %s", n, fmt.Sprint(said))
	if said[302] < n/200 || said[401] < n/50 {
		t.Errorf("hardly one was well formed: %v", said)
	}
	// With a session, and everything right but who asks.
	right := func() http.Header {
		return http.Header{"X-Original-Url": {wikiPage}, "X-Original-Method": {"GET"}, "X-Forwarded-Method": {"GET"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {wikiHost}, "X-Forwarded-Uri": {"/page"}, "Cookie": {at(wikiHost)}}
	}
	for _, dialect := range []string{"nginx", "caddy", "traefik", "haproxy", "envoy", "envoy/page"} {
		target := "/forward-auth/" + dialect
		h := right()
		if dialect == "envoy/page" {
			delete(h, "X-Forwarded-Uri")
		}
		for from, want := range map[string]int{
			"192.0.2.7:1234": 200, "[::ffff:192.0.2.7]:1234": 200, "[::ffff:192.0.2.7%eth0]:1": 200, "192.0.2.255:1": 200,
			"192.0.3.7:1234": 403, "198.51.100.1:1234": 403, "[::192.0.2.7]:1234": 403, "[::1]:1": 403, "127.0.0.1:80": 403, "192.0.2.7": 403, "192.0.2.7:1, 192.0.2.8:1": 403, "192.0.2.7:http": 403, "": 403, "@": 403,
		} {
			for _, claim := range []string{"", "192.0.2.7", "192.0.2.7, 192.0.2.8", "[::ffff:192.0.2.7]:1"} {
				q := h.Clone()
				if claim != "" {
					q.Set("X-Forwarded-For", claim)
					q.Set("Forwarded", "for="+claim)
					q.Set("X-Real-Ip", claim)
				}
				if a := ask("GET", target, wikiHost, from, q); a.StatusCode != want || (want == 200) != (len(a.Header["Remote-User"]) == 1) || len(a.Header["Location"]) > 0 {
					t.Errorf("%s from %q, which says it is %q: %d %v", dialect, from, claim, a.StatusCode, a.Header)
				}
			}
		}
	}
}
