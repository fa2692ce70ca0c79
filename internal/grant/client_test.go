package grant

import (
	"bytes"
	"testing"

	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

// TestClientMatches_CV67: only the right name is right, and none at all is right only for the client without a secret.
func TestClientMatches_CV67(t *testing.T) {
	tests := []struct {
		owner, sent string
		want        bool
	}{
		{"cloakroom", "cloakroom", true},
		{"cloakroom", "", true},
		{"billing", "billing", true},
		{"billing", "", false},
		{"billing", "cloakroom", false},
		{"billing", "Billing", false},
		{"billing", "billing2", false},
		{"billing2", "billing", false},
		{"cloakroom", "billing", false},
		{"cloakroom", "Cloakroom", false},
		{"", "", false},
		{"", "cloakroom", false},
	}
	for _, tt := range tests {
		if got := ClientMatches(tt.owner, tt.sent); got != tt.want {
			t.Errorf("a token of %q, asked for by %q: %v", tt.owner, tt.sent, got)
		}
		if got := (Family{ClientID: tt.owner}).OwnedBy(tt.sent); got != tt.want {
			t.Errorf("a family of %q, asked for by %q: %v", tt.owner, tt.sent, got)
		}
	}
}

// TestDumpHoldsNoClientSecret_T5: whoever reads the database is no client.
func TestDumpHoldsNoClientSecret_T5(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	secret := mustToken(t, addClient(t, d, "billing"))
	all := dump(t, d)
	if !bytes.Contains(all, secret.hash()) {
		t.Fatal("the dump does not even hold the hash: this test tests nothing")
	}
	for what, spelling := range map[string][]byte{"text": []byte(secret.String()), "raw": secret.bits[:], "half": secret.bits[8:24]} {
		if bytes.Contains(all, spelling) {
			t.Errorf("the secret lies in the database as %s", what)
		}
	}
}
