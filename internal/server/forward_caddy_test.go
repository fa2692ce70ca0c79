package server_test

import "testing"

// TestForwardAuthCaddy: what comes in, and what goes out.
func TestForwardAuthCaddy(t *testing.T) {
	testFullAnswers(t, func(method string) question { return forwarded("caddy", method) })
}

func TestForwardAuthCaddy_FA01_Malformed(t *testing.T) { testForwardedMalformed(t, "caddy") }

// TestForwardAuthCaddySaysNoCookie: what is missing in an answer, Caddy 2.6 would make up.
func TestForwardAuthCaddySaysNoCookie(t *testing.T) {
	h, cookie := proxiedHouse(t)
	if a := forwarded("caddy", "GET").put(h, "Cookie: "+cookie); len(a.Header["Cookie"]) != 1 || a.Header["Cookie"][0] != "" {
		t.Errorf("%q", a.Header["Cookie"])
	}
}
