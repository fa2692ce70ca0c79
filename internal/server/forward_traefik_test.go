package server_test

import "testing"

// TestForwardAuthTraefik: what comes in, and what goes out.
func TestForwardAuthTraefik(t *testing.T) {
	testFullAnswers(t, func(method string) question { return forwarded("traefik", method) })
}

func TestForwardAuthTraefik_FA01_Malformed(t *testing.T) { testForwardedMalformed(t, "traefik") }
