package grant

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

// The owner is told of thefts and of nothing else, of their own and for a limited time; and is told although the family
// has long expired.
func TestThefts_TK_36(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	steal := func(subject, device string, at time.Time) {
		f := Family{SessionHandle: "session of " + device, Subject: subject, Device: device, Expires: at.Add(time.Minute)}
		var r1 string
		update(t, d, func(tx *db.Conn) (err error) {
			r1, err = families.start(t.Context(), tx, f, at)
			return err
		})
		must(t, d, must(t, d, must(t, d, r1, at), at), at)
		wantRefused(t, refresh(t, d, r1, at), Reused, "token-reuse")
	}
	day := 24 * time.Hour
	steal("alice", "old laptop", epoch)
	steal("alice", "phone", epoch.Add(29*day))
	steal("bob", "desk", epoch.Add(29*day))
	start(t, d, alice)
	update(t, d, func(tx *db.Conn) error {
		_, err := families.EndSubject(t.Context(), tx, "alice", "", "password-changed")
		return err
	})
	now := epoch.Add(30 * day)
	for range 3 {
		update(t, d, func(tx *db.Conn) error {
			_, err := families.Sweep(t.Context(), tx, now)
			return err
		})
	}
	for _, c := range []struct {
		what, subject string
		after         time.Time
		limit         int
		want          []string
	}{
		{"all of alice, newest first", "alice", time.Time{}, 10, []string{"phone", "old laptop"}},
		{"the newest", "alice", time.Time{}, 1, []string{"phone"}},
		{"just before", "alice", epoch.Add(-1), 10, []string{"phone", "old laptop"}},
		{"not at the instant itself", "alice", epoch, 10, []string{"phone"}},
		{"of bob", "bob", time.Time{}, 10, []string{"desk"}},
		{"of nobody", "", time.Time{}, 10, nil},
	} {
		all, err := families.Thefts(t.Context(), d.View(), c.subject, c.after, c.limit)
		var got []string
		for _, theft := range all {
			got = append(got, theft.Device)
			if theft.SessionHandle != "session of "+theft.Device || theft.At.IsZero() {
				t.Errorf("%s: %+v", c.what, theft)
			}
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v %v, want %v", c.what, got, err, c.want)
		}
	}
	rows, err := d.View().Query(t.Context(), `EXPLAIN QUERY PLAN SELECT device FROM refresh_families WHERE subject = 'a' AND end_reason = 'b' AND ended > 1 ORDER BY ended DESC`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, x int
		var detail string
		if err := rows.Scan(&id, &parent, &x, &detail); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(detail, "SCAN") {
			t.Errorf("all families are read: %s", detail)
		}
	}
}
