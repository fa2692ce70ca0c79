package grant

import (
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

func sweepAll(t *testing.T, d *db.DB, now time.Time) (total int) {
	t.Helper()
	for n := 1; n > 0; total += n {
		update(t, d, func(tx *db.Conn) (err error) {
			n, err = families.Sweep(t.Context(), tx, now)
			if n > sweepBatch {
				t.Errorf("one sweep changed %d rows, limit %d", n, sweepBatch)
			}
			return err
		})
	}
	return total
}

func count(t *testing.T, d *db.DB, query string) (n int) {
	t.Helper()
	if err := d.View().QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSweep_SE_22(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	r := []string{start(t, d, alice)}
	for len(r) < 6 {
		r = append(r, must(t, d, r[len(r)-1], epoch))
	}
	if n := count(t, d, "SELECT count(*) FROM refresh_tokens WHERE successor IS NOT NULL"); n != 2 {
		t.Errorf("%d sealed successors are kept, want those that may still be asked for", n)
	}
	longer := alice
	longer.Expires = alice.Expires.Add(24 * time.Hour)
	living := start(t, d, longer)
	living = must(t, d, living, epoch)

	if n := sweepAll(t, d, alice.Expires); n != 0 {
		t.Errorf("%d rows went at the limit, when the family is still valid", n)
	}
	after := alice.Expires.Add(time.Nanosecond)
	wantRefused(t, refresh(t, d, r[5], after), Expired, "") // refused although nothing was swept
	sweepAll(t, d, after)
	wantRefused(t, refresh(t, d, r[5], after), Expired, "")
	wantRefused(t, refresh(t, d, r[3], after), Expired, "")
	wantRefused(t, refresh(t, d, r[0], after), Unknown, "") // forgotten, and refused
	if n := count(t, d, "SELECT count(*) FROM refresh_tokens"); n != 3+2 {
		t.Errorf("%d tokens are left, want 5", n)
	}
	must(t, d, living, after)

	late := alice.Expires.Add(rememberExpired + time.Nanosecond)
	sweepAll(t, d, late)
	wantRefused(t, refresh(t, d, r[5], late), Unknown, "")
	if n := count(t, d, "SELECT count(*) FROM refresh_families"); n != 1 {
		t.Errorf("%d families are left, want the one that expired later", n)
	}
	if n := sweepAll(t, d, late.Add(48*time.Hour)); n == 0 || count(t, d, "SELECT count(*) FROM refresh_tokens") != 0 {
		t.Error("tokens without a family are left")
	}
}

// A family that is refreshed without end keeps MaxKnown hashes; what is forgotten is refused as unknown.
func TestKnownHashesAreBounded(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	first := start(t, d, alice)
	// As if it had been refreshed MaxKnown-5 times before.
	const before = MaxKnown - 5
	update(t, d, func(tx *db.Conn) error {
		for _, q := range []string{
			"UPDATE refresh_families SET newest = $1",
			"UPDATE refresh_tokens SET generation = $1",
			`WITH RECURSIVE older (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM older WHERE n + 1 < $1)
				INSERT INTO refresh_tokens (hash, family, generation) SELECT randomblob(32), id, n FROM older, refresh_families`,
		} {
			if _, err := tx.Exec(t.Context(), q, before); err != nil {
				return err
			}
		}
		return nil
	})
	oldest := func() int { return count(t, d, "SELECT min(generation) FROM refresh_tokens") }
	token := first
	for range 4 {
		token = must(t, d, token, epoch)
	}
	if n := count(t, d, "SELECT count(*) FROM refresh_tokens"); n != MaxKnown || oldest() != 0 {
		t.Errorf("%d hashes are known, the oldest %d; want %d and 0", n, oldest(), MaxKnown)
	}
	for range 3 {
		token = must(t, d, token, epoch)
	}
	if n := count(t, d, "SELECT count(*) FROM refresh_tokens"); n != MaxKnown || oldest() != 3 {
		t.Errorf("%d hashes are known, the oldest %d; want %d and 3", n, oldest(), MaxKnown)
	}
	if n := count(t, d, "SELECT count(*) FROM refresh_tokens WHERE successor IS NOT NULL"); n != 2 {
		t.Errorf("%d successors are kept, want 2", n)
	}
	if n := sweepAll(t, d, alice.Expires.Add(1)); n != MaxKnown-3+1 {
		t.Errorf("swept %d rows in batches, want %d", n, MaxKnown-3+1)
	}
	wantRefused(t, refresh(t, d, token, alice.Expires.Add(1)), Expired, "")
	wantRefused(t, refresh(t, d, first, alice.Expires.Add(1)), Unknown, "")
}
