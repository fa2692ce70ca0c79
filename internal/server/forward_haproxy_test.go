package server_test

import "testing"

func askHAProxy(method string) question {
	return question{"GET", "/forward-auth/haproxy", "", []string{"X-Original-URL: " + proxied, "X-Original-Method: " + method, "X-Forwarded-For: 203.0.113.9"}}
}

// TestForwardAuthHAProxy: what comes in, and what goes out.
func TestForwardAuthHAProxy(t *testing.T) { testFullAnswers(t, askHAProxy) }

func TestForwardAuthHAProxy_FA01_Malformed(t *testing.T) {
	h, cookie := proxiedHouse(t)
	url, get := "X-Original-URL: "+proxied, "X-Original-Method: GET"
	for what, lines := range map[string][]string{
		"two URLs": {url, url, get}, "two methods": {url, get, get}, "a list of methods": {url, "X-Original-Method: GET, POST"},
		"a path": {"X-Original-URL: /wiki", get}, "a backslash": {"X-Original-URL: http://localhost:9000/\\", get}, "two hosts": {"X-Original-URL: http://localhost,evil.test/", get},
	} {
		a := question{"GET", "/forward-auth/haproxy", "", lines}.put(h, "Cookie: "+cookie, "Sec-Fetch-Mode: navigate")
		if a.StatusCode != 400 || a.Header.Get("X-Cloakroom-Reason") != "malformed-request" {
			t.Errorf("%s: %d %q", what, a.StatusCode, a.Header.Get("X-Cloakroom-Reason"))
		}
		wantIdentity(t, what, a)
	}
}
