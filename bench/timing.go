package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
)

// timing asks whether the time of a refused sign-in tells why it was refused (AU-10): Welch's t-test between an unknown
// address, a wrong password, and the right password of a disabled account. Below 4.5 no difference is shown.
func timing(t *table, binary string, tries int) {
	const name = "time of a refused sign-in: |t|, "
	if !t.wants(name) {
		return
	}
	ctx := context.Background()
	dir := temp()
	defer os.RemoveAll(dir)
	d := openRooms(filepath.Join(dir, "cloakroom.db"))
	defer d.Close()
	without := account.Bucket{Burst: math.MaxInt32, Rate: math.MaxInt32} // throttled answers would tell nothing
	var hasher []string
	if binary != "" {
		hasher = []string{binary, "hash-passwords"} // as the server has it
	}
	accounts := account.New(&account.Options{
		Logger:   slog.New(slog.DiscardHandler),
		Hasher:   hasher,
		Throttle: account.Throttle{Free: math.MaxInt32, Limit: math.MaxInt32, Narrow: without, Wide: without, Global: without},
	})
	defer accounts.Close()
	hash, err := accounts.HashPassword(ctx, password)
	must(err)
	must(d.Update(ctx, func(tx *db.Conn) error {
		for _, email := range []string{"known@example.org", "closed@example.org"} {
			a, err := accounts.Create(ctx, tx, account.Draft{Email: email, Name: "Person", PasswordHash: hash})
			must(err)
			must(accounts.SetDisabled(ctx, tx, a.ID, email == "closed@example.org"))
		}
		return nil
	}))
	kinds := []struct{ what, email, password string }{
		{"unknown address", "nobody@example.org", password},
		{"wrong password", "known@example.org", password + "!"},
		{"disabled account", "closed@example.org", password},
	}
	took := make([][]float64, len(kinds))
	for range tries {
		for _, i := range rand.Perm(len(kinds)) { // in no order that anything could follow
			k := kinds[i]
			begin := time.Now()
			_, err := accounts.Authenticate(ctx, d, account.Attempt{Email: k.email, Password: k.password, Addr: netip.MustParseAddr("192.0.2.1")})
			took[i] = append(took[i], time.Since(begin).Seconds())
			if !errors.Is(err, account.ErrWrongCredentials) {
				panic(err)
			}
		}
	}
	t.heading("\n")
	// What lies above the ninth tenth of all is the machine's doing, and would hide a difference.
	limit := quantile(slices.Concat(took...), 0.9)
	for i := range took {
		took[i] = slices.DeleteFunc(took[i], func(v float64) bool { return v > limit })
	}
	for i := range kinds {
		j := (i + 1) % len(kinds)
		t.budget(name+kinds[i].what+" to "+kinds[j].what, math.Abs(welch(took[i], took[j])), 4.5, "")
	}
}

// welch is Welch's t: the difference of two means over its standard error.
func welch(a, b []float64) float64 {
	ma, va := moments(a)
	mb, vb := moments(b)
	return (ma - mb) / math.Sqrt(va/float64(len(a))+vb/float64(len(b)))
}

func moments(v []float64) (mean, variance float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		variance += (x - mean) * (x - mean) / float64(len(v)-1)
	}
	return mean, variance
}

func quantile(v []float64, q float64) float64 {
	slices.Sort(v)
	return v[int(q*float64(len(v)-1))]
}
