package server_test

import (
	"net/http"
	"testing"
)

// TestNobodyPassesForWhatItCallsItself_FA07_CV41: health checks pass where a rule says so, and never because of a name or a path that sounds like one
// (CVE-2026-34457).
func TestNobodyPassesForWhatItCallsItself_FA07_CV41(t *testing.T) {
	h := town(t, ruled)
	stranger := walk(t, h)
	for _, agent := range []string{
		"kube-probe/1.33", "GoogleHC/1.0", "ELB-HealthChecker/2.0", "Amazon-Route53-Health-Check-Service (ref 1; report http://amzn.to/1vsZADi)", "Prometheus/3.1", "Consul Health Check",
		"HAProxy", "Varnish/healthcheck", "UptimeRobot/2.0", "Googlebot/2.1 (+http://www.google.com/bot.html)", "Let's Encrypt validation server", "Blackbox Exporter/0.26",
		"cloakroom", "curl/8.0", "", "Mozilla/5.0\tkube-probe",
	} {
		for _, path := range []string{"/", "/healthz", "/health", "/ping", "/ready", "/livez", "/status", "/metrics", "/robots.txt", "/favicon.ico", "/.well-known/acme-challenge/x", "/hook"} {
			for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
				a := stranger.do(method, "https://"+wikiHost+path, "", "User-Agent: "+agent)
				if a.StatusCode < 300 || a.Header.Get("Remote-User") != "" {
					t.Errorf("%s %s by %q: %s", method, path, agent, a.Status)
				}
			}
		}
		if a := stranger.do("POST", "https://"+wikiHost+"/hook", "", "User-Agent: "+agent); a.StatusCode != http.StatusOK {
			t.Errorf("%q at the public path: %s", agent, a.Status)
		}
	}
}

// TestWhoeverIsRefusedHearsWhatIsInDoubt: in the answer to the proxy, which hands it on.
func TestWhoeverIsRefusedHearsWhatIsInDoubt(t *testing.T) {
	h := town(t, ruled)
	stranger := walk(t, h)
	for path, want := range map[string]string{
		"/admin;x":    "The address can be read in more than one way: the path holds a semicolon.",
		"/x/../admin": "The address can be read in more than one way: the path holds a segment of dots.",
	} {
		a := stranger.do("GET", "https://"+wikiHost+path, "")
		if got := a.Header.Get("X-Cloakroom-Detail"); a.StatusCode != http.StatusForbidden || got != want {
			t.Errorf("%s: %s, %q, want %q", path, a.Status, got, want)
		}
	}
}
