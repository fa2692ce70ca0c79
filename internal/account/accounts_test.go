package account

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/account/password"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

func TestAccounts(t *testing.T) {
	r := newRig(t, nil)
	ctx := t.Context()
	if len(r.lea.ID) != 22 || r.lea.Email != leaEmail || r.lea.Name != "Lea" || r.lea.Created.IsZero() || r.lea.PasswordChanged.IsZero() || r.lea.Created.Location() != time.UTC {
		t.Errorf("got %+v", r.lea)
	}
	bob := r.person(Draft{Email: "Bob@Example.com", Name: "Bo\u0308b", Groups: []string{"staff", "admins"}, Admin: true, EmailTrusted: true}, "")
	if got := strings.Join(bob.Groups, ","); bob.Email != "bob@example.com" || bob.Name != "B\u00f6b" || !bob.Admin || !bob.EmailTrusted || got != "admins,staff" || !bob.PasswordChanged.IsZero() {
		t.Errorf("got %+v", bob)
	}

	err := r.d.Update(ctx, func(tx *db.Conn) error {
		_, err := r.Create(ctx, tx, Draft{Email: " LEA@example.COM"})
		return err
	})
	if !errors.Is(err, ErrTaken) {
		t.Errorf("the same address in another spelling: %v", err)
	}
	for what, n := range map[string]Draft{
		"address": {Email: "x"}, "name": {Email: "x@y.z", Name: "a\nb"}, "group": {Email: "x@y.z", Groups: []string{"a,b"}}, "hash": {Email: "x@y.z", PasswordHash: "secret"},
	} {
		err := r.d.Update(ctx, func(tx *db.Conn) error {
			_, err := r.Create(ctx, tx, n)
			return err
		})
		want := map[string]error{"address": ErrEmail, "name": ErrName, "group": ErrGroup, "hash": password.ErrHash}[what]
		if !errors.Is(err, want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", what, err)
		}
	}

	for what, find := range map[string]func(q *db.Conn) (Account, error){
		"by id":                  func(q *db.Conn) (Account, error) { return r.ByID(ctx, q, bob.ID) },
		"by address":             func(q *db.Conn) (Account, error) { return r.ByEmail(ctx, q, "BOB@example.com") },
		"looked up":              func(q *db.Conn) (Account, error) { return r.Lookup(ctx, q, bob.ID) },
		"looked up, from memory": func(q *db.Conn) (Account, error) { return r.Lookup(ctx, q, bob.ID) },
	} {
		if got, err := find(r.d.View()); err != nil || got.ID != bob.ID || len(got.Groups) != 2 {
			t.Errorf("%s: got %+v, %v", what, got, err)
		}
	}
	for _, email := range []string{"nobody@example.com", "no address"} {
		if _, err := r.ByEmail(ctx, r.d.View(), email); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v", email, err)
		}
	}
	list, err := r.List(ctx, r.d.View())
	if err != nil || len(list) != 2 || list[0].ID != r.lea.ID || list[1].ID != bob.ID || len(list[0].Groups) != 0 || len(list[1].Groups) != 2 {
		t.Errorf("list: %+v, %v", list, err)
	}

	r.update(func(tx *db.Conn) error {
		return errors.Join(
			r.SetName(ctx, tx, bob.ID, "Robert"),
			r.AddGroup(ctx, tx, bob.ID, "ops"), r.AddGroup(ctx, tx, bob.ID, "ops"),
			r.RemoveGroup(ctx, tx, bob.ID, "staff"), r.RemoveGroup(ctx, tx, bob.ID, "staff"),
		)
	})
	if got, err := r.Lookup(ctx, r.d.View(), bob.ID); err != nil || got.Name != "Robert" || strings.Join(got.Groups, ",") != "admins,ops" {
		t.Errorf("after changes nobody announced: %+v, %v", got, err)
	}
	r.update(func(tx *db.Conn) error { return r.SetGroups(ctx, tx, bob.ID, []string{"only"}) })
	r.update(func(tx *db.Conn) error { return r.SetAdmin(ctx, tx, r.lea.ID, true) })

	admins := func(want bool) {
		t.Helper()
		if got, err := r.HasAdmin(ctx, r.d.View()); err != nil || got != want {
			t.Errorf("has an administrator: %v, %v; want %v", got, err, want)
		}
	}
	admins(true)
	r.update(func(tx *db.Conn) error { return r.SetDisabled(ctx, tx, r.lea.ID, true) })
	admins(true)
	r.update(func(tx *db.Conn) error { return r.Delete(ctx, tx, bob.ID) })
	admins(false)
	if _, err := r.Lookup(ctx, r.d.View(), bob.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
	var left int
	if err := r.d.View().QueryRow(ctx, "SELECT count(*) FROM account_groups").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows of groups are left, %v", left, err)
	}

	for what, change := range map[string]func(tx *db.Conn) error{
		"disable":      func(tx *db.Conn) error { return r.SetDisabled(ctx, tx, bob.ID, true) },
		"enable":       func(tx *db.Conn) error { return r.SetDisabled(ctx, tx, bob.ID, false) },
		"name":         func(tx *db.Conn) error { return r.SetName(ctx, tx, bob.ID, "x") },
		"admin":        func(tx *db.Conn) error { return r.SetAdmin(ctx, tx, bob.ID, true) },
		"add group":    func(tx *db.Conn) error { return r.AddGroup(ctx, tx, bob.ID, "x") },
		"remove group": func(tx *db.Conn) error { return r.RemoveGroup(ctx, tx, bob.ID, "x") },
		"groups":       func(tx *db.Conn) error { return r.SetGroups(ctx, tx, bob.ID, nil) },
		"delete":       func(tx *db.Conn) error { return r.Delete(ctx, tx, bob.ID) },
		"password": func(tx *db.Conn) error {
			return r.SetPasswordHash(ctx, tx, bob.ID, hashOf(t, password.FastParams, "x"))
		},
		"reset link": func(tx *db.Conn) error {
			_, err := r.NewLink(ctx, tx, Link{Kind: LinkReset, AccountID: bob.ID}, 0)
			return err
		},
	} {
		if err := r.d.Update(ctx, change); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s of a deleted account: %v", what, err)
		}
	}
}

func TestCheckNameAndGroup(t *testing.T) {
	for _, tt := range []struct {
		name string
		ok   bool
	}{
		{"", true}, {"Lea", true}, {"홍길동", true}, {"👩‍🚀", true}, {strings.Repeat("ü", 100), true},
		{strings.Repeat("ü", 101), false}, {"a\x00b", false}, {"a\r\nRemote-User: x", false}, {"a\u202eb", false}, {"a\u2028b", false}, {"\xff", false}, {"a\u0085b", false},
	} {
		if err := CheckName(tt.name); (err == nil) != tt.ok {
			t.Errorf("name %q: %v", tt.name, err)
		}
	}
	for _, tt := range []struct {
		name string
		ok   bool
	}{
		{"staff", true}, {"a", true}, {"0x", true}, {"dev-ops_2.eu", true}, {strings.Repeat("a", 64), true},
		{"", false}, {"Staff", false}, {"a,b", false}, {"a b", false}, {"-a", false}, {".a", false}, {"ü", false}, {"a\n", false}, {strings.Repeat("a", 65), false},
	} {
		if err := CheckGroup(tt.name); (err == nil) != tt.ok {
			t.Errorf("group %q: %v", tt.name, err)
		}
	}
	r := newRig(t, nil)
	err := r.d.Update(t.Context(), func(tx *db.Conn) error {
		for i := range maxGroups + 1 {
			if err := r.AddGroup(t.Context(), tx, r.lea.ID, "g"+strings.Repeat("0", i%60)+strings.Repeat("1", i/60)); err != nil {
				return err
			}
		}
		return nil
	})
	var e *Error
	if !errors.As(err, &e) || e.Limit != maxGroups {
		t.Errorf("too many groups: %v", err)
	}
}

// A read that was under way while an account changed must not put the old one back, whatever order the two end in.
func TestLookupIsExact(t *testing.T) {
	r := newRig(t, nil)
	ctx, id := t.Context(), r.lea.ID
	other := dbtest.Again(t, r.d, Migrations)
	disabledNow := func() bool {
		t.Helper()
		acct, err := r.Lookup(ctx, r.d.View(), id)
		if err != nil {
			t.Fatal(err)
		}
		return acct.Disabled
	}
	var inFlight func()
	hook := func(op db.Op) error { // runs just before the reader asks SQLite, or before the writer commits
		if f := inFlight; f != nil && (op.Kind == "query" && !op.Writer || op.Kind == "commit") {
			inFlight = nil
			f()
		}
		return nil
	}
	disabledNow()
	if len(r.cache.accounts) != 1 {
		t.Fatal("nothing is cached")
	}

	// Another process disables, and the watch says so after the read has begun but before it is put away.
	stale, generation := r.lea, r.cache.generation
	if err := other.Update(ctx, func(tx *db.Conn) error { return New(nil).SetDisabled(ctx, tx, id, true) }); err != nil {
		t.Fatal(err)
	}
	r.Forget()
	r.cache.put(stale, generation, time.Now())
	if !disabledNow() {
		t.Error("a read from before a foreign commit was put back")
	}

	// We enable; somebody reads between the statement and its commit.
	r.faults.Set(hook)
	inFlight = func() {
		if !disabledNow() {
			t.Error("an uncommitted change is seen")
		}
	}
	r.update(func(tx *db.Conn) error { return r.SetDisabled(ctx, tx, id, false) })
	r.faults.Set(nil)
	if disabledNow() {
		t.Error("a read from before our commit was put back, without Forget")
	}
	r.Forget(id)
	disabledNow()
	if len(r.cache.accounts) != 1 || len(r.cache.waiting) != 0 {
		t.Errorf("%d cached, %d wait; want it in the cache again", len(r.cache.accounts), len(r.cache.waiting))
	}

	// Undone: what the transaction saw is nobody's business.
	undone := errors.New("undone")
	err := r.d.Update(ctx, func(tx *db.Conn) error {
		if err := r.SetDisabled(ctx, tx, id, true); err != nil {
			return err
		}
		if acct, err := r.Lookup(ctx, tx, id); err != nil || !acct.Disabled {
			t.Errorf("inside the transaction: %+v, %v", acct, err)
		}
		return undone
	})
	if !errors.Is(err, undone) || disabledNow() {
		t.Errorf("undone: %v", err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	c, now := newCache(), time.Now()
	for i := range maxCached + 100 {
		c.put(Account{ID: randomID()}, 0, now)
		if i%10 == 0 {
			c.waiting[randomID()] = now.Add(-maxChanging)
		}
	}
	if len(c.accounts) != maxCached {
		t.Errorf("%d cached, want %d", len(c.accounts), maxCached)
	}
	c.changing("x")
	if len(c.waiting) != 1 {
		t.Errorf("%d wait, want 1", len(c.waiting))
	}
	c.put(Account{ID: "x"}, c.generation, now.Add(maxChanging/2))
	if _, ok := c.accounts[c.hash("x")]; ok {
		t.Error("cached while it changes")
	}
	c.put(Account{ID: "x"}, c.generation, now.Add(maxChanging+time.Minute))
	if _, ok := c.accounts[c.hash("x")]; !ok {
		t.Error("never cached again")
	}
}

func BenchmarkLookup(b *testing.B) {
	r := newRig(b, nil)
	for b.Loop() {
		if _, err := r.Lookup(b.Context(), r.d.View(), r.lea.ID); err != nil {
			b.Fatal(err)
		}
	}
}
