package grant

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
	"github.com/cloakroom/cloakroom/jwt"
)

// Several processes find the same step due in the same moment: one takes it, the others find nothing to do.
func TestOneProcessTakesAStep(t *testing.T) {
	_, secret := readVectors(t)
	first := dbtest.Open(t, Migrations)
	processes := []*db.DB{first, dbtest.Again(t, first, Migrations), dbtest.Again(t, first, Migrations)}
	for _, at := range []time.Duration{0, 29 * day, 30 * day, 31*day + 1, 61*day + 1} {
		taken := make([][]Step, len(processes))
		var wg sync.WaitGroup
		for i, d := range processes {
			wg.Go(func() {
				k, err := OpenKeys(t.Context(), d.View(), secret)
				if err != nil {
					t.Error(err)
					return
				}
				made, _, err := k.Make(Schedule{}.Due, epoch.Add(at))
				if err != nil {
					t.Error(err)
				}
				err = d.Update(t.Context(), func(tx *db.Conn) error {
					taken[i], err = k.Carry(t.Context(), tx, Schedule{}.Due, epoch.Add(at), made...)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		n := 0
		for _, steps := range taken {
			if len(steps) > 0 {
				n++
			}
		}
		if n != 1 {
			t.Errorf("after %v, %d processes found something to do: %v", at, n, taken)
		}
		if n := count(t, first, "SELECT count(*) FROM signing_keys WHERE state = 'active'"); n != 2 {
			t.Errorf("after %v, %d keys sign", at, n)
		}
	}
}

// Of a key that verifies no more nothing is left to sign with, whoever steals the database and the secret file later.
func TestDroppedKeyIsDeleted_T5(t *testing.T) {
	_, secret := readVectors(t)
	d := dbtest.Open(t, Migrations)
	k := open(t, d, secret, jwt.ES256, epoch)
	old := k.Signer()
	carry(t, d, k, Schedule{}.Retire(old.ID()), epoch.Add(time.Hour))
	if n := count(t, d, "SELECT count(*) FROM signing_keys WHERE kid = '"+old.ID()+"' AND length(wrapped) = 0"); n != 1 {
		t.Error("the key is still there")
	}
	again, err := OpenKeys(t.Context(), d.View(), secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, keys := range []*Keys{k, again} {
		if _, err := keys.key(old.ID(), epoch.Add(time.Hour)); !errors.Is(err, jwt.ErrUnknownKey) {
			t.Errorf("a dropped key verifies: %v", err)
		}
		if _, err := keys.PublicSet().Key(old.ID()); err == nil {
			t.Error("a dropped key is published")
		}
		if list := keysFor(keys, TokenKey); len(list) != 2 || list[0].State != KeyDropped || !list[0].VerifyUntil.Equal(epoch.Add(time.Hour)) || list[0].Public != nil {
			t.Errorf("listed as %+v", list)
		}
	}
}

// A server that starts with another algorithm publishes a key of it, and signs with the one before until verifiers know it.
func TestAnotherAlgorithmIsPublishedFirst(t *testing.T) {
	_, secret := readVectors(t)
	d := dbtest.Open(t, Migrations)
	now := time.Now()
	first := open(t, d, secret, jwt.ES256, now.Add(-time.Hour))
	second := open(t, d, secret, jwt.EdDSA, now)
	if second.Signer().ID() != first.Signer().ID() {
		t.Fatalf("signs with %v before anybody knows it", second.Signer())
	}
	if got := second.Algorithms(); len(got) != 2 || len(second.PublicSet().Keys()) != 3 {
		t.Errorf("%v verify", got)
	}
	carry(t, d, second, Schedule{}.Due, now.Add(time.Hour))
	if second.Signer().Algorithm() != jwt.EdDSA {
		t.Errorf("signs with %v", second.Signer())
	}
	if err := first.Reload(t.Context(), d.View()); err != nil || first.Signer().ID() != second.Signer().ID() {
		t.Errorf("the other process does not follow: %v", err)
	}
	if _, err := second.Key(keysFor(second, TokenKey)[0].ID); err != nil {
		t.Errorf("the key before does not verify: %v", err)
	}
}

// What is given to a service that verifies HS256 is the secrets that verify now, as a set that package jwt reads, and nothing of other keys.
func TestSecretsAreOfHS256Alone_TK20(t *testing.T) {
	_, secret := readVectors(t)
	d := dbtest.Open(t, Migrations)
	k := open(t, d, secret, jwt.HS256, epoch)
	first := k.Signer()
	carry(t, d, k, Schedule{}.Publish(TokenKey, ""), epoch.Add(time.Second))
	next := keysFor(k, TokenKey)[1].ID
	for _, tt := range []struct {
		what string
		plan Plan
		at   time.Duration
		want []string
	}{
		{"the next one too, before it signs", nil, 0, []string{first.ID(), next}},
		{"and the old one until its last token has expired", Schedule{}.Rotate(TokenKey, true), time.Hour, []string{first.ID(), next}},
		{"not longer", nil, time.Hour + MaxTokenLifetime + 1, []string{next}},
		{"not one that was retired at once", Schedule{}.Retire(first.ID()), time.Hour, []string{next}},
		{"none of another kind", another(jwt.ES256), 2 * time.Hour, []string{next}},
		{"none at all", nil, 3*time.Hour + MaxTokenLifetime, nil},
	} {
		if tt.plan != nil {
			carry(t, d, k, tt.plan, epoch.Add(tt.at))
		}
		kids, text, err := k.secrets(epoch.Add(tt.at))
		if err != nil || strings.Join(kids, " ") != strings.Join(tt.want, " ") {
			t.Errorf("%s: %v, %v", tt.what, kids, err)
		}
		if strings.Contains(string(text), `"d":`) {
			t.Errorf("%s: a private key is given away", tt.what)
		}
		set, err := jwt.ParseKeySet(text)
		if err != nil || len(set.Keys()) != len(tt.want) {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
}

// A database that breaks at any moment leaves the keys as they were: they sign and verify on.
func TestScheduleOnABrokenDatabase(t *testing.T) {
	_, secret := readVectors(t)
	d, faults := dbtest.OpenFaulty(t, Migrations)
	k := open(t, d, secret, jwt.ES256, epoch)
	signer, before := k.Signer(), len(k.List())
	at := epoch.Add(29 * day)
	for n := 1; ; n++ {
		ops := 0
		faults.Set(func(db.Op) error {
			if ops++; ops == n {
				return errors.New("disk gone")
			}
			return nil
		})
		err := d.Update(t.Context(), func(tx *db.Conn) error {
			_, err := k.Carry(context.WithoutCancel(t.Context()), tx, Schedule{}.Due, at)
			return err
		})
		if err == nil {
			err = k.Reload(t.Context(), d.View())
		}
		faults.Set(nil)
		if ops < n {
			break
		}
		if err == nil {
			t.Fatalf("operation %d failed and nobody was told", n)
		}
		if k.Signer() != signer || len(k.List()) != before {
			t.Fatalf("operation %d: the keys in memory changed", n)
		}
		if _, err := k.key(signer.ID(), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Reload(t.Context(), d.View()); err != nil || len(k.List()) != before+2 {
		t.Errorf("%d keys, %v", len(k.List()), err)
	}
}

// A database from before keys had a purpose: its keys are for tokens, and sign and verify on.
func TestMigrationKeepsTheKeys(t *testing.T) {
	_, secret := readVectors(t)
	text, err := Migrations.ReadFile("migrations/2026112330_grant.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "old.db")
	old, err := db.Open(t.Context(), path, fstest.MapFS{"migrations/2026112330_grant.sql": {Data: text}})
	if err != nil {
		t.Fatal(err)
	}
	kids := map[KeyState]string{}
	until := epoch.Add(day)
	for _, state := range []KeyState{KeyRetired, KeyActive} {
		key, err := generateKey(jwt.EdDSA)
		if err != nil {
			t.Fatal(err)
		}
		jwk, err := key.PrivateJWK()
		if err != nil {
			t.Fatal(err)
		}
		kids[state] = key.ID()
		if state == KeyActive {
			until = time.Unix(0, 0)
		}
		_, err = old.Writer().ExecContext(t.Context(), `INSERT INTO signing_keys (kid, alg, state, wrapped, created, not_before, retired, verify_until)
			VALUES ($1, 'EdDSA', $2, $3, $4, $4, $5, $6)`, key.ID(), string(state), wrapKey(secret, key.ID(), jwk), epoch.UnixNano(), 0, until.UnixNano())
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), path, Migrations)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	k := open(t, d, secret, jwt.EdDSA, epoch.Add(time.Hour))
	if k.Signer().ID() != kids[KeyActive] || len(keysFor(k, TokenKey)) != 2 || k.FeedSigner() == nil {
		t.Errorf("listed as %+v", k.List())
	}
	if _, err := k.key(kids[KeyRetired], epoch.Add(day)); err != nil {
		t.Errorf("the old key: %v", err)
	}
}
