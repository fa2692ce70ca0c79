package server_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

func ops(h *servertest.House, method, path string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.Server.Ops().ServeHTTP(rec, httptest.NewRequest(method, path, nil))
	return rec
}

func TestOps(t *testing.T) {
	h := servertest.Start(t, nil)
	for path, body := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if a := ops(h, "GET", path); a.Code != 200 || a.Body.String() != body || a.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q", path, a.Code, a.Body)
		}
		if a := ops(h, "POST", path); a.Code != 405 {
			t.Errorf("POST %s: %d", path, a.Code)
		}
		want(t, h.Client().Get(path), 404, "") // not where the world can reach it
	}
	want(t, h.Client().Get("/metrics"), 404, "")
	if a := ops(h, "GET", "/nothing"); a.Code != 404 {
		t.Errorf("%d", a.Code)
	}
	h.Stop()
	if a := ops(h, "GET", "/readyz"); a.Code != 503 {
		t.Errorf("readyz of a house that is closed: %d", a.Code)
	}
	if a := ops(h, "GET", "/healthz"); a.Code != 200 {
		t.Errorf("healthz asks no database: %d", a.Code)
	}
}

// TestMetricsHoldNobody: they can be read by the tools, count, and name no person, address or secret.
func TestMetricsHoldNobody(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	tok := program(t, h, anna)
	c.Get("/account?x=anna")
	c.Get("/nothing/anna")
	h.Client().JSON("/api/signin", map[string]string{"email": anna, "password": "not the right password"})
	a := ops(h, "GET", "/metrics")
	text := a.Body.String()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	count := func(name, class string) (n float64) {
		for _, m := range families[name].GetMetric() {
			if len(m.GetLabel()) == 0 || m.GetLabel()[0].GetValue() == class {
				n += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
		return n
	}
	if ok, no := count("cloakroom_requests_total", "2xx"), count("cloakroom_requests_total", "4xx"); ok != 3 || no != 2 {
		t.Errorf("counted %v answered and %v refused, want 3 and 2", ok, no)
	}
	if n := count("cloakroom_password_hashes_total", ""); n != 3 {
		t.Errorf("counted %v hashes, want 3", n)
	}
	if n := count("cloakroom_sessions_cached", ""); n < 1 {
		t.Errorf("%v sessions in memory", n)
	}
	for _, secret := range []string{"anna", "example.org", servertest.Password, c.Cookie(sessionCookie), tok.Access, tok.Refresh, handleOf(t, c), "/account", "127.0.0.1"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the metrics", secret)
		}
	}
	for name := range families {
		if !regexp.MustCompile(`^(cloakroom|go|process)_`).MatchString(name) {
			t.Errorf("a metric of a strange name: %s", name)
		}
	}
}
