package interop

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/cloakroom/cloakroom/jwt"
)

// TestNodeClients runs clients.mjs: openid-client and jose find the house by its metadata, verify, refresh, introspect, revoke and follow, as a public client and
// as one with a secret, for each algorithm whose keys are published.
func TestNodeClients(t *testing.T) {
	node := testenv.Node(t)
	if _, err := os.Stat("node_modules/openid-client"); err != nil {
		testenv.Skip(t, "no openid-client and jose; (cd interop && npm ci)")
	}
	for _, alg := range []jwt.Algorithm{"ES256", "EdDSA", "RS256"} {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			h := servertest.Start(t, func(c *app.Config) { c.TokenAlg = alg })
			h.Client().SignUp(anna)
			type line struct {
				ID      string `json:"id"`
				Secret  string `json:"secret,omitempty"`
				Access  string `json:"access"`
				Refresh string `json:"refresh"`
			}
			var programs []line
			for _, p := range []program{signIn(t, h, ""), signIn(t, h, "billing.2-x_y")} {
				programs = append(programs, line{p.id, p.secret, p.access, p.refresh})
			}
			text, err := json.Marshal(programs)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), node, "clients.mjs")
			cmd.Env = append(os.Environ(), "ISSUER="+h.URL, "ALG="+string(alg), "PROGRAMS="+string(text))
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "2 programs") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
