package account

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/account/password"
	"github.com/cloakroom/cloakroom/internal/db"
)

// wide open where a test is about accounts only
var noAddressLimit = Throttle{Narrow: Bucket{1e6, 1e3}, Wide: Bucket{1e6, 1e3}, Global: Bucket{1e6, 1e3}}

func wait(t *testing.T, err error) (time.Duration, ThrottleReason) {
	t.Helper()
	var th *ThrottledError
	if !errors.As(err, &th) {
		t.Fatalf("got %v, want throttled", err)
	}
	return th.RetryAfter, th.Reason
}

// One counter for all spellings of an address, whether it has an account or not; the pauses double; after a hundred failures nobody looks at a
// password any more, also not after a restart.
func TestHundredFailures_AU_11_CV_46_CV_47_CV_64_T14(t *testing.T) {
	for _, tt := range []struct {
		what      string
		spellings []string
	}{
		{"an account", []string{"lea@example.com", "LEA@example.com", " Lea@EXAMPLE.com", "lea@Example.Com\n"}},
		{"nobody", []string{"nobody@münchen.example", "NOBODY@MÜNCHEN.example", "nobody@mu\u0308nchen.example", "nobody@xn--mnchen-3ya.example"}},
		{"no address", []string{"lea at example"}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, &Options{Fast: true, Throttle: noAddressLimit})
				start := time.Now()
				var pauses []time.Duration
				for i := range 100 {
					if i%10 == 0 { // a restart
						r.Accounts = New(&Options{Fast: true, Throttle: noAddressLimit})
					}
					spelling := tt.spellings[i%len(tt.spellings)]
					// Each from another address, as a botnet would.
					at := Attempt{Email: spelling, Password: "wrong", Addr: netip.AddrFrom4([4]byte{10, byte(i), 0, 1})}
					_, err := r.Authenticate(t.Context(), r.d, at)
					if i >= 5 {
						before := r.Gate().Stats().Done
						d, why := wait(t, err)
						if why != ThrottledAccount || r.Gate().Stats().Done != before {
							t.Fatalf("failure %d: %s, hashed %v", i, why, r.Gate().Stats().Done != before)
						}
						pauses = append(pauses, d)
						time.Sleep(d - 1)
						_, err = r.Authenticate(t.Context(), r.d, at)
						if d, _ := wait(t, err); d != time.Second {
							t.Fatalf("1 ns early: got %v, want the least that is told", d)
						}
						time.Sleep(time.Nanosecond)
						_, err = r.Authenticate(t.Context(), r.d, at)
					}
					if err != ErrWrongCredentials {
						t.Fatalf("failure %d: got %v", i, err)
					}
				}
				for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900} {
					if pauses[i] != want*time.Second {
						t.Errorf("pause %d is %v, want %v", i, pauses[i], want*time.Second)
					}
				}
				t.Logf("100 failures take %v", time.Since(start))
				time.Sleep(20 * 24 * time.Hour)
				for _, spelling := range tt.spellings {
					if _, why := wait(t, r.try(spelling, leaPassword)); why != ThrottledLocked {
						t.Errorf("%q after a hundred: %s", spelling, why)
					}
				}
			})
		})
	}
}

// Nobody can lock an owner out (ASVS 6.1.1): a browser that knows the account goes on, with a count of its own.
func TestKnownDevice_AU_11(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &Options{Fast: true, Throttle: Throttle{Limit: 20, Narrow: Bucket{40, 0.001}}})
		eve := r.person(Draft{Email: "eve@example.com"}, "some words of eve here")
		fail := func(email, device string) error {
			_, err := r.Authenticate(t.Context(), r.d, Attempt{Email: email, Password: "wrong", Addr: somewhere, KnownDevice: device})
			return err
		}
		succeed := func(email, device, typed string) error {
			_, err := r.Authenticate(t.Context(), r.d, Attempt{Email: email, Password: typed, Addr: somewhere, KnownDevice: device})
			return err
		}
		lock := func(email, device string) {
			t.Helper()
			for range 20 {
				if err := fail(email, device); err != ErrWrongCredentials {
					t.Fatal(err)
				}
				time.Sleep(15 * time.Minute)
			}
			if _, why := wait(t, fail(email, device)); why != ThrottledLocked {
				t.Fatal(why)
			}
		}
		lock(leaEmail, "")
		if _, why := wait(t, succeed(leaEmail, eve.ID, leaPassword)); why != ThrottledLocked {
			t.Errorf("a browser that knows another account: %s", why)
		}
		if err := fail(leaEmail, r.lea.ID); err != ErrWrongCredentials {
			t.Errorf("her own browser, wrong: %v", err)
		}
		if err := succeed(leaEmail, r.lea.ID, leaPassword); err != nil {
			t.Errorf("her own browser, right: %v", err)
		}
		if err := succeed(leaEmail, "", leaPassword); err != nil {
			t.Errorf("a success starts again at nothing, everywhere: %v", err)
		}

		// A stolen visit cookie buys a hundred more, and the thief's own sign-ins do not refill them.
		lock(leaEmail, r.lea.ID)
		if err := succeed("eve@example.com", r.lea.ID, "some words of eve here"); err != nil {
			t.Fatal(err)
		}
		if _, why := wait(t, fail(leaEmail, r.lea.ID)); why != ThrottledLocked {
			t.Errorf("after a sign-in of another account: %s", why)
		}

		// The administrator's ways out: open the account again, or a new password.
		r.update(func(tx *db.Conn) error { return r.SetDisabled(t.Context(), tx, r.lea.ID, false) })
		if err := succeed(leaEmail, r.lea.ID, leaPassword); err != nil {
			t.Errorf("opened again: %v", err)
		}
		lock(leaEmail, r.lea.ID)
		r.update(func(tx *db.Conn) error {
			return r.SetPasswordHash(t.Context(), tx, r.lea.ID, hashOf(t, password.FastParams, "another good password"))
		})
		if err := succeed(leaEmail, r.lea.ID, "another good password"); err != nil {
			t.Errorf("new password: %v", err)
		}
	})
}

// A browser that knows an account is not held up by what its neighbours in the network do.
func TestKnownDeviceBehindABusyAddress_AU_11(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &Options{Fast: true, Throttle: Throttle{Narrow: Bucket{3, 0.001}}})
		for i := range 3 {
			if err := r.try(fmt.Sprintf("nobody%d@example.com", i), "wrong"); err != ErrWrongCredentials {
				t.Fatal(err)
			}
		}
		if _, why := wait(t, r.try(leaEmail, leaPassword)); why != ThrottledAddress {
			t.Error(why)
		}
		_, err := r.Authenticate(t.Context(), r.d, Attempt{Email: leaEmail, Password: leaPassword, Addr: somewhere, KnownDevice: r.lea.ID})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestAddressLimits_AU_11(t *testing.T) {
	limits := Throttle{Narrow: Bucket{2, 0.5}, Wide: Bucket{4, 0.1}, Global: Bucket{7, 1}}
	a := func(s string) netip.Addr { return netip.MustParseAddr(s) }
	for _, tt := range []struct {
		what  string
		fails []string
		next  string
		want  ThrottleReason // "" = allowed
		wait  time.Duration
	}{
		{"below the limit", []string{"192.0.2.1"}, "192.0.2.1", "", 0},
		{"one address", []string{"192.0.2.1", "192.0.2.1"}, "192.0.2.1", ThrottledAddress, 2 * time.Second},
		{"its neighbour", []string{"192.0.2.1", "192.0.2.1"}, "192.0.2.2", "", 0},
		{"the same written as IPv6", []string{"192.0.2.1", "192.0.2.1"}, "::ffff:192.0.2.1", ThrottledAddress, 2 * time.Second},
		{"a /24", []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}, "192.0.2.5", ThrottledAddress, 10 * time.Second},
		{"another /24", []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}, "192.0.3.5", "", 0},
		{"one /64", []string{"2001:db8:1:1::1", "2001:db8:1:1:ffff::2"}, "2001:db8:1:1:8000::3", ThrottledAddress, 2 * time.Second},
		{"another /64", []string{"2001:db8:1:1::1", "2001:db8:1:1::2"}, "2001:db8:1:2::1", "", 0},
		{"a /48", []string{"2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"}, "2001:db8:1:5::1", ThrottledAddress, 10 * time.Second},
		{"a zone is nothing else", []string{"fe80::1%eth0", "fe80::1%eth1"}, "fe80::1", ThrottledAddress, 2 * time.Second},
		{"everybody", []string{"10.0.0.1", "10.0.1.1", "10.0.2.1", "10.0.3.1", "10.0.4.1", "10.0.5.1", "10.0.6.1"}, "10.9.9.9", ThrottledGlobal, time.Second},
		{"everybody, no address known", []string{"10.0.0.1", "10.0.1.1", "10.0.2.1", "10.0.3.1", "10.0.4.1", "10.0.5.1", "10.0.6.1"}, "", ThrottledGlobal, time.Second},
	} {
		th, now := newThrottle(limits), time.Unix(1e9, 0)
		for _, f := range tt.fails {
			if err := th.address(a(f), now); err != nil {
				t.Errorf("%s: %s: %v", tt.what, f, err)
			}
			th.failed(a(f), now)
		}
		var next netip.Addr
		if tt.next != "" {
			next = a(tt.next)
		}
		err := th.address(next, now)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.what, err)
			}
			continue
		}
		if d, why := wait(t, err); d != tt.wait || why != tt.want {
			t.Errorf("%s: got %s, %v; want %s, %v", tt.what, why, d, tt.want, tt.wait)
		}
		if err := th.address(next, now.Add(tt.wait)); err != nil {
			t.Errorf("%s: after the wait: %v", tt.what, err)
		}
	}
}

func TestThrottleMemoryIsBounded_T9(t *testing.T) {
	th, now := newThrottle(Throttle{}), time.Unix(1e9, 0)
	addr := netip.MustParseAddr("2001:db8::")
	bad := netip.MustParseAddr("192.0.2.1")
	for range 60 {
		th.failed(bad, now)
	}
	for i := range 2 * maxPrefixes {
		b := addr.As16()
		b[2], b[3], b[4], b[5], b[6] = byte(i>>16), byte(i>>8), byte(i), byte(i>>3), byte(i)
		th.failed(netip.AddrFrom16(b), now)
		if i%1000 == 0 {
			th.failed(bad, now) // who goes on failing is not forgotten
		}
	}
	if len(th.prefixes) != maxPrefixes || th.recent.Len() != maxPrefixes {
		t.Errorf("%d prefixes, %d in the list; want %d", len(th.prefixes), th.recent.Len(), maxPrefixes)
	}
	if _, ok := th.prefixes[netip.MustParsePrefix("192.0.2.1/32")]; !ok {
		t.Error("the worst was forgotten")
	}
}

func TestClockSetBack(t *testing.T) {
	th, now := newThrottle(Throttle{}), time.Unix(1e9, 0)
	if d, _ := wait(t, th.account(tally{6, now.Add(24 * time.Hour)}, 0, now)); d != 2*time.Second {
		t.Errorf("got %v, want the pause and no day more", d)
	}
}

// A burst of attempts at one account is not a way around its pauses.
func TestUnderwayCounts_AU_11(t *testing.T) {
	th, now := newThrottle(Throttle{}), time.Unix(1e9, 0)
	for _, tt := range []struct {
		what               string
		failures, underway int
		allowed            bool
	}{
		{"nothing failed yet: as many as the gate lets in", 0, 31, true},
		{"one failed, three under way", 1, 3, true},
		{"one failed, four under way", 1, 4, false},
		{"the pause is over, nobody under way", 8, 0, true},
		{"the pause is over, one under way", 8, 1, false},
		{"the last guess of all", 99, 0, true},
		{"the last guess of all, under way", 99, 1, false},
		{"none left", 100, 0, false},
	} {
		err := th.account(tally{tt.failures, now.Add(-time.Hour)}, tt.underway, now)
		if (err == nil) != tt.allowed {
			t.Errorf("%s: got %v", tt.what, err)
		}
	}
}

// What the sweep leaves does not tell which addresses have accounts.
func TestSweepFailures(t *testing.T) {
	r := newRig(t, nil)
	now := time.Now()
	count := func(email string, n int, at time.Time) {
		for range n {
			if err := countFailure(t.Context(), r.d, addressBucket(email), at); err != nil {
				t.Fatal(err)
			}
		}
	}
	old := now.Add(-keepFailures - 1)
	count(leaEmail, 3, old)
	count("old@example.com", 3, old)
	count("locked@example.com", 100, old)
	count("fresh@example.com", 3, now.Add(-keepFailures))
	for i := range 5 {
		count(fmt.Sprintf("flood%d@example.com", i), 1, now.Add(time.Duration(i)))
	}
	r.update(func(tx *db.Conn) error {
		n, err := r.sweep(t.Context(), tx, now)
		if n != 2 {
			t.Errorf("swept %d, want 2", n)
		}
		return err
	})
	for email, want := range map[string]int{leaEmail: 0, "old@example.com": 0, "locked@example.com": 100, "fresh@example.com": 3} {
		if got := r.counted(email); got != want {
			t.Errorf("%s: got %d, want %d", email, got, want)
		}
	}
	// Above the row limit the oldest go first, in batches; locked ones stay.
	r.update(func(tx *db.Conn) error {
		n, err := sweepFailures(t.Context(), tx, now, 100, 3, 4)
		if n != 3 {
			t.Errorf("swept %d, want a batch of 3", n)
		}
		return err
	})
	for email, want := range map[string]int{"fresh@example.com": 0, "flood0@example.com": 0, "flood4@example.com": 1, "locked@example.com": 100} {
		if got := r.counted(email); got != want {
			t.Errorf("flood: %s: got %d, want %d", email, got, want)
		}
	}
}

// What people type into the address field may be a password: none of it is in the file.
func TestTypedAddressesAreNotStored(t *testing.T) {
	r := newRig(t, nil)
	if err := r.try("my secret password@1", "x"); err != ErrWrongCredentials {
		t.Fatal(err)
	}
	var n int
	err := r.d.View().QueryRow(t.Context(), "SELECT count(*) FROM account_failures WHERE bucket LIKE '%secret%'").Scan(&n)
	if err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}
