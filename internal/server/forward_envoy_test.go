package server_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// askEnvoy asks as the HTTP service of ext_authz does: method, Host and path are the request's own.
func askEnvoy(method string) question {
	return question{method, "/forward-auth/envoy/wiki?page=1", "localhost:9000", []string{"X-Forwarded-Proto: http", "X-Forwarded-For: 203.0.113.9"}}
}

// TestForwardAuthEnvoy: what comes in, and what goes out.
func TestForwardAuthEnvoy(t *testing.T) { testFullAnswers(t, askEnvoy) }

// TestForwardAuthEnvoyByHeaders: the bare prefix is asked as Traefik asks.
func TestForwardAuthEnvoyByHeaders(t *testing.T) {
	testFullAnswers(t, func(method string) question { return forwarded("envoy", method) })
	testForwardedMalformed(t, "envoy")
}

// TestForwardAuthEnvoyPaths: what is asked about is the path as it came, also one that a router would mend.
func TestForwardAuthEnvoyPaths(t *testing.T) {
	h, cookie := proxiedHouse(t)
	for _, path := range []string{"/", "/a/../b", "//a", "/a//b", "/./a", "/%2e%2e/a", "/a%2fb", "/a;b", "/forward-auth/envoy/x", "/.cloakroom/start", "/?a=/../b", "/forward-auth/envoy"} {
		q := question{"GET", "/forward-auth/envoy" + path, "localhost:9000", []string{"X-Forwarded-Proto: http", "Sec-Fetch-Mode: navigate"}}
		a := q.put(h)
		want := h.URL + "/signin?" + url.Values{"return_to": {"http://localhost:9000" + path}}.Encode()
		ambiguous := a.StatusCode == 403 && a.Header.Get("X-Cloakroom-Reason") == "ambiguous-path" && slices.Contains([]string{"/a/../b", "/./a", "/%2e%2e/a"}, path)
		if got := a.Header.Get("Location"); !ambiguous && (a.StatusCode != 302 || got != want) {
			t.Errorf("%s: %d to %q, want %q", path, a.StatusCode, got, want)
		}
		a = q.put(h, "Cookie: "+cookie)
		if a.StatusCode != 200 && a.Header.Get("X-Cloakroom-Reason") != "ambiguous-path" {
			t.Errorf("%s, signed in: %d", path, a.StatusCode)
		}
		wantIdentity(t, path, a)
	}
}

// TestForwardAuthEnvoy_FA01_Malformed: whatever is in doubt is no.
func TestForwardAuthEnvoy_FA01_Malformed(t *testing.T) {
	h, cookie := proxiedHouse(t)
	const path, host, proto = "/forward-auth/envoy/wiki", "localhost:9000", "X-Forwarded-Proto: http"
	for what, q := range map[string]question{
		"no scheme":                                   {"GET", path, host, nil},
		"two schemes":                                 {"GET", path, host, []string{proto, proto}},
		"a client's method beside the real one":       {"POST", path, host, []string{proto, "X-Forwarded-Method: GET"}},
		"a client's path beside the real one":         {"GET", path, host, []string{proto, "X-Forwarded-Uri: /public"}},
		"a client's host beside the real one":         {"GET", path, host, []string{proto, "X-Forwarded-Host: evil.test"}},
		"the same path twice":                         {"GET", path, host, []string{proto, "X-Forwarded-Uri: /wiki", "X-Forwarded-Uri: /wiki"}},
		"a host with a user":                          {"GET", path, "a@" + host, []string{proto}},
		"a backslash":                                 {"GET", path + "\\", host, []string{proto}},
		"the path is not below the prefix":            {"GET", "/forward-auth/envoyx", host, []string{proto}},
		"the prefix with headers, and another method": {"POST", "/forward-auth/envoy", host, forwarded("envoy", "GET").lines},
		"OPTIONS *":                                   {"OPTIONS", "/forward-auth/envoy*", host, []string{proto}},
	} {
		a := q.put(h, "Cookie: "+cookie)
		if a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
		wantIdentity(t, what, a)
	}
}

// TestForwardAuthEnvoyTakesOut: what our answer does not replace, Envoy would pass on as the client sent it (FA-03).
func TestForwardAuthEnvoyTakesOut(t *testing.T) {
	h, cookie := proxiedHouse(t)
	for cookies, want := range map[string]bool{cookie: true, "a=b; " + cookie: false} {
		a := askEnvoy("GET").put(h, "Cookie: "+cookies)
		out := strings.Split(a.Header.Get("X-Envoy-Auth-Headers-To-Remove"), ",")
		if !strings.HasPrefix(strings.Join(out, ","), "remote_user,remote_email,remote_name,remote_groups") || want != (out[len(out)-1] == "cookie") {
			t.Errorf("%q: take out %q", cookies, out)
		}
	}
}
