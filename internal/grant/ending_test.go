package grant

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

func TestEndings_TK_35_CV_62_CV_71(t *testing.T) {
	family := func(handle, subject string) Family {
		return Family{SessionHandle: handle, Subject: subject, Scope: "account", Expires: epoch.Add(time.Hour)}
	}
	for _, c := range []struct {
		what string
		end  func(ctx context.Context, tx *db.Conn, id string) (int, error)
		want int
		dead []bool // phone of alice, laptop of alice, phone of bob
	}{
		{"the session signs out", func(ctx context.Context, tx *db.Conn, _ string) (int, error) {
			return families.EndSession(ctx, tx, "phone", "signed-out")
		}, 1, []bool{true, false, false}},
		{"the account is disabled", func(ctx context.Context, tx *db.Conn, _ string) (int, error) {
			return families.EndSubject(ctx, tx, "alice", "", "signed-out")
		}, 2, []bool{true, true, false}},
		{"all others sign out", func(ctx context.Context, tx *db.Conn, _ string) (int, error) {
			return families.EndSubject(ctx, tx, "alice", "laptop", "signed-out")
		}, 1, []bool{true, false, false}},
		{"the refresh token is revoked", func(ctx context.Context, tx *db.Conn, id string) (int, error) {
			return families.EndFamily(ctx, tx, id, "signed-out")
		}, 1, []bool{true, false, false}},
		{"an empty subject names nobody", func(ctx context.Context, tx *db.Conn, _ string) (int, error) {
			return families.EndSubject(ctx, tx, "", "", "signed-out")
		}, 0, []bool{false, false, false}},
		{"an empty handle names nobody", func(ctx context.Context, tx *db.Conn, _ string) (int, error) {
			return families.EndSession(ctx, tx, "", "signed-out")
		}, 0, []bool{false, false, false}},
	} {
		t.Run(c.what, func(t *testing.T) {
			d := dbtest.Open(t, Migrations)
			first := []string{start(t, d, family("phone", "alice")), start(t, d, family("laptop", "alice")), start(t, d, family("bobs-phone", "bob"))}
			var second []string
			for _, token := range first {
				second = append(second, must(t, d, token, epoch))
			}
			f, err := families.Find(t.Context(), d.View(), first[0]) // an old token names its family too
			if err != nil || f.SessionHandle != "phone" || f.ClientID != BuiltinClient || !f.EndedAt.IsZero() {
				t.Fatalf("Find: %v, %+v", err, f)
			}
			for round, want := range []int{c.want, 0} { // the first reason stays
				update(t, d, func(tx *db.Conn) error {
					n, err := c.end(t.Context(), tx, f.ID)
					if n != want {
						t.Errorf("round %d: %d ended, want %d", round, n, want)
					}
					return err
				})
			}
			update(t, d, func(tx *db.Conn) error {
				for _, token := range first {
					f, err := families.Find(t.Context(), tx, token)
					if err != nil {
						return err
					}
					if _, err := families.EndFamily(t.Context(), tx, f.ID+"x", "ended-by-admin"); err != nil {
						return err
					}
				}
				return nil
			})
			for i := range first {
				for _, token := range []string{first[i], second[i]} { // no grace for a family that was ended
					res := refresh(t, d, token, epoch.Add(time.Second))
					if c.dead[i] {
						wantRefused(t, res, Ended, "signed-out")
						if res.Refused.Family.EndedAt.IsZero() {
							t.Error("no time of the ending")
						}
					} else if res.Err() != nil {
						t.Errorf("family %d: %v", i, res.Err())
					}
				}
			}
		})
	}
}

// The pattern that the comment of Refresh shows: theft is answered as an error, and is committed.
func TestReuseIsCommitted_TK_36(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	r1 := start(t, d, alice)
	r4 := must(t, d, must(t, d, must(t, d, r1, epoch), epoch), epoch)
	var res Refreshed
	err := d.Update(t.Context(), func(tx *db.Conn) (err error) {
		res, err = families.refresh(t.Context(), tx, r1, "", epoch)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantRefused(t, res, Reused, "token-reuse")
	if res.Refused.Family.SessionHandle != alice.SessionHandle || res.Refused.Family.Subject != "alice" {
		t.Errorf("the caller cannot end the session: %+v", res.Refused.Family)
	}
	wantRefused(t, refresh(t, d, r4, epoch), Ended, "token-reuse")
}

func TestErrIsNilForAnAcceptedToken(t *testing.T) {
	if err := (Refreshed{}).Err(); err != nil {
		t.Error("a nil *RefreshError became an error")
	}
}

// Fails the n-th operation on the database, for each n until a flow runs through; then every operation from the n-th on (QT-06). What
// was reported as failed is not done, and the presented token is as good as before.
func TestFailingStoreLosesNothing_TK_37_QT_06(t *testing.T) {
	broken := errors.New("disk gone")
	flows := []struct {
		what string
		use  int // index of the presented token among R1…R4, R4 the newest
		ok   func(res Refreshed) bool
	}{
		{"first use", 3, func(r Refreshed) bool { return r.Err() == nil && !r.Repeated }},
		{"repeat", 2, func(r Refreshed) bool { return r.Err() == nil && r.Repeated }},
		{"theft", 0, func(r Refreshed) bool { return r.Refused != nil && r.Refused.Reason == Reused }},
	}
	for _, flow := range flows {
		for _, forever := range []bool{false, true} {
			n := 1
			d, faults := dbtest.OpenFaulty(t, Migrations)
			for ; ; n++ {
				tokens := []string{start(t, d, alice)}
				for len(tokens) < 4 {
					tokens = append(tokens, must(t, d, tokens[len(tokens)-1], epoch))
				}
				count := 0
				faults.Set(func(db.Op) error {
					if count++; count == n || forever && count > n {
						return broken
					}
					return nil
				})
				err := d.Update(t.Context(), func(tx *db.Conn) error {
					res, err := families.refresh(t.Context(), tx, tokens[flow.use], "", epoch)
					if err != nil && (res.Token != "" || res.Refused != nil) {
						t.Errorf("%s, operation %d: an answer beside an error", flow.what, n)
					}
					return err
				})
				faults.Set(nil)
				if err == nil && count >= n {
					t.Fatalf("%s: operation %d failed, and Update reported success", flow.what, n)
				}
				if err == nil {
					break
				}
				// Not done: the newest token was not touched by it …
				if f, err := families.Find(t.Context(), d.View(), tokens[3]); err != nil || f.Refreshes != 3 || !f.EndedAt.IsZero() {
					t.Fatalf("%s, operation %d: %+v: %v", flow.what, n, f, err)
				}
				// … and done again it does what it should have.
				if again := refresh(t, d, tokens[flow.use], epoch); !flow.ok(again) {
					t.Fatalf("%s, operation %d: again: %+v", flow.what, n, again)
				}
			}
			if n < 4 {
				t.Fatalf("%s: only %d operations could fail", flow.what, n-1)
			}
		}
	}
}
