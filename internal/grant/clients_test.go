package grant

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

var clients = NewClients()

// addClient registers a client and returns its secret.
func addClient(t testing.TB, d *db.DB, id string) string {
	t.Helper()
	var secret string
	update(t, d, func(tx *db.Conn) (err error) {
		_, secret, err = clients.Add(t.Context(), tx, id, "")
		return err
	})
	return secret
}

func TestClientsAreAddedListedAndRemoved(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	var made, named Client
	update(t, d, func(tx *db.Conn) (err error) {
		if named, _, err = clients.add(t.Context(), tx, "billing", "Billing, 2nd floor", epoch.Add(time.Second)); err != nil {
			return err
		}
		made, _, err = clients.add(t.Context(), tx, "", "", epoch)
		return err
	})
	if named != (Client{"billing", "Billing, 2nd floor", epoch.Add(time.Second).UTC()}) {
		t.Errorf("added %+v", named)
	}
	if !ValidClientID(made.ID) || made.Label != made.ID || len(made.ID) < 15 {
		t.Errorf("made %+v", made)
	}
	all, err := clients.List(t.Context(), d.View())
	if err != nil || len(all) != 2 || all[0] != made || all[1] != named {
		t.Errorf("listed %+v, %v", all, err)
	}
	if got, err := clients.Find(t.Context(), d.View(), "billing"); err != nil || got != named {
		t.Errorf("found %+v, %v", got, err)
	}

	refused := func(what string, want error, do func(tx *db.Conn) error) {
		t.Helper()
		if err := d.Update(t.Context(), do); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
	}
	refused("the same id again", ErrClientTaken, func(tx *db.Conn) error {
		_, _, err := clients.Add(t.Context(), tx, "billing", "another")
		return err
	})
	update(t, d, func(tx *db.Conn) error { return clients.Remove(t.Context(), tx, "billing") })
	refused("removed twice", ErrNoClient, func(tx *db.Conn) error { return clients.Remove(t.Context(), tx, "billing") })
	if _, err := clients.Find(t.Context(), d.View(), "billing"); !errors.Is(err, ErrNoClient) {
		t.Errorf("removed and found: %v", err)
	}
	for what, do := range map[string]func(*db.Conn) error{
		"add":    func(tx *db.Conn) error { _, _, err := clients.Add(t.Context(), tx, "x", ""); return err },
		"remove": func(tx *db.Conn) error { return clients.Remove(t.Context(), tx, "x") },
	} {
		if err := do(d.View()); !errors.Is(err, ErrNoTransaction) {
			t.Errorf("%s outside of a transaction: %v", what, err)
		}
	}
}

// Neither a name of which a log, a header or a person could take one part for another, nor that of the client without a secret.
func TestClientIDsAndLabels(t *testing.T) {
	ids := map[string]bool{
		"a": true, "A.b_c-9": true, strings.Repeat("a", 64): true, ".": true, "Cloakroom": true, "cloakroom2": true,
		"": false, strings.Repeat("a", 65): false, "cloakroom": false, "a b": false, "a:b": false, "a%62": false, "a+b": false,
		"a/b": false, "ä": false, "a\n": false, "a\x00": false, `a"`: false, "a\xff": false, "\u200b": false,
	}
	for id, want := range ids {
		if got := ValidClientID(id); got != want {
			t.Errorf("ValidClientID(%q) = %v", id, got)
		}
	}
	d := dbtest.Open(t, Migrations)
	labels := map[string]error{
		"Büro 3": nil, strings.Repeat("n", 100): nil,
		strings.Repeat("n", 101): ErrClientLabel, " a": ErrClientLabel, "a\x1b[2J": ErrClientLabel, "a\u202eb": ErrClientLabel, "\xff": ErrClientLabel,
	}
	for label, want := range labels {
		err := d.Update(t.Context(), func(tx *db.Conn) error {
			_, _, err := clients.Add(t.Context(), tx, "", label)
			return err
		})
		if !errors.Is(err, want) {
			t.Errorf("label %q: got %v, want %v", label, err, want)
		}
	}
	err := d.Update(t.Context(), func(tx *db.Conn) error {
		_, _, err := clients.Add(t.Context(), tx, "cloakroom", "")
		return err
	})
	if !errors.Is(err, ErrClientID) {
		t.Errorf("the built-in client can be given a secret: %v", err)
	}
}

// TestClientSecret_TK08: one secret is one string (CVE-2026-27840), and it opens one client.
func TestClientSecret_TK08(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	secret, other := addClient(t, d, "billing"), addClient(t, d, "other")
	if len(secret) != 43 || secret == other {
		t.Fatalf("secrets %q and %q", secret, other)
	}
	last := strings.IndexByte(base64url, secret[42])
	sibling := secret[:42] + string(base64url[last^1]) // decodes to the same 32 bytes where bits are thrown away
	tests := []struct{ what, id, secret string }{
		{"another client's", "billing", other},
		{"cut", "billing", secret[:42]},
		{"longer", "billing", secret + "A"},
		{"padded", "billing", secret + "="},
		{"with a space", "billing", " " + secret},
		{"with a line end", "billing", secret + "\n"},
		{"other unused bits", "billing", sibling},
		{"none", "billing", ""},
		{"its hash", "billing", string(mustToken(t, secret).hash())},
		{"an unknown client", "billing2", secret},
		{"an unknown client, a secret of zeros", "billing2", strings.Repeat("A", 43)},
		{"other capitals", "Billing", secret},
		{"no id", "", secret},
		{"the client without a secret", BuiltinClient, secret},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			c, err := clients.Authenticate(t.Context(), d.View(), tt.id, tt.secret)
			if !errors.Is(err, ErrClientSecret) || c != (Client{}) {
				t.Errorf("got %+v, %v", c, err)
			}
		})
	}
	if c, err := clients.Authenticate(t.Context(), d.View(), "billing", secret); err != nil || c.ID != "billing" {
		t.Errorf("its own: %+v, %v", c, err)
	}
	update(t, d, func(tx *db.Conn) error { return clients.Remove(t.Context(), tx, "billing") })
	if _, err := clients.Authenticate(t.Context(), d.View(), "billing", secret); !errors.Is(err, ErrClientSecret) {
		t.Errorf("removed: %v", err)
	}
	// The next of that name has another secret.
	addClient(t, d, "billing")
	if _, err := clients.Authenticate(t.Context(), d.View(), "billing", secret); !errors.Is(err, ErrClientSecret) {
		t.Errorf("the secret of the one before: %v", err)
	}
}

// A store that does not answer is no wrong secret.
func TestClientsOfABrokenStore(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	secret := addClient(t, d, "billing")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, id := range []string{"billing", "unknown"} {
		if c, err := clients.Authenticate(ctx, d.View(), id, secret); err == nil || errors.Is(err, ErrClientSecret) || c != (Client{}) {
			t.Errorf("%s: %+v, %v", id, c, err)
		}
	}
	// What cannot be a name or a secret is refused before the store is asked.
	for id, secret := range map[string]string{"bil ling": secret, strings.Repeat("a", 65): secret, "billing": secret[:42], BuiltinClient: secret} {
		if _, err := clients.Authenticate(ctx, d.View(), id, secret); !errors.Is(err, ErrClientSecret) {
			t.Errorf("%.10q: %v", id, err)
		}
	}
	if _, err := clients.Find(ctx, d.View(), "billing"); err == nil || errors.Is(err, ErrNoClient) {
		t.Errorf("find: %v", err)
	}
	if _, err := clients.List(ctx, d.View()); err == nil {
		t.Error("listed")
	}
	if _, err := families.SessionsOfClient(ctx, d.View(), "billing"); err == nil {
		t.Error("sessions listed")
	}
}

func TestSessionsOfAClient(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	for handle, client := range map[string]string{"s2": "billing", "s1": "billing", "s3": "", "s4": "Billing", "s5": "billing"} {
		f := alice
		f.SessionHandle, f.ClientID = handle, client
		start(t, d, f)
	}
	update(t, d, func(tx *db.Conn) error {
		_, err := families.EndSession(t.Context(), tx, "s5", "signed-out")
		return err
	})
	got, err := families.SessionsOfClient(t.Context(), d.View(), "billing")
	if err != nil || strings.Join(got, " ") != "s1 s2" {
		t.Errorf("got %q, %v", got, err)
	}
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func mustToken(t testing.TB, s string) token {
	t.Helper()
	tok, ok := parseToken(s)
	if !ok {
		t.Fatalf("%q is no token", s)
	}
	return tok
}
