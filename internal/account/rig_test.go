package account

import (
	"net/netip"
	"sync"
	"testing"

	"github.com/cloakroom/cloakroom/internal/account/password"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

const (
	leaEmail    = "lea@example.com"
	leaPassword = "nine violet rhinos paint"
)

var somewhere = netip.MustParseAddr("192.0.2.1")

// rig is a room with a database, and Lea in it.
type rig struct {
	*Accounts
	t      testing.TB
	d      *db.DB
	faults *db.Faults
	lea    Account
}

func newRig(t testing.TB, o *Options) *rig {
	t.Helper()
	d, faults := dbtest.OpenFaulty(t, Migrations)
	if o == nil {
		o = &Options{Fast: true}
	}
	r := &rig{Accounts: New(o), t: t, d: d, faults: faults}
	r.lea = r.person(Draft{Email: leaEmail, Name: "Lea"}, leaPassword)
	return r
}

// person makes an account; the password is hashed cheaply and without being judged.
func (r *rig) person(n Draft, typed string) (acct Account) {
	r.t.Helper()
	if typed != "" {
		n.PasswordHash = hashOf(r.t, password.FastParams, typed)
	}
	r.update(func(tx *db.Conn) (err error) {
		acct, err = r.Create(r.t.Context(), tx, n)
		return err
	})
	return acct
}

func hashOf(t testing.TB, p password.Params, typed string) string {
	t.Helper()
	slot, err := password.NewGate(&password.GateOptions{Params: p}).Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer slot.Leave()
	normal, ok := password.Normalize(typed)
	if !ok {
		t.Fatalf("%q is no password", typed)
	}
	return slot.Hash(normal)
}

func (r *rig) update(f func(tx *db.Conn) error) {
	r.t.Helper()
	if err := r.d.Update(r.t.Context(), f); err != nil {
		r.t.Fatal(err)
	}
}

// try is one attempt from somewhere.
func (r *rig) try(email, typed string) error {
	_, err := r.Authenticate(r.t.Context(), r.d, Attempt{Email: email, Password: typed, Addr: somewhere})
	return err
}

// counted is how many failures the database holds against an address.
func (r *rig) counted(email string) int {
	r.t.Helper()
	n, err := tallies(r.t.Context(), r.d.View(), addressBucket(email), "")
	if err != nil {
		r.t.Fatal(err)
	}
	return n[0].failures
}

// recorder writes down what is asked of the database.
type recorder struct {
	mu  sync.Mutex
	ops []db.Op
}

func (rec *recorder) see(op db.Op) error {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.ops = append(rec.ops, op)
	return nil
}

func (rec *recorder) take() []db.Op {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	ops := rec.ops
	rec.ops = nil
	return ops
}
