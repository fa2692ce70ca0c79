package grant

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

// dump is every byte of the database: file, WAL and whatever else lies beside it.
func dump(t *testing.T, d *db.DB) (all []byte) {
	t.Helper()
	names, err := filepath.Glob(d.Path() + "*")
	if err != nil || len(names) < 2 {
		t.Fatalf("%v: %v", names, err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// Who reads the database learns no token: none is in it in any spelling, and nothing in it is accepted as one, neither as
// it stands nor written as a token would be. The lookup is the one of findPresented: by hash.
func TestDumpHoldsNothingUsable_T5(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	known := map[[32]byte]bool{}
	var tokens []string
	for range 2 {
		token := start(t, d, alice)
		tokens = append(tokens, token)
		for i := range 5 {
			token = must(t, d, token, epoch.Add(time.Duration(i)*time.Minute))
			tokens = append(tokens, token)
		}
	}
	all := dump(t, d)

	for _, token := range tokens {
		parsed, _ := parseToken(token)
		known[[32]byte(parsed.hash())] = true
		if !bytes.Contains(all, parsed.hash()) {
			t.Fatal("the dump does not even hold the hash: this test tests nothing")
		}
		for what, spelling := range map[string][]byte{
			"text":   []byte(token),
			"raw":    parsed.bits[:],
			"hex":    []byte(hex.EncodeToString(parsed.bits[:])),
			"base64": []byte(base64.RawStdEncoding.EncodeToString(parsed.bits[:])),
			"inner":  parsed.bits[8:24], // half a token would be too much
		} {
			if bytes.Contains(all, spelling) {
				t.Fatalf("a refresh token lies in the database as %s", what)
			}
		}
	}

	accepted := func(s string) bool {
		tok, ok := parseToken(s)
		return ok && known[[32]byte(tok.hash())]
	}
	if !accepted(tokens[0]) {
		t.Fatal("this test's own lookup does not find a live token")
	}
	tried := 0
	for i := range all {
		for n := 16; n <= 64 && i+n <= len(all); n++ {
			window := all[i : i+n]
			if n == tokenLength { // parseToken refuses every other length before it looks
				tried++
				if accepted(string(window)) {
					t.Fatalf("bytes %d to %d of the dump are accepted", i, i+n)
				}
			}
			if n == tokenSize {
				tried++
				if known[sha256.Sum256([]byte(base64.RawURLEncoding.EncodeToString(window)))] {
					t.Fatalf("bytes %d to %d of the dump, written as a token, are accepted", i, i+n)
				}
			}
		}
	}
	// Not even with the oldest token: its successors are gone from the rows that live, so it is theft and nothing more.
	wantRefused(t, refresh(t, d, tokens[0], epoch.Add(time.Hour)), Reused, "token-reuse")
	t.Logf("%d strings out of %d bytes tried", tried, len(all))
}
