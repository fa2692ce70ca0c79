package grant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
	"github.com/cloakroom/cloakroom/jwt"
)

// open is what a server does that starts.
func open(t testing.TB, d *db.DB, secret []byte, alg jwt.Algorithm, now time.Time) *Keys {
	t.Helper()
	k, err := OpenKeys(t.Context(), d.View(), secret)
	if err != nil {
		t.Fatal(err)
	}
	carry(t, d, k, Schedule{Algorithm: alg}.Due, now)
	return k
}

// carry carries a plan out and loads what it has changed.
func carry(t testing.TB, d *db.DB, k *Keys, plan Plan, now time.Time) (steps []Step) {
	t.Helper()
	made, _, err := k.Make(plan, now)
	if err != nil {
		t.Fatal(err)
	}
	update(t, d, func(tx *db.Conn) (err error) {
		steps, err = k.Carry(t.Context(), tx, plan, now, made...)
		return err
	})
	if err := k.Reload(t.Context(), d.View()); err != nil {
		t.Fatal(err)
	}
	return steps
}

// another is a new key that signs at once, of algorithm alg, or of that of the one before if it is empty.
func another(alg jwt.Algorithm) Plan {
	return func(keys []KeyInfo, now time.Time) ([]Step, error) {
		steps, err := Schedule{}.Rotate(TokenKey, true)(keys, now)
		if alg != "" {
			steps[0].Algorithm = alg
		}
		return steps, err
	}
}

// keysFor lists the keys of a purpose, oldest first.
func keysFor(k *Keys, purpose Purpose) (list []KeyInfo) {
	for _, i := range k.List() {
		if i.Purpose == purpose {
			list = append(list, i)
		}
	}
	return list
}

func claims() jwt.Claims {
	return jwt.Claims{Issuer: "https://login.example", Subject: "alice", Audience: jwt.Audience{"https://login.example"}, Expires: jwt.At(time.Now().Add(10 * time.Minute))}
}

func verify(t testing.TB, k *Keys, token string) error {
	t.Helper()
	v, err := jwt.NewVerifier("https://login.example", "https://login.example", k, jwt.Algorithms(), &jwt.VerifierOptions{Type: "at+jwt"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(token)
	return err
}

func TestKeysOfEveryAlgorithmSurviveARestart(t *testing.T) {
	for _, alg := range jwt.Algorithms() {
		t.Run(string(alg), func(t *testing.T) {
			_, secret := readVectors(t)
			d := dbtest.Open(t, Migrations)
			k := open(t, d, secret, alg, epoch)
			token, err := jwt.Sign(k.Signer(), "at+jwt", claims())
			if err != nil {
				t.Fatal(err)
			}
			again := open(t, dbtest.Again(t, d, Migrations), secret, alg, epoch)
			if !again.Signer().Equal(k.Signer()) || !again.FeedSigner().Equal(k.FeedSigner()) || len(again.List()) != 2 {
				t.Errorf("another key after a restart: %v", again.List())
			}
			if err := verify(t, again, token); err != nil {
				t.Errorf("a token from before the restart: %v", err)
			}
			if _, err := again.Key(k.Signer().ID() + "x"); !errors.Is(err, jwt.ErrUnknownKey) {
				t.Errorf("a kid that nobody made: %v", err)
			}
			if i := keysFor(again, TokenKey)[0]; i.ID != k.Signer().Thumbprint() || i.State != KeyActive || !i.Created.Equal(epoch) || i.Algorithm != alg {
				t.Errorf("listed as %+v", i)
			}
		})
	}
}

// Nothing private is published, and of HS256 nothing at all (TK-20).
func TestPublicSetHasNothingPrivate_TK_20(t *testing.T) {
	_, secret := readVectors(t)
	d := dbtest.Open(t, Migrations)
	k := open(t, d, secret, jwt.HS256, epoch)
	for _, alg := range []jwt.Algorithm{jwt.ES256, jwt.EdDSA, jwt.HS256} {
		carry(t, d, k, another(alg), epoch.Add(time.Minute))
	}
	text, err := k.publicSet(epoch.Add(time.Hour)).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(text, &set); err != nil || len(set.Keys) != 3 {
		t.Fatalf("%d keys, want ES256, EdDSA and the feed's: %v: %s", len(set.Keys), err, text)
	}
	for _, key := range set.Keys {
		for _, member := range []string{"d", "p", "q", "dp", "dq", "qi", "k", "oth"} {
			if _, there := key[member]; there {
				t.Errorf("%q is published", member)
			}
		}
		if key["use"] != "sig" || key["kid"] == nil || key["alg"] == nil {
			t.Errorf("TK-21: %v", key)
		}
	}
	for _, i := range k.List() {
		if (i.Public == nil) != (i.Algorithm == jwt.HS256) {
			t.Errorf("%s has public half %v", i.Algorithm, i.Public)
		}
		if i.Public != nil && i.Public.CanSign() {
			t.Errorf("%s: the listed key can sign", i.Algorithm)
		}
	}
	for _, l := range k.current.Load().keys {
		if l.info.Algorithm != jwt.HS256 && l.verify.CanSign() {
			t.Error("Key gives out a key that can sign")
		}
	}
}

func TestKeySignsFromTheNextLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, secret := readVectors(t)
		d, err := db.Open(t.Context(), t.TempDir()+"/test.db", Migrations)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		k := open(t, d, secret, jwt.ES256, time.Now())
		old := k.Signer()
		token, _ := jwt.Sign(old, "at+jwt", claims())

		time.Sleep(time.Hour) // of the bubble
		var steps []Step
		update(t, d, func(tx *db.Conn) (err error) {
			steps, err = k.Carry(t.Context(), tx, another(""), time.Now())
			return err
		})
		if k.Signer() != old || steps[0].Algorithm != jwt.ES256 {
			t.Fatal("Carry changed the signer before its transaction is known to be committed")
		}
		if err := k.Reload(t.Context(), d.View()); err != nil {
			t.Fatal(err)
		}
		if k.Signer().ID() != steps[0].Key || steps[0].Key == old.ID() {
			t.Fatalf("signer is %s, want %s", k.Signer().ID(), steps[0].Key)
		}
		if err := verify(t, k, token); jwt.Reason(err) != "expired" { // the signature is good
			t.Errorf("a token of the key before: %v", err)
		}
		if got := len(k.PublicSet().Keys()); got != 3 {
			t.Errorf("%d keys are published, want both and the feed's", got)
		}
		time.Sleep(MaxTokenLifetime)
		if _, err := k.Key(old.ID()); err != nil {
			t.Errorf("the old key at its limit: %v", err)
		}
		time.Sleep(time.Nanosecond)
		if _, err := k.Key(old.ID()); !errors.Is(err, jwt.ErrUnknownKey) {
			t.Errorf("the old key past its limit: %v", err)
		}
		if got := len(k.PublicSet().Keys()); got != 2 {
			t.Errorf("%d keys are published, want the new one and the feed's", got)
		}
		list := keysFor(k, TokenKey)
		if len(list) != 2 || list[0].State != KeyRetired || list[0].VerifyUntil.Sub(list[0].Retired) != MaxTokenLifetime || list[1].State != KeyActive {
			t.Errorf("listed as %+v", list)
		}
	})
}

// A feed key signs the feed and nothing else: no token that it signed is accepted here, and it is made of ES256 whatever signs tokens.
func TestFeedKeyIsNoTokenKey(t *testing.T) {
	_, secret := readVectors(t)
	for _, alg := range []jwt.Algorithm{jwt.HS256, jwt.ES256, jwt.EdDSA} {
		d := dbtest.Open(t, Migrations)
		k := open(t, d, secret, alg, epoch)
		feed := k.FeedSigner()
		if feed.Algorithm() != jwt.ES256 || feed.ID() == k.Signer().ID() {
			t.Fatalf("%s: the feed is signed by %v", alg, feed)
		}
		if _, err := k.PublicSet().Key(feed.ID()); err != nil {
			t.Errorf("%s: the feed key is not published: %v", alg, err)
		}
		if _, err := k.Key(feed.ID()); !errors.Is(err, jwt.ErrUnknownKey) {
			t.Errorf("%s: Key gives out the feed key: %v", alg, err)
		}
		if got := k.Algorithms(); len(got) != 1 || got[0] != alg {
			t.Errorf("%s: tokens are of %v", alg, got)
		}
		forged, err := jwt.Sign(feed, "at+jwt", claims())
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(t, k, forged); !errors.Is(err, jwt.ErrUnknownKey) {
			t.Errorf("%s: a token signed by the feed key: %v", alg, err)
		}
		if again := open(t, d, secret, alg, epoch.Add(time.Hour)); again.FeedSigner().ID() != feed.ID() {
			t.Errorf("%s: another feed key at the second start", alg)
		}
	}
}

// A database from before there were feed keys keeps its token key, and gets a feed key.
func TestFeedKeyIsMadeForAnOldDatabase(t *testing.T) {
	_, secret := readVectors(t)
	d := dbtest.Open(t, Migrations)
	k := open(t, d, secret, jwt.ES256, epoch)
	update(t, d, func(tx *db.Conn) error {
		_, err := tx.Exec(t.Context(), "DELETE FROM signing_keys WHERE purpose = 'feed'")
		return err
	})
	looking, err := OpenKeys(t.Context(), d.View(), secret)
	if err != nil || looking.FeedSigner() != nil || looking.Signer() == nil {
		t.Errorf("who only looks: %v, %v", err, looking.FeedSigner())
	}
	again := open(t, d, secret, jwt.ES256, epoch)
	if again.FeedSigner() == nil || again.Signer().ID() != k.Signer().ID() {
		t.Errorf("listed as %+v", again.List())
	}
}

func TestOpenKeysMakesNothing(t *testing.T) {
	_, secret := readVectors(t)
	d := dbtest.Open(t, Migrations)
	k, err := OpenKeys(t.Context(), d.View(), secret)
	if err != nil || k.Signer() != nil || len(k.List()) != 0 || len(k.PublicSet().Keys()) != 0 {
		t.Fatalf("%v, %v", err, k)
	}
	if _, err := k.Carry(t.Context(), d.View(), Schedule{}.Due, epoch); !errors.Is(err, ErrNoTransaction) {
		t.Errorf("Carry outside of a transaction: %v", err)
	}
	for _, alg := range []jwt.Algorithm{"none", "es256", "ES256K"} {
		plan := Schedule{Algorithm: alg}.Due
		if _, _, err := k.Make(plan, epoch); err == nil {
			t.Errorf("%s: made", alg)
		}
		err := d.Update(t.Context(), func(tx *db.Conn) error {
			_, err := k.Carry(t.Context(), tx, plan, epoch)
			return err
		})
		if err == nil {
			t.Errorf("%s: carried out", alg)
		}
	}
	for _, n := range []int{0, 31, 33} {
		if _, err := OpenKeys(t.Context(), d.View(), make([]byte, n)); err == nil {
			t.Errorf("a secret of %d bytes accepted", n)
		}
	}
}

func TestWrongSecretOpensNothing(t *testing.T) {
	_, secret := readVectors(t)
	d := dbtest.Open(t, Migrations)
	k := open(t, d, secret, jwt.ES256, epoch)
	carry(t, d, k, another(jwt.EdDSA), epoch)
	carry(t, d, k, Schedule{}.Retire(keysFor(k, TokenKey)[0].ID), epoch)
	wrong := bytes.Clone(secret)
	wrong[0] ^= 1
	if _, err := OpenKeys(t.Context(), d.View(), wrong); !errors.Is(err, ErrWrongSecret) {
		t.Errorf("%v", err)
	}
}

// Whoever can write to the database but has no secret cannot make the server sign with a key of theirs, nor swap keys.
func TestAlteredKeysAreRefused(t *testing.T) {
	_, secret := readVectors(t)
	for what, change := range map[string]string{
		"a flipped byte":       "UPDATE signing_keys SET wrapped = CAST(substr(wrapped, 1, 40) || zeroblob(length(wrapped) - 40) AS BLOB) WHERE state = 'active' AND purpose = 'token'",
		"moved to another kid": "UPDATE signing_keys SET wrapped = (SELECT wrapped FROM signing_keys WHERE state = 'active' AND purpose = 'token') WHERE state = 'retired'",
		"another kid":          "UPDATE signing_keys SET kid = kid || 'x' WHERE state = 'retired'",
		"another algorithm":    "UPDATE signing_keys SET alg = 'HS256' WHERE state = 'active' AND purpose = 'token'",
		"a later version":      "UPDATE signing_keys SET wrapped = CAST(x'02' || substr(wrapped, 2) AS BLOB) WHERE state = 'active' AND purpose = 'token'",
		"no key":               "UPDATE signing_keys SET wrapped = x'' WHERE state = 'active' AND purpose = 'token'",
	} {
		t.Run(what, func(t *testing.T) {
			d := dbtest.Open(t, Migrations)
			k := open(t, d, secret, jwt.ES256, epoch)
			carry(t, d, k, another(jwt.ES256), epoch)
			signer := k.Signer()
			update(t, d, func(tx *db.Conn) error {
				_, err := tx.Exec(t.Context(), change)
				return err
			})
			if err := k.Reload(t.Context(), d.View()); !errors.Is(err, ErrAltered) && !errors.Is(err, ErrFormat) {
				t.Errorf("Reload: %v", err)
			}
			if k.Signer() != signer || len(k.List()) != 3 {
				t.Error("a failed Reload changed the keys in memory")
			}
			if _, err := OpenKeys(t.Context(), d.View(), secret); !errors.Is(err, ErrAltered) && !errors.Is(err, ErrFormat) {
				t.Errorf("OpenKeys: %v", err)
			}
		})
	}
	// A key under the name of another, wrapped with the right secret.
	stranger, err := jwt.GenerateKey(jwt.ES256)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := stranger.PrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	l := loadedKey{info: KeyInfo{ID: "another", Algorithm: jwt.ES256}, wrapped: wrapKey(secret, "another", jwk)}
	if err := l.open(secret); !errors.Is(err, ErrAltered) || l.private != nil {
		t.Errorf("a key that names itself otherwise: %v", err)
	}

	d := dbtest.Open(t, Migrations)
	k := open(t, d, secret, jwt.ES256, epoch)
	update(t, d, func(tx *db.Conn) error {
		_, err := tx.Exec(t.Context(), "DELETE FROM signing_keys")
		return err
	})
	if err := k.Reload(t.Context(), d.View()); !errors.Is(err, errNoSigner) || k.Signer() == nil {
		t.Errorf("all keys deleted: %v", err)
	}
}

func TestKeysThatVerifyAreBounded(t *testing.T) {
	_, secret := readVectors(t)
	d := dbtest.Open(t, Migrations)
	k := open(t, d, secret, jwt.HS256, epoch)
	make := func(now time.Time) error {
		return d.Update(t.Context(), func(tx *db.Conn) error {
			_, err := k.Carry(t.Context(), tx, another(""), now)
			return err
		})
	}
	for range maxKeys - 1 { // the feed's is counted by itself
		if err := make(epoch); err != nil {
			t.Fatal(err)
		}
	}
	if err := make(epoch.Add(MaxTokenLifetime)); err == nil || !strings.Contains(err.Error(), "got 32, limit 32") {
		t.Errorf("one too many: %v", err)
	}
	if err := make(epoch.Add(MaxTokenLifetime + 1)); err != nil {
		t.Errorf("after a day: %v", err)
	}
}

func TestKeysRolledBackAreNotKept(t *testing.T) {
	_, secret := readVectors(t)
	d, faults := dbtest.OpenFaulty(t, Migrations)
	k := open(t, d, secret, jwt.ES256, epoch)
	signer := k.Signer().ID()
	for n := 1; ; n++ {
		ops := 0
		faults.Set(func(db.Op) error {
			if ops++; ops == n {
				return errors.New("disk gone")
			}
			return nil
		})
		err := d.Update(t.Context(), func(tx *db.Conn) error {
			_, err := k.Carry(t.Context(), tx, Schedule{}.Retire(signer), epoch)
			return err
		})
		faults.Set(nil)
		if err == nil {
			if ops >= n {
				t.Fatalf("operation %d failed and Carry reported success", n)
			}
			break
		}
		if err := k.Reload(t.Context(), d.View()); err != nil || k.Signer().ID() != signer || len(k.List()) != 2 {
			t.Fatalf("operation %d: %v, %d keys", n, err, len(k.List()))
		}
	}
}

func TestSignerIsSwappedUnderLoad(t *testing.T) {
	_, secret := readVectors(t)
	d := dbtest.Open(t, Migrations)
	k := open(t, d, secret, jwt.EdDSA, time.Now())
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				token, err := jwt.Sign(k.Signer(), "at+jwt", claims())
				if err == nil {
					err = verify(t, k, token)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 10 {
		carry(t, d, k, another(""), time.Now())
	}
	stop()
	wg.Wait()
}

// The keys lie in the database in no readable form (T5).
func TestDumpHoldsNoKey_T5(t *testing.T) {
	_, secret := readVectors(t)
	d := dbtest.Open(t, Migrations)
	k := open(t, d, secret, jwt.HS256, epoch)
	jwk, err := k.Signer().PrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	var key struct{ K string }
	if err := json.Unmarshal(jwk, &key); err != nil || key.K == "" {
		t.Fatalf("%v: %s", err, jwk)
	}
	all := dump(t, d)
	for _, needle := range [][]byte{jwk, []byte(key.K), []byte(`"k":`), secret, []byte("PRIVATE")} {
		if bytes.Contains(all, needle) {
			t.Errorf("%d secret bytes lie in the database", len(needle))
		}
	}
}
