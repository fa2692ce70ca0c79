package server_test

import (
	"strings"
	"testing"
)

// FuzzForwardedParts_FA01: a request whose parts a proxy tells one by one is let through only if each part is one, and the host is that of an app;
// and without a session never.
func FuzzForwardedParts_FA01(f *testing.F) {
	h, cookie := proxiedHouse(f)
	for _, seed := range [][4]string{
		{"GET", "http", "localhost:9000", "/wiki?page=1"}, {"POST", "ws", "LOCALHOST:9000", "/a%2fb"}, {"GET", "https", "localhost:9000", "/"}, {"GET", "http", "localhost:9000@evil.test", "/"},
		{"GET", "http", "evil.test", "@localhost:9000/"}, {"GET", "http", "localhost:9000", "/\\evil"}, {"GET,POST", "http", "localhost:9000, evil", "//evil"}, {"GET", "http", "localhost:9000#", "/#"}, {"get", "http", "localhost.:9000", "/;/"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, method, proto, host, uri string) {
		if strings.ContainsAny(method+proto+host+uri, "\r\n\x00") {
			return // such a header never gets past the HTTP server
		}
		for _, dialect := range []string{"caddy", "traefik", "envoy"} {
			q := question{"GET", "/forward-auth/" + dialect, "", []string{"X-Forwarded-Method: " + method, "X-Forwarded-Proto: " + proto, "X-Forwarded-Host: " + host, "X-Forwarded-Uri: " + uri}}
			if a := q.put(h); a.StatusCode < 400 {
				t.Fatalf("%s without a session: %d", dialect, a.StatusCode)
			}
			a := q.put(h, "Cookie: "+cookie)
			wantIdentity(t, dialect, a)
			if a.StatusCode >= 400 {
				continue
			}
			name, port, _ := strings.Cut(strings.ToLower(host), ":")
			switch {
			case strings.TrimSuffix(name, ".") != "localhost" || port != "9000":
				t.Fatalf("%s lets through to the host %q", dialect, host)
			case proto != "http" && proto != "ws":
				t.Fatalf("%s lets through by %q", dialect, proto)
			case !strings.HasPrefix(uri, "/") || strings.ContainsAny(uri, "\\# "):
				t.Fatalf("%s lets through to %q", dialect, uri)
			case method == "" || strings.ContainsAny(method, " ,/"):
				t.Fatalf("%s lets through a %q", dialect, method)
			}
		}
	})
}
