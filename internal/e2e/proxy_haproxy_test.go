package e2e_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestProxyHAProxyLuaBreaks_FA01: HAProxy goes on with its rules where a Lua file breaks. Then nothing has said yes.
func TestProxyHAProxyLuaBreaks_FA01(t *testing.T) {
	for _, at := range []string{`txn:set_var("txn.cloakroom", "no")`, `-- All four, each once, or it is no yes.`} {
		g := newGateway(t, "haproxy")
		bin, lua := testenv.HAProxy(t), g.printed("haproxy", "--lua")
		if !strings.Contains(lua, at) {
			t.Fatalf("the Lua file has no line %s", at)
		}
		path := g.write("cloakroom.lua", strings.Replace(lua, at, `error("broken")`, 1))
		g.run(exec.Command(bin, "-db", "-f", g.write("haproxy.cfg", g.printed("haproxy", "--lua-file", path))))
		// Nobody can sign in through a gateway that never asks, so the question is answered for them.
		g.answer(200, "Remote-User", "anna", "Remote-Email", "", "Remote-Name", "", "Remote-Groups", "")
		for range 3 {
			if a := g.wire().ask("GET /", byBrowser); a.StatusCode != 503 || g.app.calls.Load() != 0 {
				t.Errorf("broken at %s: %d, and the app heard %d requests", at, a.StatusCode, g.app.calls.Load())
			}
		}
	}
}
