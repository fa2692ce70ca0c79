package account

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cloakroom/cloakroom/internal/account/password"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

func TestAuthenticate_AU_03(t *testing.T) {
	r := newRig(t, nil)
	twin := strings.Repeat("0123456789", 7)
	r.person(Draft{Email: "twin@example.com"}, twin+"abc")
	r.person(Draft{Email: "rene@example.com"}, "café crème brûlée") // composed
	for _, tt := range []struct {
		what, email, typed string
		want               error
	}{
		{"right", leaEmail, leaPassword, nil},
		{"the address in another spelling", "  LEA@Example.COM ", leaPassword, nil},
		{"a capital", leaEmail, "Nine violet rhinos paint", ErrWrongCredentials},
		{"a space behind", leaEmail, leaPassword + " ", ErrWrongCredentials},
		{"the 73rd byte differs", "twin@example.com", twin + "abd", ErrWrongCredentials},
		{"the 73rd byte is right", "twin@example.com", twin + "abc", nil},
		{"é typed decomposed", "rene@example.com", "cafe\u0301 cre\u0300me bru\u0302le\u0301e", nil},
		{"é typed composed", "rene@example.com", "café crème brûlée", nil},
		{"nothing", leaEmail, "", ErrWrongCredentials},
		{"another's password", "rene@example.com", leaPassword, ErrWrongCredentials},
	} {
		acct, err := r.Authenticate(t.Context(), r.d, Attempt{Email: tt.email, Password: tt.typed, Addr: somewhere})
		if err != tt.want || (err == nil) != (acct.ID != "") {
			t.Errorf("%s: got %+v, %v; want %v", tt.what, acct, err, tt.want)
		}
	}
}

// What cannot be a password is not taken for the empty one, should that ever be stored.
func TestNoPasswordIsNotTheEmptyOne_AU_03(t *testing.T) {
	r := newRig(t, nil)
	r.update(func(tx *db.Conn) error {
		return r.SetPasswordHash(t.Context(), tx, r.lea.ID, hashOf(t, password.FastParams, ""))
	})
	for _, typed := range []string{"\xff", strings.Repeat("x", 5000)} {
		if err := r.try(leaEmail, typed); err != ErrWrongCredentials {
			t.Errorf("%d bytes: %v", len(typed), err)
		}
	}
}

// Whoever guesses learns nothing about which addresses have accounts: the same error, the same number of hashes at the same cost, the same
// statements on the database, in the same order.
func TestEqualAnswers_AU_10_CV_52_CV_78(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, &Options{Fast: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	disabled := r.person(Draft{Email: "disabled@example.com"}, leaPassword)
	r.update(func(tx *db.Conn) error { return r.SetDisabled(t.Context(), tx, disabled.ID, true) })
	r.person(Draft{Email: "nopassword@example.com"}, "")
	damaged := r.person(Draft{Email: "damaged@example.com"}, leaPassword)
	r.update(func(tx *db.Conn) error {
		_, err := tx.Exec(t.Context(), "UPDATE accounts SET password_hash = '$2y$10$x' WHERE id = $1", damaged.ID)
		return err
	})
	rec := new(recorder)
	if err := r.try("first@example.com", leaPassword); err != ErrWrongCredentials { // the readers connect
		t.Fatal(err)
	}
	var first []db.Op
	for _, tt := range []struct{ what, email, typed string }{
		{"unknown address", "nobody@example.com", leaPassword},
		{"wrong password", leaEmail, "eight violet rhinos paint"},
		{"disabled, right password", "disabled@example.com", leaPassword},
		{"disabled, wrong password", "disabled@example.com", "x"},
		{"no password", "nopassword@example.com", ""},
		{"damaged hash", "damaged@example.com", leaPassword},
		{"not an address", "lea@@example", leaPassword},
		{"password too long to be one", leaEmail, strings.Repeat("x", 5000)},
		{"password not text", leaEmail, "\xff\xfe nine violet rhinos"},
	} {
		// Earlier failures are one row more to read, whoever they are counted against.
		r.update(func(tx *db.Conn) error {
			_, err := tx.Exec(t.Context(), "DELETE FROM account_failures")
			return err
		})
		before := r.Gate().Stats().Done
		r.faults.Set(rec.see)
		acct, err := r.Authenticate(t.Context(), r.d, Attempt{Email: tt.email, Password: tt.typed, Addr: somewhere})
		r.faults.Set(nil)
		if err != ErrWrongCredentials || !reflect.DeepEqual(acct, Account{}) {
			t.Errorf("%s: got %+v, %v", tt.what, acct, err)
		}
		if n := r.Gate().Stats().Done - before; n != 1 {
			t.Errorf("%s: %d hashes, want 1", tt.what, n)
		}
		ops := rec.take()
		if first == nil {
			first = ops
		}
		if !reflect.DeepEqual(ops, first) {
			t.Errorf("%s: asks of the database\n%v\nan unknown address\n%v", tt.what, ops, first)
		}
	}
	if len(first) < 5 {
		t.Errorf("the recorder saw %v", first)
	}
	if s := log.String(); strings.Contains(s, "rhinos") || strings.Contains(s, "$2y$") || !strings.Contains(s, "damaged-hash") {
		t.Errorf("log: %s", s)
	}
}

// T9: a flood of attempts never hashes more at once than the gate allows; who does not fit into the queue hears so at once.
func TestFloodOfAttempts_AU_09_T9(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // so that no pause is over before the flood is
		gate := password.NewGate(&password.GateOptions{Slots: 2, Queue: 20, Params: password.Params{Memory: 1024, Time: 1, Threads: 1}})
		r := newRig(t, &Options{Gate: gate, Throttle: Throttle{Narrow: Bucket{1e6, 1}, Wide: Bucket{1e6, 1}, Global: Bucket{1e6, 1}}})
		var (
			wg                           sync.WaitGroup
			wrong, busy, throttled, most atomic.Int64
		)
		for i := range 1000 {
			wg.Go(func() {
				email := []string{leaEmail, "nobody@example.com"}[i%2]
				err := r.try(email, "wrong")
				var b *BusyError
				var th *ThrottledError
				switch {
				case err == ErrWrongCredentials:
					wrong.Add(1)
				case errors.As(err, &b):
					busy.Add(1)
				case errors.As(err, &th):
					throttled.Add(1)
				default:
					t.Error(err)
				}
				most.Store(max(most.Load(), int64(gate.Stats().Running)))
			})
		}
		wg.Wait()
		t.Logf("%d wrong, %d busy, %d throttled", wrong.Load(), busy.Load(), throttled.Load())
		if most.Load() > 2 {
			t.Errorf("%d hashes at once", most.Load())
		}
		// Each account: five free failures, and as many more as were in the gate before the first was counted.
		if wrong.Load() > 2*(5+2) || wrong.Load() < 2 {
			t.Errorf("%d passwords were looked at", wrong.Load())
		}
		if got := r.counted(leaEmail) + r.counted("nobody@example.com"); int64(got) != wrong.Load() {
			t.Errorf("%d counted, %d failed", got, wrong.Load())
		}
		if busy.Load()+throttled.Load()+wrong.Load() != 1000 {
			t.Error("answers are missing")
		}
		if n := len(r.throttle.underway); n != 0 {
			t.Errorf("%d attempts are still under way", n)
		}
	})
}

func TestSuccessesAreNeverThrottled(t *testing.T) {
	gate := password.NewGate(&password.GateOptions{Slots: 8, Queue: 1000, Params: password.FastParams})
	r := newRig(t, &Options{Gate: gate})
	var wg sync.WaitGroup
	for range 500 {
		wg.Go(func() {
			if err := r.try(leaEmail, leaPassword); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// Hanging up does not make a guess free, and a failure that cannot be counted is an error, not a refusal.
func TestFailuresAreAlwaysCounted(t *testing.T) {
	r := newRig(t, nil)
	ctx, hangUp := context.WithCancel(t.Context())
	r.faults.Set(func(op db.Op) error {
		if op.Writer {
			hangUp()
		}
		return nil
	})
	if _, err := r.Authenticate(ctx, r.d, Attempt{Email: leaEmail, Password: "wrong", Addr: somewhere}); err != ErrWrongCredentials {
		t.Errorf("hung up: got %v", err)
	}
	if ctx.Err() == nil || r.counted(leaEmail) != 1 {
		t.Errorf("%d counted after hanging up (%v), want 1", r.counted(leaEmail), ctx.Err())
	}
	gone := errors.New("disk gone")
	for _, kind := range []string{"begin", "commit", "query"} {
		r.faults.Set(func(op db.Op) error {
			if op.Kind == kind {
				return gone
			}
			return nil
		})
		for what, typed := range map[string]string{"wrong": "wrong", "right": leaPassword} {
			acct, err := r.Authenticate(t.Context(), r.d, Attempt{Email: leaEmail, Password: typed, Addr: somewhere})
			if err == nil || errors.Is(err, ErrWrongCredentials) || acct.ID != "" {
				t.Errorf("%s fails, %s password: got %+v, %v", kind, what, acct, err)
			}
		}
	}
}

func TestWeakHashIsReplaced_AU_07(t *testing.T) {
	gate := password.NewGate(&password.GateOptions{Params: password.Params{Memory: 128, Time: 2, Threads: 1}})
	r := newRig(t, &Options{Gate: gate})
	stored := func() (hash string) {
		if err := r.d.View().QueryRow(t.Context(), "SELECT password_hash FROM accounts WHERE id = $1", r.lea.ID).Scan(&hash); err != nil {
			t.Fatal(err)
		}
		return hash
	}
	weak := stored()
	if err := r.try(leaEmail, "wrong"); err != ErrWrongCredentials || stored() != weak {
		t.Fatalf("a failure: %v, replaced %v", err, stored() != weak)
	}
	acct, err := r.Authenticate(t.Context(), r.d, Attempt{Email: leaEmail, Password: leaPassword, Addr: somewhere})
	if err != nil {
		t.Fatal(err)
	}
	better := stored()
	if p, err := password.ParseHash(better); err != nil || p.Memory != 128 {
		t.Errorf("got %v, %v", p, err)
	}
	if !acct.PasswordChanged.Equal(r.lea.PasswordChanged) {
		t.Error("the password counts as changed")
	}
	if err := r.try(leaEmail, leaPassword); err != nil || stored() != better {
		t.Errorf("again: %v, replaced again %v", err, stored() != better)
	}
}

// An account that is disabled while its hash is computed does not get in.
func TestDisabledMeanwhile_CV_52(t *testing.T) {
	r := newRig(t, nil)
	other := dbtest.Again(t, r.d, Migrations)
	who, err := r.identify(t.Context(), r.d.View(), Attempt{Email: leaEmail})
	if err != nil || who.id != r.lea.ID {
		t.Fatal(who, err)
	}
	if err := other.Update(t.Context(), func(tx *db.Conn) error { return r.SetDisabled(t.Context(), tx, r.lea.ID, true) }); err != nil {
		t.Fatal(err)
	}
	if _, err := r.welcome(t.Context(), r.d, who, ""); err != ErrWrongCredentials {
		t.Errorf("got %v", err)
	}
}

func TestHashPassword_AU_04(t *testing.T) {
	r := newRig(t, nil)
	_, err := r.HashPassword(t.Context(), "LeaExample2026!!!", leaEmail, "Lea")
	var refused *PolicyError
	if !errors.As(err, &refused) || refused.Reason != password.Context {
		t.Errorf("got %v", err)
	}
	hash, err := r.HashPassword(t.Context(), "correct horse battery staple", leaEmail)
	if err != nil {
		t.Fatal(err)
	}
	r.update(func(tx *db.Conn) error { return r.SetPasswordHash(t.Context(), tx, r.lea.ID, hash) })
	if err := r.try(leaEmail, "correct horse battery staple"); err != nil {
		t.Error(err)
	}
	if err := r.try(leaEmail, leaPassword); err != ErrWrongCredentials {
		t.Errorf("the old password: %v", err)
	}
}

// BenchmarkRefusal is what one refusal costs beside its hash.
func BenchmarkRefusal(b *testing.B) {
	loose := Bucket{1e9, 1e9}
	r := newRig(b, &Options{Fast: true, Throttle: Throttle{Free: 1e9, Limit: 1e9, Narrow: loose, Wide: loose, Global: loose}})
	for b.Loop() {
		if _, err := r.Authenticate(b.Context(), r.d, Attempt{Email: "nobody@example.com", Password: "x", Addr: netip.IPv6Loopback()}); err != ErrWrongCredentials {
			b.Fatal(err)
		}
	}
}
